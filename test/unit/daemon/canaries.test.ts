/** Secrets planted wherever a configuration can hold one: none may come out again, in no line, answer or number. */
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { struct } from '../../../protocol/codec.ts'
import { configuration } from '../ledger/support.ts'
import { temporaryFolder, waiting } from './support.ts'

const canary = (name: string): string => `canary-${name}-0123456789abcdef0123456789abcdef`
const canaries = ['user', 'password', 'path', 'query', 'token', 'database', 'aws'].map(canary)
const rpcUrl = `http://${canary('user')}:${canary('password')}@127.0.0.1:1/${canary('path')}?key=${canary('query')}`

/** The daemon as a process of its own; `said` is all that it wrote. */
function startDaemon(change: Record<string, unknown>, spoil: (json: string) => string = (json) => json) {
  const folder = temporaryFolder()
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600 })
    return join(folder, name)
  }
  const settings = {
    core: 'unix:/nowhere.sock',
    rpcUrls: [rpcUrl],
    listen: '127.0.0.1:0',
    operator: { listen: '127.0.0.1:0', tokenFile: file('token', canary('token')) },
    store: `sqlite:${join(folder, 'store.sqlite')}`,
    configuration: file('ledger.json', JSON.stringify(struct('Configuration').write(configuration()))),
    roundsManager: null,
    bondingManager: null,
    anchorIntervalMs: 100,
    payIntervalMs: 100,
    pollMs: 50,
    confirmations: 0,
    transaction: { gas: '30000000', maxFeePerGas: '1000', maxPriorityFeePerGas: '10' },
    logLevel: 'trace',
    ...change,
  }
  const child = spawn(process.execPath, ['daemon/main.ts'], {
    env: {
      ...process.env,
      BURSAR_CONFIG: file('daemon.json', spoil(JSON.stringify(settings, null, 2))),
      AWS_ACCESS_KEY_ID: canary('aws'),
      AWS_SECRET_ACCESS_KEY: canary('aws'),
    },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const daemon = { child, said: '', exited: new Promise<number | null>((resolve) => child.once('close', resolve)) }
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      daemon.said += chunk
    })
  return daemon
}

const expectSilence = (...texts: readonly string[]): void => {
  for (const text of texts) for (const secret of canaries) expect(text).not.toContain(secret)
}

test('behavior: a daemon in trouble keeps every secret', { timeout: 60_000 }, async () => {
  const daemon = startDaemon({})
  const urls = await vi.waitFor(() => {
    const found = [...daemon.said.matchAll(/"url":"([^"]+)"/g)].map(([, url]) => url as string)
    expect(found).toHaveLength(2)
    // It has complained of the chain by now, and of the core.
    expect(daemon.said).toContain('cannot read the head')
    return found
  }, waiting)
  const [api, operator] = urls as [string, string]
  const paths = ['/api/tee/status', '/api/reconciliation', '/api/ledger/head', '/api/log', '/metrics', '/healthz']
  const answers = await Promise.all(
    [...paths.map((path) => api + path), `${api}/api/tee/attestation`, `${operator}/operator/status`].map(
      async (url) => `${JSON.stringify([...(await fetch(url)).headers])}${await (await fetch(url)).text()}`,
    ),
  )
  expect(answers.join('')).toContain('NOT_OPEN')
  daemon.child.kill('SIGTERM')
  expect(await daemon.exited).toBe(0)
  expectSilence(daemon.said, ...answers)
})

test.each([
  ['a database that is not there', { store: `postgres://u:${canary('database')}@127.0.0.1:1/db` }, undefined, 75],
  ['a file that is no JSON', {}, (json: string) => json.replace('"rpcUrls"', 'rpcUrls'), 1],
  ['settings with faults', { rpcUrls: [rpcUrl.replace('http', 'ftp')], store: canary('database') }, undefined, 1],
])('error: %s is told without a secret', { timeout: 60_000 }, async (_, change, spoil, exitCode) => {
  const daemon = startDaemon(change, spoil)
  expect(await daemon.exited).toBe(exitCode)
  expect(daemon.said).not.toBe('')
  expectSilence(daemon.said)
})
