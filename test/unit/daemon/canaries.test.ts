/** Secrets planted wherever a configuration can hold one: none may come out again, in no line, answer or number. */
import { spawn } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { struct } from '../../../protocol/codec.ts'
import { configuration } from '../ledger/support.ts'
import { temporaryFolder, waiting } from './support.ts'

const canary = (name: string): string => `canary-${name}-0123456789abcdef0123456789abcdef`
const canaries = ['user', 'password', 'path', 'query', 'token', 'database', 'aws'].map(canary)
/** Keys that are well formed, and one that is not. */
const keys = { relayerKey: 'c1'.repeat(32), noteKey: 'c2'.repeat(32), broken: canary('key') }
const rpcUrl = `http://${canary('user')}:${canary('password')}@127.0.0.1:1/${canary('path')}?key=${canary('query')}`

type Change = Record<string, unknown>
/** Makes a private file. @returns its path */
type MakeFile = (name: string, text: string) => string

/** A folder with the settings of a daemon that finds neither chain nor core. @returns the path of the settings */
function writeSettings(change: (file: MakeFile) => Change, spoil: (json: string) => string = (json) => json): string {
  const folder = temporaryFolder()
  const file: MakeFile = (name, text) => {
    writeFileSync(join(folder, name), text, { mode: 0o600 })
    return join(folder, name)
  }
  const settings = {
    core: 'unix:/nowhere.sock',
    rpcUrls: [rpcUrl],
    listen: '127.0.0.1:0',
    operator: { listen: '127.0.0.1:0', tokenFile: file('token', canary('token')) },
    relayerKey: file('relayer.key', keys.relayerKey),
    noteKey: file('note.key', keys.noteKey),
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
    ...change(file),
  }
  return file('daemon.json', spoil(JSON.stringify(settings, null, 2)))
}

/** A process of its own; `said` is all that it wrote. */
function start(settings: string, ...args: readonly string[]) {
  const child = spawn(process.execPath, args, {
    env: {
      ...process.env,
      BURSAR_CONFIG: settings,
      AWS_ACCESS_KEY_ID: canary('aws'),
      AWS_SECRET_ACCESS_KEY: canary('aws'),
    },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const started = { child, said: '', exited: new Promise<number | null>((resolve) => child.once('close', resolve)) }
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      started.said += chunk
    })
  return started
}

const unchanged = () => ({})

const expectSilence = (...texts: readonly string[]): void => {
  for (const text of texts)
    for (const secret of [...canaries, ...Object.values(keys)]) expect(text).not.toContain(secret)
}

test('behavior: a daemon in trouble keeps every secret', { timeout: 60_000 }, async () => {
  const daemon = start(writeSettings(unchanged), 'daemon/main.ts')
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

const overDatabase = () => ({ store: `postgres://u:${canary('database')}@127.0.0.1:1/db` })

test.each<[string, (file: MakeFile) => Change, ((json: string) => string) | undefined, number]>([
  ['a database that is not there', overDatabase, undefined, 75],
  ['a file that is no JSON', unchanged, (json: string) => json.replace('"rpcUrls"', 'rpcUrls'), 1],
  [
    'settings with faults',
    () => ({ rpcUrls: [rpcUrl.replace('http', 'ftp')], store: canary('database') }),
    undefined,
    1,
  ],
  ['a key of the relayer that is none', (file) => ({ relayerKey: file('broken', keys.broken) }), undefined, 1],
  ['a key for checkpoints that is none', (file) => ({ noteKey: file('broken', keys.broken) }), undefined, 1],
])('error: %s is told without a secret', { timeout: 60_000 }, async (_, change, spoil, exitCode) => {
  const daemon = start(writeSettings(change, spoil), 'daemon/main.ts')
  expect(await daemon.exited).toBe(exitCode)
  expect(daemon.said).not.toBe('')
  expectSilence(daemon.said)
})

test.each([
  ['lines', unchanged, []],
  ['JSON', overDatabase, ['--json']],
])(
  'behavior: the doctor of such a daemon names what fails, and no secret: %s',
  { timeout: 60_000 },
  async (_, change, more) => {
    const settings = writeSettings(change)
    const doctor = start(settings, 'cli/bursar.js', 'doctor', '--config', settings, ...more)
    expect(await doctor.exited).toBe(1)
    expect(doctor.said).toContain('rpc 1')
    expectSilence(doctor.said)
  },
)

test.each(['relayerKey', 'noteKey'])(
  'error: a file with a key that others can read: %s',
  { timeout: 60_000 },
  async (name) => {
    const settings = writeSettings((file) => {
      const path = file('open', keys.relayerKey)
      chmodSync(path, 0o640)
      return { [name]: path }
    })
    const daemon = start(settings, 'daemon/main.ts')
    expect(await daemon.exited).toBe(1)
    expect(daemon.said).toContain('chmod 600')
    expectSilence(daemon.said)
  },
)
