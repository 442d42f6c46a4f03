/** The application of the image: the measured folders as one readable file, and the addon. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execute } from './debian.ts'

/** Everything that ends up in the image as code of our own; enclave/'s folders `native` and `image` build it. */
const measuredFolders = ['primitives', 'attestation', 'ledger', 'protocol', 'enclave']
const packages = ['@noble/curves', '@noble/hashes', 'hash-wasm', 'secp256k1']
const addonLoader = 'enclave/native/loadAddon.cjs'

/** The constants that differ between images. */
export interface Constants {
  /** SHA-256 of the root's DER. */
  readonly root: Uint8Array
}

/** One file of JavaScript, neither minified nor mangled: what runs can be read. Same sources, same bytes, wherever they lie. */
export function bundleCore(project: string, constants?: Constants): Uint8Array {
  // Only what is measured is there: an import of anything else does not build.
  const stage = mkdtempSync(join(tmpdir(), 'bursar-stage-'))
  try {
    for (const path of measuredPaths(project)) cpSync(join(project, path), join(stage, path))
    const { type, imports } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'))
    writeFileSync(join(stage, 'package.json'), JSON.stringify({ type, imports }))
    for (const name of packages) {
      mkdirSync(join(stage, 'node_modules', name, '..'), { recursive: true })
      symlinkSync(join(project, 'node_modules', name), join(stage, 'node_modules', name))
    }
    if (constants) writeFileSync(join(stage, 'enclave/constants.ts'), constantsSource(constants))
    const out = join(stage, 'core.mjs')
    execute(esbuild(project), [...options, `--outfile=${out}`, 'enclave/main.ts'], { cwd: stage })
    return readFileSync(out)
  } finally {
    rmSync(stage, { recursive: true })
  }
}

/** Path in the project of each measured source. */
export const measuredPaths = (project: string): string[] => [
  ...measuredFolders.flatMap((folder) =>
    readdirSync(join(project, folder))
      .filter((name) => name.endsWith('.ts'))
      .sort()
      .map((name) => `${folder}/${name}`),
  ),
  addonLoader,
]

const options = [
  ...['--bundle', '--platform=node', '--format=esm', '--target=node24', '--charset=utf8', '--log-level=warning'],
  // Without it the comments in the bundle would name the folder that the packages lie in.
  '--preserve-symlinks',
  `--alias:node-gyp-build=./${addonLoader}`,
  '--define:__dirname="/app"',
  // esbuild would look for one further up, and its settings would change the bundle.
  '--tsconfig-raw={"compilerOptions":{"verbatimModuleSyntax":true}}',
]

/** The program itself: its launcher in .bin would have to be run by a Node that this machine may not have. */
const esbuild = (project: string): string => join(project, 'node_modules/@esbuild/linux-x64/bin/esbuild')

/** For images that run in no Nitro enclave: other constants, other measurement. */
const constantsSource = ({ root }: Constants): string => `
export const root = Uint8Array.from([${[...root].join(', ')}])
export const predecessors = []
`
