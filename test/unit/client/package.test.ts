/** @bursar/client as npm gives it to others: packed, installed into an empty folder, imported, bundled, compiled against. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as audit from '../../../client/audit/index.ts'
import * as source from '../../../client/index.ts'
import { bundleClient } from '../../../tools/bundleClient.js'
import { buildClient, clientFolder } from '../../../tools/packClient.js'
import { root } from '../../../tools/run.js'

const folder = mkdtempSync(join(tmpdir(), 'bursar-package-'))
const write = (name: string, text: string): void => writeFileSync(join(folder, name), text)

function run(command: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: folder, encoding: 'utf8' })
  expect(status, stdout + stderr).toBe(0)
  return stdout
}

// What npm would fetch is packed out of this installation: no test asks the network.
beforeAll(() => {
  buildClient()
  const noble = ['curves', 'hashes'].map((name) => join(root, 'node_modules/@noble', name))
  run('npm', 'pack', '--silent', '--ignore-scripts', clientFolder, ...noble)
  const tarballs = readdirSync(folder).filter((name) => name.endsWith('.tgz'))
  expect(tarballs).toHaveLength(3)
  write('package.json', '{ "type": "module" }')
  run('npm', 'install', '--offline', '--silent', ...tarballs.map((name) => `./${name}`))
}, 120_000)
afterAll(() => rmSync(folder, { recursive: true }))

test('default: Node imports each export, and all that its source exports is there', () => {
  write(
    'names.mjs',
    `import { createRequire } from 'node:module'
     const manifest = createRequire(import.meta.url)('@bursar/client/package.json')
     const names = Object.keys(manifest.exports).filter((name) => !name.endsWith('.json'))
     const found = await Promise.all(names.map(async (name) => [name, Object.keys(await import('@bursar/client' + name.slice(1))).sort()]))
     console.log(JSON.stringify(Object.fromEntries(found)))`,
  )
  expect(JSON.parse(run('node', 'names.mjs'))).toEqual({
    '.': Object.keys(source).sort(),
    './audit': Object.keys(audit).sort(),
  })
})

const bundle = (code: string): Promise<string> => bundleClient(code, folder)

test('a browser runs it bundled, and what is not used is left out', async () => {
  const whole = await bundle("export * from '@bursar/client'")
  const module = await import(`data:text/javascript;base64,${Buffer.from(whole).toString('base64')}`)
  const secretKey = new Uint8Array(32).fill(1)
  expect(module.addressOfKey(secretKey)).toBe(source.addressOfKey(secretKey))
  const proofs = await bundle("export { verifyInclusion, verifyConsistency } from '@bursar/client'")
  expect(proofs.length).toBeLessThan(whole.length / 5)
  const reporter = await bundle("export { signBatch, workload, createClient } from '@bursar/client'")
  expect(reporter.length).toBeLessThan(whole.length / 1.2)
  const isAudit = (text: string): boolean => text.includes('ROOT_DOES_NOT_REPLAY')
  expect([whole, await bundle("export * from '@bursar/client/audit'")].map(isAudit)).toEqual([false, true])
})

describe('a consumer compiles against it', () => {
  const code = `import { type Check, createClient, createRpc, type Trust, trustDefault, verdictOf, verifyDaemon } from '@bursar/client'
    import { type AuditReport, runAudit } from '@bursar/client/audit'
    const trust: Trust = { ...trustDefault, chainId: 42161n }
    export async function verify(url: string): Promise<Check['verdict']> {
      const checks: Check[] = []
      const client = createClient({ url })
      const order = { client, rpc: createRpc({ url }), trust, nonce: new Uint8Array(32), nowMs: 0 }
      for await (const check of verifyDaemon(order)) checks.push(check)
      return verdictOf(checks)
    }
    export const totals = (report: AuditReport): bigint => report.owedWei
    export const audit: typeof runAudit = runAudit
    // @ts-expect-error a URL is no client
    verifyDaemon({ client: 'http://localhost', rpc: createRpc({ url: '' }), trust, nonce: new Uint8Array(32), nowMs: 0 })`

  test.each(['nodenext', 'bundler'])('module resolution %s', (moduleResolution) => {
    write('consumer.ts', code)
    const options = { strict: true, noEmit: true, skipLibCheck: false, types: [], target: 'es2022' }
    const module = moduleResolution === 'bundler' ? 'esnext' : 'nodenext'
    const compilerOptions = { ...options, lib: ['es2024', 'dom'], module, moduleResolution }
    write('tsconfig.json', JSON.stringify({ compilerOptions, files: ['consumer.ts'] }))
    run(join(root, 'node_modules/.bin/tsc'), '-p', '.')
  })
})

test('the examples run against it, and say so where something is missing', () => {
  cpSync(join(root, 'examples'), join(folder, 'examples'), { recursive: true })
  for (const name of readdirSync(join(folder, 'examples')).filter((file) => file.endsWith('.ts'))) {
    const { status, stderr } = spawnSync('node', [join('examples', name)], { cwd: folder, encoding: 'utf8' })
    expect(status, name).toBe(1)
    expect(stderr, name).not.toMatch(/ERR_MODULE_NOT_FOUND|ERR_PACKAGE_PATH|does not provide an export/)
  }
})
