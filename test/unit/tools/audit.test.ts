/** npm itself, asking a registry on this machine. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import { vulnerabilityFaults } from '../../../tools/audit.js'

const advisory = (severity: string) => ({
  id: 1,
  url: `https://github.com/advisories/${severity}`,
  title: 'It is wrong',
  severity,
  vulnerable_versions: '<2.0.0',
  cwe: [],
  cvss: { score: 0, vectorString: null },
})

const version = { name: 'planted', version: '1.0.0' }
const packument = { name: 'planted', versions: { '1.0.0': version }, 'dist-tags': { latest: '1.0.0' } }

/** A lockfile with one package, and a registry that knows this of it. */
async function place(known: object | undefined): Promise<[folder: string, ...options: string[]]> {
  const folder = mkdtempSync(join(tmpdir(), 'bursar-audit-'))
  const [name, dependencies] = ['x', { planted: '1.0.0' }]
  const packages = { '': { name, dependencies }, 'node_modules/planted': { version: '1.0.0' } }
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, dependencies }))
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ name, lockfileVersion: 3, packages }))
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray())
    if (known === undefined) return response.writeHead(405).end()
    if (request.method === 'GET') return response.end(JSON.stringify(packument))
    const asked = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body
    expect(JSON.parse(asked.toString())).toEqual({ planted: ['1.0.0'] })
    return response.end(JSON.stringify(known))
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
    rmSync(folder, { recursive: true })
  })
  return [
    folder,
    '--cache',
    join(folder, 'cache'),
    '--registry',
    `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
  ]
}

test.each([
  ['nothing is known', {}, []],
  ['what hardly harms', { planted: [advisory('low')] }, []],
  ['what does harm', { planted: [advisory('high')] }, ['planted * (high): https://github.com/advisories/high']],
])('default: %s', async (_, known, faults) =>
  expect(await vulnerabilityFaults(...(await place(known)))).toEqual(faults),
)

test('behavior: a registry that does not answer is told from one that knows nothing', async () =>
  expect(await vulnerabilityFaults(...(await place(undefined)))).toBeUndefined())
