// `npm run measured`: what is measured, file by file, as MEASURED.md and on the screen (`--json` as data).
import { createHash } from 'node:crypto'
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { root } from './run.js'

const folders = ['primitives', 'ledger', 'protocol', 'attestation', 'enclave']
/** What builds the image is judged by what it builds; a browser's half of `primitives/` is in no image. */
const left = ['enclave/image/', 'primitives/portable.ts']
const entry = existsSync(join(root, 'enclave/main.ts')) ? 'enclave/main.ts' : 'enclave/server.ts'

/** Why a package is trusted. One that is not named here must not come in unseen. */
const reasons = {
  '@noble/curves': 'P-384 of attestation documents, in a browser too; audited',
  '@noble/hashes': 'SHA-2 of attestation documents, and hex; audited',
  'hash-wasm': 'Keccak-256 in WebAssembly: each signature needs several',
  secp256k1: "Bitcoin Core's libsecp256k1: signing, and the recovery that bounds how many batches are taken",
  'node-gyp-build': "finds secp256k1's binary",
}

const linesOf = (text) => text.split('\n').length - (text.endsWith('\n') ? 1 : 0)
/** Lines that are neither blank nor comment. */
const codeOf = (text) =>
  text
    .replace(/\/\*.*?\*\//gs, '')
    .split('\n')
    .filter((line) => !/^\s*(\/\/.*)?$/.test(line)).length

const pick = ({ lines, code }) => ({ lines, code })

/** `{files, folders, lines, code, packages}`: our own files with lines and SHA-256, other people's packages as they are bundled. */
export async function measure() {
  const files = globSync(`{${folders.join(',')}}/**/*.{ts,c,h,js}`, { cwd: root })
    .filter((file) => !left.some((prefix) => file.startsWith(prefix)))
    .sort()
    .map((file) => {
      const text = readFileSync(join(root, file), 'utf8')
      return { file, lines: linesOf(text), code: codeOf(text), sha256: createHash('sha256').update(text).digest('hex') }
    })
  const sumOf = (some) => some.reduce((sum, one) => ({ lines: sum.lines + one.lines, code: sum.code + one.code }))
  const byFolder = folders.map((folder) => ({
    folder,
    ...pick(sumOf(files.filter(({ file }) => file.startsWith(`${folder}/`)))),
  }))
  return { files, folders: byFolder, ...pick(sumOf(files)), packages: await packagesOf() }
}

/** What of `node_modules` is left in a bundle of the core that is not minified. */
async function packagesOf() {
  const { outputFiles } = await build({
    entryPoints: [join(root, entry)],
    absWorkingDir: root,
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    loader: { '.node': 'empty' },
    external: ['*.node'],
    logLevel: 'silent',
  })
  const lines = new Map()
  let name
  for (const line of outputFiles[0].text.split('\n')) {
    const begins = /^\/\/ (\S+\.[cm]?[jt]s)$/.exec(line)
    if (begins) name = /^(?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(begins[1])?.[1]
    else if (name) lines.set(name, (lines.get(name) ?? 0) + 1)
  }
  return [...lines].sort().map(([name, count]) => {
    const why = reasons[name]
    if (!why) throw new Error(`${name} has come into the core: say in tools/measured.js why it is trusted`)
    const { version } = JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8'))
    return { name, version, lines: count, why }
  })
}

/** MEASURED.md, as it should be. */
export function toMarkdown({ files, folders: byFolder, lines, code, packages }) {
  const row = (...cells) => `| ${cells.join(' | ')} |`
  return [
    '# What is measured',
    '',
    'Written by `npm run measured`; `npm run check` refuses it where it is out of date. Everything below is in the image and in its measurement: an auditor reads this, and nothing else decides over money.',
    '',
    row('folder', 'lines', 'neither blank nor comment'),
    '|---|---|---|',
    ...byFolder.map((one) => row(`\`${one.folder}/\``, one.lines, one.code)),
    row('**all**', `**${lines}**`, `**${code}**`),
    '',
    "Other people's, as much as a bundle of the core holds of it:",
    '',
    row('package', 'version', 'lines', 'why'),
    '|---|---|---|---|',
    ...packages.map((one) => row(`\`${one.name}\``, one.version, one.lines, one.why)),
    '',
    row('file', 'lines', 'SHA-256'),
    '|---|---|---|',
    ...files.map((one) => row(`\`${one.file}\``, one.lines, `\`${one.sha256}\``)),
    '',
  ].join('\n')
}

const place = join(root, 'MEASURED.md')

/** Whether MEASURED.md says what is so. */
export const isCurrent = async () => existsSync(place) && readFileSync(place, 'utf8') === toMarkdown(await measure())

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const measured = await measure()
  writeFileSync(place, toMarkdown(measured))
  console.log(process.argv.includes('--json') ? JSON.stringify(measured) : toMarkdown(measured))
}
