/** QEMU with the machine `nitro-enclave`, whose secure module signs under a test PKI: built once for each state of its inputs. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import {
  cache,
  type DebianFile,
  execute,
  fetchDebian,
  installDebian,
  unpackDebian,
} from '../../enclave/image/debian.ts'
import { sha256 } from '../../enclave/image/hashes.ts'

interface Inputs {
  /** As upstream released it: Debian's own changes concern other machines. */
  readonly source: DebianFile
  readonly meson: DebianFile
  readonly firmware: readonly DebianFile[]
}

const here = import.meta.dirname
const inputsPath = join(here, 'inputs.json')
const patchPath = join(here, 'qemu.patch')
const devicesPath = join(here, 'nitro.mak')
const inputs = JSON.parse(readFileSync(inputsPath, 'utf8')) as Inputs
const buildDependencies = [
  ...[
    'build-essential',
    'ninja-build',
    'python3',
    'python3-venv',
    'python3-setuptools',
    'pkg-config',
    'flex',
    'bison',
    'patch',
  ],
  ...['libglib2.0-dev', 'libpixman-1-dev', 'libgnutls28-dev', 'libcbor-dev', 'libfdt-dev', 'zlib1g-dev', 'xz-utils'],
]
const features = ['tcg', 'fdt=system', 'gnutls', 'libcbor', 'vhost-user']

/** Where the QEMU of exactly these inputs is kept, built or not. */
export function qemuPath(): string {
  const key = sha256([inputsPath, patchPath, devicesPath].map((path) => readFileSync(path, 'utf8')).join('\0'))
  return join(cache, 'qemu', key.slice(0, 16), 'qemu-system-x86_64')
}

/** Folders of firmware for QEMU's `-L`, unpacked in the cache. */
export const firmwareFolders = (): string[] =>
  inputs.firmware.map((deb) => join(unpackDebian(deb), 'usr/share', deb.name === 'seabios' ? 'seabios' : 'qemu'))

/** Builds QEMU unless the cache has it. Takes 6 minutes on two idle cores. @returns the path of the program */
export function buildQemu(): string {
  const path = qemuPath()
  if (existsSync(path)) return path
  installDebian(buildDependencies)
  const folder = join(path, '..')
  rmSync(folder, { recursive: true, force: true })
  const tree = join(folder, 'source')
  mkdirSync(tree, { recursive: true })
  execute('tar', ['xf', fetchDebian(inputs.source), '-C', tree, '--strip-components=1'])
  execute('patch', ['-p1', '-i', patchPath], { cwd: tree })
  copyFileSync(devicesPath, join(tree, 'configs/devices/x86_64-softmmu/nitro.mak'))
  compile(tree)
  execute('strip', ['-o', `${path}.new`, join(tree, 'build/qemu-system-x86_64')])
  renameSync(`${path}.new`, path)
  rmSync(tree, { recursive: true })
  return path
}

function compile(tree: string): void {
  // Debian 12's own meson is too old; the newer one is plain Python and need not be installed.
  const env = { ...process.env, PYTHONPATH: join(unpackDebian(inputs.meson), 'usr/lib/python3/dist-packages') }
  const configure = [
    ...['--target-list=x86_64-softmmu', '--python=/usr/bin/python3', '--disable-werror', '--disable-install-blobs'],
    ...['--without-default-features', '--without-default-devices', '--with-devices-x86_64=nitro'],
    ...features.map((name) => `--enable-${name}`),
  ]
  execute('./configure', configure, { cwd: tree, env })
  execute('ninja', ['-C', 'build', '--quiet', `-j${availableParallelism()}`, 'qemu-system-x86_64'], { cwd: tree, env })
}
