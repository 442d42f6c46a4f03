/** G7 and row 33: a disk that is full, read-only, torn or broken. Nothing is acknowledged, the error is said, and all is well when it heals. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { signedBatch } from '../../protocol/messages.ts'
import { useChains } from '../chain/chains.ts'
import { coreOf, createCrashWorld, type Daemon, type Ground, prepareGround, type StartOrder } from './world.ts'

const startChain = useChains()
const folder = mkdtempSync(join(tmpdir(), 'bursar-disk-'))
const shim = join(folder, 'fault.so')
const hasCompiler = spawnSync('gcc', ['--version']).status === 0
if (!hasCompiler)
  console.warn('skipped: faults of the disk, which are made by a library in C. As root: apt-get install gcc libc6-dev')
let ground: Ground
beforeAll(async () => {
  ground = await prepareGround((await startChain({ kind: 'local' })).rpcUrl)
  if (hasCompiler) execFileSync('gcc', ['-shared', '-fPIC', '-O1', '-o', shim, join(import.meta.dirname, 'fault.c')])
}, 120_000)
afterAll(() => rmSync(folder, { recursive: true }))

/** A daemon with a core and one batch taken. */
async function atWork(order: Omit<StartOrder, 'name'> = {}) {
  const world = await createCrashWorld(ground)
  onTestFinished(() => world.end())
  const file = join(world.folder, 'store.sqlite')
  const start = (): Daemon => world.startDaemon({ ...order, name: 'a', store: `sqlite:${file}` })
  const untilOpen = (daemon: Daemon) =>
    world.until('it does not open', async () => ((await daemon.client.status()).isEpochOpen ? daemon : undefined))
  world.startCore({ name: 'a' })
  const daemon = await world.listening(start())
  await world.deploy(await world.until('no core', () => coreOf(daemon.client)))
  await untilOpen(daemon)
  await daemon.client.sendBatch(world.batch(0n))
  return { world, file, daemon, start, untilOpen }
}

/** What was acknowledged is there, what was not is taken now, and it all comes to the wei. */
async function expectWhole({ world, start, untilOpen }: Awaited<ReturnType<typeof atWork>>): Promise<void> {
  const daemon = await untilOpen(await world.listening(start()))
  expect(await daemon.client.sendBatch(world.batch(0n))).toMatchObject({ status: 'already_accepted' })
  expect(await daemon.client.sendBatch(world.batch(1n))).toMatchObject({ receipt: { position: 2 } })
  expect(await daemon.client.ledgerHead()).toMatchObject({ logSize: 3n })
}

const faults = [
  ['full', 'write', constants.errno.ENOSPC, 'STORE_FULL'],
  ['read-only', 'write', constants.errno.EROFS, 'STORE_IO'],
  ['one that does not sync', 'sync', constants.errno.EIO, 'STORE_IO'],
  ['one that does not write', 'write', constants.errno.EIO, 'STORE_IO'],
] as const

test.skipIf(!hasCompiler).each(faults)(
  'row 33: a disk that is %s',
  { timeout: 120_000 },
  async (name, call, errno, code) => {
    const switch_ = join(folder, name)
    const life = await atWork({ env: { LD_PRELOAD: shim, FAULT_FILE: switch_ } })
    writeFileSync(switch_, `${call} ${errno}\n`)
    await expect(life.daemon.client.sendBatch(life.world.batch(1n))).rejects.toMatchObject({
      code: 'STORE_FAILED',
      status: 503,
      facts: { reason: code },
    })
    expect(await life.daemon.child.exited).toBe(75)
    expect(life.daemon.lines.at(-1)).toMatchObject({ msg: 'the daemon cannot go on', code })
    // Started while it lasts, it says so and ends.
    expect(await life.start().child.exited).toBe(75)
    rmSync(switch_)
    await expectWhole(life)
  },
)

test('row 33: files that may not grow, without a compiler', { timeout: 120_000 }, async () => {
  const life = await atWork({ preload: 'test/crash/noSignal.ts' })
  const limit = (bytes: string) => execFileSync('prlimit', ['--pid', `${life.daemon.child.pid}`, `--fsize=${bytes}`])
  limit('4096:unlimited')
  await expect(life.daemon.client.sendBatch(life.world.batch(1n))).rejects.toMatchObject({
    code: 'STORE_FAILED',
    facts: { reason: 'STORE_IO' },
  })
  expect(await life.daemon.child.exited).toBe(75)
  await expectWhole(life)
})

test('row 33: a last write that is torn was never acknowledged', { timeout: 120_000 }, async () => {
  const life = await atWork()
  life.daemon.child.kill('SIGKILL')
  await life.daemon.child.exited
  // The daemon dies when it has written a batch and not yet answered; power fails, and half of that write is lost.
  const step = 'store: COMMIT of INSERT INTO log_heads 1 after'
  const victim = life.world.startDaemon({
    name: 'a',
    store: `sqlite:${life.file}`,
    preload: 'test/crash/steps.ts',
    env: { STEPS_KILL: step, STEPS_ALSO: join(life.world.folder, 'a.pid') },
  })
  await life.untilOpen(await life.world.listening(victim))
  const before = statSync(`${life.file}-wal`).size
  await expect(victim.client.sendBatch(life.world.batch(1n))).rejects.toThrow()
  expect(await victim.child.exited).toBe('SIGKILL')
  const { size } = statSync(`${life.file}-wal`)
  expect(size).toBeGreaterThan(before)
  truncateSync(`${life.file}-wal`, size - 2_000)
  life.world.startCore({ name: 'a' })
  await expectWhole(life)
})

test.skipIf(!hasCompiler)(
  'G7: batches that wait together are forced to disk together',
  { timeout: 120_000 },
  async () => {
    const syncs = join(folder, 'syncs')
    writeFileSync(syncs, '')
    const { world, daemon } = await atWork({ env: { LD_PRELOAD: shim, SYNC_FILE: syncs } })
    const count = 64
    const bodies = Array.from({ length: count }, (_, i) =>
      JSON.stringify(signedBatch.write(world.batch(BigInt(i + 1)))),
    )
    const before = statSync(syncs).size
    const answers = await pipeline(daemon.url, bodies)
    expect(answers.match(/"status":"accepted"/g)).toHaveLength(count)
    // One of each batch would be 64; what indexer and anchorer write meanwhile is counted too.
    const made = statSync(syncs).size - before
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
