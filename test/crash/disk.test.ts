/** G7 and row 33: a disk that is full, read-only, torn or broken. Nothing is acknowledged, the error is said, and all is well when it heals. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { signedBatch } from '../../client/entries.ts'
import { useChains } from '../chain/chains.ts'
import { type CrashWorld, coreOf, createCrashWorld, type Daemon, prepareGround, type StartOrder } from './world.ts'

const withinMs = 120_000

const startChain = useChains()
const folder = mkdtempSync(join(tmpdir(), 'bursar-disk-'))
const shim = join(folder, 'fault.so')
const hasCompiler = spawnSync('gcc', ['--version']).status === 0
if (!hasCompiler)
  console.warn('skipped: faults of the disk, which are made by a library in C. As root: apt-get install gcc libc6-dev')
const [faultFile, syncFile] = [join(folder, 'fault'), join(folder, 'syncs')]
const order: Omit<StartOrder, 'name'> = {
  preload: 'test/crash/noSignal.ts',
  env: hasCompiler ? { LD_PRELOAD: shim, FAULT_FILE: faultFile, SYNC_FILE: syncFile } : {},
}

/** One deployment for all: each test breaks its disk, and leaves it healed and at work. */
let life: { readonly world: CrashWorld; readonly file: string; daemon: Daemon; taken: bigint }
beforeAll(async () => {
  if (hasCompiler) execFileSync('gcc', ['-shared', '-fPIC', '-O1', '-o', shim, join(import.meta.dirname, 'fault.c')])
  const world = await createCrashWorld(await prepareGround((await startChain({ kind: 'local' })).rpcUrl))
  const file = join(world.folder, 'store.sqlite')
  world.startCore({ name: 'a' })
  const daemon = await world.listening(world.startDaemon({ ...order, name: 'a', store: `sqlite:${file}` }))
  await world.deploy(await world.until('no core', () => coreOf(daemon.client)))
  life = { world, file, daemon, taken: 0n }
  await untilOpen(daemon)
  await take()
}, withinMs)
afterAll(async () => {
  await life.world.end()
  rmSync(folder, { recursive: true })
})

const start = (change: Partial<StartOrder> = {}): Daemon =>
  life.world.startDaemon({ ...order, ...change, name: 'a', store: `sqlite:${life.file}` })
const untilOpen = (daemon: Daemon): Promise<Daemon> =>
  life.world.until('it does not open', async () => ((await daemon.client.status()).isEpochOpen ? daemon : undefined))
const send = () => life.daemon.client.sendBatch(life.world.batch(life.taken))

/** The next batch is taken, at its place; where the core had it before the disk failed, it may be there already. */
async function take(): Promise<void> {
  expect(await send()).toMatchObject({ receipt: { position: Number(life.taken) + 1 } })
  life.taken++
}

/** What was acknowledged is there, what was not is taken now, and nothing else is in the log. */
async function expectWhole(): Promise<void> {
  life.daemon = await untilOpen(await life.world.listening(start()))
  expect(await life.daemon.client.sendBatch(life.world.batch(life.taken - 1n))).toMatchObject({
    status: 'already_accepted',
    receipt: { position: Number(life.taken) },
  })
  await take()
  expect(await life.daemon.client.ledgerHead()).toMatchObject({ logSize: life.taken + 1n })
}

test('row 33: a last write that is torn was never acknowledged', { timeout: withinMs }, async () => {
  life.daemon.child.kill('SIGKILL')
  await life.daemon.child.exited
  // The daemon dies when it has written a batch and not yet answered; power fails, and half of that write is lost.
  const said = 'INSERT INTO records, DELETE FROM intents, INSERT INTO entries, INSERT INTO log_heads'
  const step = `store: COMMIT of ${said} 1 after`
  const env = { STEPS_KILL: step, STEPS_ALSO: join(life.world.folder, 'a.pid') }
  life.daemon = await untilOpen(await life.world.listening(start({ preload: 'test/crash/steps.ts', env })))
  const before = statSync(`${life.file}-wal`).size
  await expect(send()).rejects.toThrow()
  expect(await life.daemon.child.exited).toBe('SIGKILL')
  const { size } = statSync(`${life.file}-wal`)
  expect(size).toBeGreaterThan(before)
  truncateSync(`${life.file}-wal`, size - 2_000)
  life.world.startCore({ name: 'a' })
  await expectWhole()
})

/** What is sent next is what is written next: the indexer has just taken a block, and there is one a second. */
async function untilBlockIsTaken(): Promise<void> {
  const newest = () => {
    const db = new DatabaseSync(life.file, { readOnly: true })
    const row = db.prepare('SELECT max(number) AS number FROM blocks').get()
    db.close()
    return row?.number
  }
  const before = newest()
  await life.world.until('no block is taken', async () => (newest() === before ? undefined : true))
}

const faults = [
  ['full', 'write', constants.errno.ENOSPC, 'STORE_FULL'],
  ['read-only', 'write', constants.errno.EROFS, 'STORE_IO'],
  ['one that does not sync', 'sync', constants.errno.EIO, 'STORE_IO'],
  ['one that does not write', 'write', constants.errno.EIO, 'STORE_IO'],
] as const

test.skipIf(!hasCompiler).each(faults)(
  'row 33: a disk that is %s',
  { timeout: withinMs },
  async (_, call, errno, code) => {
    await untilBlockIsTaken()
    writeFileSync(faultFile, `${call} ${errno}\n`)
    await expect(send()).rejects.toMatchObject({ code: 'STORE_FAILED', status: 503, facts: { reason: code } })
    expect(await life.daemon.child.exited).toBe(75)
    expect(life.daemon.lines.at(-1)).toMatchObject({ msg: 'the daemon cannot go on', code })
    // Started while it lasts, it says so and ends.
    expect(await start().child.exited).toBe(75)
    rmSync(faultFile)
    await expectWhole()
  },
)

test.skipIf(!hasCompiler)('row 33: a disk that was mounted read-only', { timeout: withinMs }, async () => {
  life.daemon.child.kill('SIGKILL')
  await life.daemon.child.exited
  writeFileSync(faultFile, `open ${constants.errno.EROFS}\n`)
  const started = start()
  expect(await started.child.exited).toBe(75)
  expect(started.lines.at(-1)).toMatchObject({ msg: 'the daemon cannot go on', code: 'STORE_READ_ONLY' })
  rmSync(faultFile)
  await expectWhole()
})

test('row 33: files that may not grow, without a compiler', { timeout: withinMs }, async () => {
  execFileSync('prlimit', ['--pid', `${life.daemon.child.pid}`, '--fsize=4096:unlimited'])
  await expect(send()).rejects.toMatchObject({ code: 'STORE_FAILED', facts: { reason: 'STORE_IO' } })
  expect(await life.daemon.child.exited).toBe(75)
  await expectWhole()
})

test.skipIf(!hasCompiler)(
  'G7: batches that wait together are forced to disk together',
  { timeout: withinMs },
  async () => {
    const count = 64
    const bodies = Array.from({ length: count }, (_, i) =>
      JSON.stringify(signedBatch.write(life.world.batch(life.taken + BigInt(i)))),
    )
    const before = statSync(syncFile).size
    const answers = await pipeline(life.daemon.url, bodies)
    expect(answers.match(/"status":"accepted"/g)).toHaveLength(count)
    life.taken += BigInt(count)
    // One of each batch would be 64; what indexer and anchorer write meanwhile is counted too.
    const made = statSync(syncFile).size - before
    expect(made).toBeGreaterThan(0)
    expect(made).toBeLessThan(count / 2)
  },
)

/** All at once over one connection, so that they come in their order. @returns all that was answered */
function pipeline(url: string, bodies: readonly string[]): Promise<string> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  const requests = bodies.map((body, i) => {
    const end = i === bodies.length - 1 ? 'Connection: close\r\n' : ''
    const head = `POST /api/batches HTTP/1.1\r\nHost: ${hostname}\r\nContent-Type: application/json\r\n${end}`
    return `${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  })
  socket.write(requests.join(''))
  return new Promise((resolve, reject) => {
    let text = ''
    socket.on('data', (bytes) => {
      text += bytes
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(text))
  })
}
