/** `npm run image:kernel`: the enclave's kernel from Debian's source, once for each state of its inputs. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { cache, execute, fetchDebian, installDebian, unpackDebian } from './debian.ts'
import { sha256, sha256File } from './hashes.ts'
import { inputs } from './inputs.ts'

const configPath = join(import.meta.dirname, 'kernel.config')
const buildDependencies = [
  'build-essential',
  'bc',
  'bison',
  'flex',
  'libelf-dev',
  'libssl-dev',
  'xz-utils',
  'kmod',
  'cpio',
]

/** Where a kernel of exactly these inputs is kept, built or not. */
export function kernelPath(): string {
  const key = sha256(`${inputs.kernel.source.sha256}\0${readFileSync(configPath, 'utf8')}`).slice(0, 16)
  return join(cache, 'kernel', key, 'bzImage')
}

/** Builds the kernel unless the cache has it. Takes 6 minutes on two idle cores. @returns the path of its bzImage */
export function buildKernel(): string {
  const path = kernelPath()
  if (existsSync(path)) return path
  installDebian(buildDependencies)
  const source = unpackDebian(inputs.kernel.source)
  const folder = join(path, '..')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  execute('tar', ['xf', join(source, 'usr/src/linux-source-6.12.tar.xz'), '-C', folder])
  const tree = join(folder, 'linux-source-6.12')
  compile(tree)
  copyFileSync(join(tree, 'arch/x86/boot/bzImage'), `${path}.new`)
  execute('mv', [`${path}.new`, path])
  rmSync(tree, { recursive: true })
  return path
}

function compile(tree: string): void {
  // Who built it, when and how often would stand in the banner, and so in PCR0 and PCR1.
  const fixed = { TIMESTAMP: '1970-01-01', USER: 'bursar', HOST: 'bursar', VERSION: '1' }
  const env = { ...process.env, LC_ALL: 'C' } as NodeJS.ProcessEnv
  for (const [name, value] of Object.entries(fixed)) env[`KBUILD_BUILD_${name}`] = value
  execute('make', ['-s', 'tinyconfig'], { cwd: tree, env })
  writeFileSync(join(tree, '.config'), readFileSync(configPath), { flag: 'a' })
  execute('make', ['-s', 'olddefconfig'], { cwd: tree, env })
  checkConfig(tree)
  execute('make', ['-s', `-j${availableParallelism()}`, 'bzImage'], { cwd: tree, env })
}

/** Kconfig drops silently what it cannot have; a kernel without vsock would be found out only when it boots. */
function checkConfig(tree: string): void {
  const got = new Set(readFileSync(join(tree, '.config'), 'utf8').split('\n'))
  const dropped = readFileSync(configPath, 'utf8')
    .split('\n')
    .filter((line) => line.endsWith('=y') && !got.has(line))
  if (dropped.length > 0) throw new Error(`this kernel cannot have ${dropped.join(', ')}`)
}

if (import.meta.main) {
  fetchDebian(inputs.kernel.source)
  const path = buildKernel()
  console.log(`${path}\nsha256 ${sha256File(path)}`)
}
