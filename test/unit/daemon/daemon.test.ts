import { rmSync } from 'node:fs'
import { expect, onTestFinished, test, vi } from 'vitest'
import { batchLeafHash } from '../../../client/batch.ts'
import { verifyReceipt } from '../../../client/verify.ts'
import type { Store } from '../../../daemon/store/store.ts'
import { entryLeaf } from '../../../ledger/entry.ts'
import type { Hex } from '../../../ledger/hex.ts'
import type { Ledger } from '../../../ledger/state.ts'
import { domain, reporter } from '../ledger/support.ts'
import { timeOfBlock } from './fakeChain.ts'
import {
  createWorld,
  creditBatch,
  directPayee,
  type TestDaemon,
  type TestWorld,
  ticketPayee,
  untilOpen,
  waiting,
} from './support.ts'

const slow = { anchorIntervalMs: 3_600_000, payIntervalMs: 3_600_000 }

const untilPaid = (daemon: TestDaemon, payee: Hex, wei: bigint): Promise<void> =>
  vi.waitFor(async () => expect((await daemon.client.account(payee)).paidWei).toBe(wei), waiting)

const reconciliation = async (daemon: TestDaemon): Promise<unknown> =>
  (await fetch(`${daemon.url}/api/reconciliation`)).json()

test('default: batches in, receipts out, payouts and proofs after', async () => {
  const world = createWorld()
  const daemon = await world.startOpen()
  const batch = creditBatch(0n, 5n)
  const { receipt, status } = await daemon.client.sendBatch(batch)
  const core = (await daemon.client.status()).core?.address as Hex
  expect(status).toBe('accepted')
  expect(verifyReceipt(domain, core, receipt, batchLeafHash(batch))).toBe(true)
  await daemon.client.sendBatch(creditBatch(1n, 7n, ticketPayee))

  await untilPaid(daemon, directPayee, 5n)
  await untilPaid(daemon, ticketPayee, 7n)
  await vi.waitFor(async () => {
    const { anchored, totalPaidWei, totalEarnedWei } = await daemon.client.ledgerHead()
    expect({ totalPaidWei, totalEarnedWei, logSize: anchored?.commitment.logSize }).toEqual({
      totalPaidWei: 12n,
      totalEarnedWei: 12n,
      logSize: 3n,
    })
  }, waiting)
  expect((await daemon.client.status()).core?.anchored.counter).toBeGreaterThan(0n)
})

test('behavior: many batches at once share records', async () => {
  const world = createWorld()
  const daemon = await world.startOpen(slow)
  const before = (await daemon.store.lastRecord())?.number as number
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, i) =>
      daemon.client.sendBatch(creditBatch(BigInt(i), 1n)).catch((error) => error.code),
    ),
  )
  // Fifty requests race, so some come before their turn; those that came in order were accepted.
  const accepted = answers.filter((answer) => typeof answer === 'object').length
  const { nextSequence } = await daemon.client.reporter(reporter)
  expect(nextSequence).toBe(BigInt(accepted))
  expect(((await daemon.store.lastRecord())?.number as number) - before).toBeLessThan(accepted + 1)
})

test('behavior: a repeat of any earlier batch gets a receipt, another batch of that sequence is refused', async () => {
  const world = createWorld()
  const daemon = await world.startOpen(slow)
  const core = (await daemon.client.status()).core?.address as Hex
  for (const i of [0n, 1n, 2n]) await daemon.client.sendBatch(creditBatch(i, 1n))
  for (const i of [0n, 1n, 2n]) {
    const batch = creditBatch(i, 1n)
    const { status, receipt } = await daemon.client.sendBatch(batch)
    expect({ status, position: receipt.position, size: receipt.head.size }).toEqual({
      status: 'already_accepted',
      position: Number(i) + 1,
      size: 4n,
    })
    expect(verifyReceipt(domain, core, receipt, batchLeafHash(batch))).toBe(true)
  }
  await expect(daemon.client.sendBatch(creditBatch(1n, 2n))).rejects.toMatchObject({
    code: 'SEQUENCE_REPEAT',
    status: 409,
    facts: { expected: '3', got: '1' },
  })
  await expect(daemon.client.sendBatch(creditBatch(5n, 1n))).rejects.toMatchObject({
    code: 'SEQUENCE_GAP',
    status: 409,
  })
})

test('behavior: nothing is acknowledged before the open is on chain', async () => {
  const world = createWorld()
  world.chain.isHolding = true
  const daemon = await world.startDaemon(slow)
  const { address } = await vi.waitFor(async () => {
    const { core, state } = await daemon.client.status()
    expect(state).toBe('waiting for the contract')
    return core as { address: Hex }
  }, waiting)
  await expect(daemon.client.sendBatch(creditBatch(0n, 1n))).rejects.toMatchObject({
    code: 'NOT_OPEN',
    status: 503,
    facts: { state: 'waiting for the contract' },
  })
  world.chain.deploy(address, world.config.rules.hash)
  await vi.waitFor(() => expect(world.chain.mempool.size).toBe(1), waiting)
  await expect(daemon.client.sendBatch(creditBatch(0n, 1n))).rejects.toMatchObject({
    facts: { state: 'opening an epoch' },
  })
  expect(world.coreHost.asked).not.toContain('apply_event')
  world.chain.mine()
  await untilOpen(daemon)
  expect(await daemon.client.sendBatch(creditBatch(0n, 1n))).toMatchObject({ status: 'accepted' })
})

test('behavior: a core that was killed gets its state again, and a new epoch', async () => {
  const world = createWorld()
  const daemon = await world.startOpen(slow)
  await daemon.client.sendBatch(creditBatch(0n, 1n))
  const { head } = await daemon.client.status()
  world.coreHost.restart()
  await vi.waitFor(async () => {
    const { isEpochOpen, head: now } = await daemon.client.status()
    expect(isEpochOpen && now?.epoch === (head?.epoch as bigint) + 1n).toBe(true)
  }, waiting)
  expect(world.coreHost.asked).toContain('load_state')
  const { receipt } = await daemon.client.sendBatch(creditBatch(1n, 1n))
  expect({ position: receipt.position, boot: receipt.head.boot }).toEqual({
    position: 2,
    boot: world.coreHost.core.boot,
  })
})

test('behavior: a daemon that stops and starts goes on in the same epoch', async () => {
  const world = createWorld()
  const first = await world.startOpen()
  await first.client.sendBatch(creditBatch(0n, 5n))
  await untilPaid(first, directPayee, 5n)
  const epoch = (await first.client.status()).head?.epoch
  await first.stop()
  const second = await world.startOpen()
  expect((await second.client.status()).head?.epoch).toBe(epoch)
  const account = await second.client.account(directPayee)
  expect(account).toMatchObject({ earnedWei: 5n, paidWei: 5n, anchored: { earnedWei: 5n } })
  await second.client.sendBatch(creditBatch(1n, 5n))
  await untilPaid(second, directPayee, 10n)
})

test('behavior: a reply that is lost with its connection is recovered from the intent', async () => {
  const world = createWorld()
  const daemon = await world.startOpen(slow)
  await daemon.client.sendBatch(creditBatch(0n, 1n))
  world.coreHost.onReply = (method) => (method === 'apply_event' ? 'cut' : 'send')
  await expect(daemon.client.sendBatch(creditBatch(1n, 2n))).rejects.toMatchObject({ code: 'CORE_LOST', status: 503 })
  world.coreHost.onReply = () => 'send'
  await untilOpen(daemon)
  expect(world.coreHost.asked).toContain('export_state')
  const again = await daemon.client.sendBatch(creditBatch(1n, 2n))
  expect(again).toMatchObject({ status: 'already_accepted', receipt: { position: 2 } })
  expect(await daemon.client.reporter(reporter)).toMatchObject({ nextSequence: 2n, spentWei: 3n })

  // The state that was exported loads again.
  world.coreHost.restart()
  await vi.waitFor(() => expect(world.coreHost.core.phase).toBe('open'), waiting)
  await untilOpen(daemon)
  expect(await daemon.client.sendBatch(creditBatch(2n, 2n))).toMatchObject({ receipt: { position: 3 } })
})

test('behavior: a daemon killed between the reply and its own write loses nothing that the core holds', async () => {
  const world = createWorld()
  const daemon = await world.startOpen(slow)
  await daemon.client.sendBatch(creditBatch(0n, 1n))
  world.coreHost.onReply = (method) => (method === 'apply_event' ? 'withhold' : 'send')
  const lost = daemon.client.sendBatch(creditBatch(1n, 2n)).catch((error) => error.code)
  await vi.waitFor(() => expect(world.coreHost.core.live?.ledger.log.size).toBe(3), waiting)
  const store = world.crashImage()
  world.coreHost.onReply = () => 'send'
  const next = await world.startDaemon({ ...slow, store })
  await untilOpen(next)
  expect(await next.client.sendBatch(creditBatch(1n, 2n))).toMatchObject({ status: 'already_accepted' })
  expect(await next.client.sendBatch(creditBatch(2n, 2n))).toMatchObject({ receipt: { position: 3 } })
  world.coreHost.restart() // frees the first daemon from waiting for its reply
  expect(await lost).toBe('CORE_LOST')
})

test('behavior: an intent that never reached the core is forgotten', async () => {
  const world = createWorld()
  const daemon = await world.startOpen(slow)
  const last = (await daemon.store.lastRecord())?.number as number
  await daemon.stop()
  const image = await world.startDaemon({ ...slow, core: 'unix:/nowhere.sock' })
  await image.store.intend(last + 1, [entryLeaf(creditBatch(0n, 9n))])
  await image.stop()
  const next = await world.startOpen(slow)
  expect(await next.client.reporter(reporter)).toMatchObject({ nextSequence: 0n })
  expect(await next.store.intentsAfter(0)).toEqual([])
})

test('error: a core with entries that nobody can explain stops the daemon', async () => {
  const world = createWorld()
  const daemon = await world.startOpen(slow)
  await daemon.stop()
  const { live } = world.coreHost.core
  const log = live?.ledger.log
  if (log) (live.ledger as { log: typeof log }).log = { size: log.size + 1, peaks: [...log.peaks, new Uint8Array(32)] }
  const next = await world.startDaemon(slow)
  await expect(next.ended).rejects.toMatchObject({ name: 'Fatal', exitCode: 1 })
})

test.each([
  ['log', slow, { log: { size: 2, peaks: [new Uint8Array(32)] } }],
  ['commitment', {}, { totalEarnedWei: 7n }],
])('error: a core whose %s leaves the rules stops the daemon', async (_, change, tampered: Partial<Ledger>) => {
  const world = createWorld()
  const daemon = await world.startOpen(change)
  Object.assign(world.coreHost.core.live?.ledger as Ledger, tampered)
  // The daemon may be gone before it answers: what it must not do is go on.
  await Promise.allSettled([daemon.client.sendBatch(creditBatch(0n, 1n))])
  await expect(daemon.ended).rejects.toMatchObject({ name: 'Fatal', exitCode: 1 })
})

test('error: a store that fails acknowledges nothing and ends the process', async () => {
  const world = createWorld()
  let isFull = false
  const failing = (store: Store): Store => ({
    ...store,
    saveAccepted: async (accepted) => {
      if (isFull) throw new Error('database or disk is full')
      return store.saveAccepted(accepted)
    },
  })
  const daemon = await world.startOpen(slow, failing)
  isFull = true
  await expect(daemon.client.sendBatch(creditBatch(0n, 1n))).rejects.toMatchObject({ code: 'INTERNAL', status: 500 })
  await expect(daemon.ended).rejects.toMatchObject({ name: 'Fatal', exitCode: 75 })
  // The next one finds what the core has taken, by the intent.
  const next = await world.startOpen(slow)
  expect(await next.client.sendBatch(creditBatch(0n, 1n))).toMatchObject({ status: 'already_accepted' })
})

test("behavior: when another boot's open comes first, the core opens again", async () => {
  const world = createWorld()
  const daemon = await world.startOpen(slow)
  const before = (await daemon.client.status()).head?.epoch as bigint
  world.chain.openByAnother()
  await vi.waitFor(async () => {
    const { head, isEpochOpen } = await daemon.client.status()
    expect({ epoch: head?.epoch, isEpochOpen }).toEqual({ epoch: before + 2n, isEpochOpen: true })
  }, waiting)
  const { receipt } = await daemon.client.sendBatch(creditBatch(0n, 1n))
  expect(receipt.head.epoch).toBe(before + 2n)
})

test('behavior: commits that revert are followed by one on the true head', async () => {
  const world = createWorld()
  const daemon = await world.startOpen()
  world.chain.reverting = 3
  await daemon.client.sendBatch(creditBatch(0n, 5n))
  await untilPaid(daemon, directPayee, 5n)
  expect(world.chain.reverting).toBe(0)
})

test('behavior: a commit that is reorganised away and forgotten is made again, and pays once', async () => {
  const world = createWorld()
  const daemon = await world.startOpen()
  await daemon.client.sendBatch(creditBatch(0n, 5n))
  await untilPaid(daemon, directPayee, 5n)
  const { number } = await world.chain.block()
  world.chain.reorganise(number - 1, true) // all that came after the deployment
  await vi.waitFor(async () => {
    expect(await reconciliation(daemon)).toMatchObject({ discrepancies: [], paid_wei: '5', owed_wei: '0' })
  }, waiting)
  await untilOpen(daemon)
  expect((await daemon.client.payouts()).payouts).toHaveLength(1)
})

test('behavior: the same bytes are sent again when the node forgets them', async () => {
  const world = createWorld()
  const daemon = await world.startOpen({ anchorIntervalMs: 3_600_000 })
  world.chain.isHolding = true
  const sent = world.chain.sent.length
  await daemon.client.sendBatch(creditBatch(0n, 5n))
  await vi.waitFor(() => expect(world.chain.mempool.size).toBe(1), waiting)
  const [hash] = world.chain.mempool.keys()
  const calldata = world.chain.calldata
  Object.assign(world.chain, { calldata: async () => undefined })
  await vi.waitFor(() => expect(world.chain.sent.length).toBeGreaterThan(sent + 2), waiting)
  Object.assign(world.chain, { calldata })
  expect(new Set(world.chain.sent.slice(sent)).size).toBe(1)
  world.chain.isHolding = false
  world.chain.mine()
  await untilPaid(daemon, directPayee, 5n)
  expect(await world.chain.receipt(hash as Hex)).toMatchObject({ status: 'success' })
})

test('behavior: a chain that falls silent delays payouts and nothing else', async () => {
  const world = createWorld()
  const daemon = await world.startOpen()
  world.chain.isDown = true
  expect(await daemon.client.sendBatch(creditBatch(0n, 5n))).toMatchObject({ status: 'accepted' })
  expect(await daemon.client.account(directPayee)).toMatchObject({ earnedWei: 5n, paidWei: 0n })
  world.chain.isDown = false
  await untilPaid(daemon, directPayee, 5n)
})

test('behavior: those who cannot be paid are named with a reason, and stop nobody', async () => {
  const world = createWorld()
  const daemon = await world.startOpen()
  const other = `0x${'99'.repeat(20)}` as Hex
  world.chain.failing.add(directPayee)
  world.chain.inactive.add(ticketPayee)
  await daemon.client.sendBatch(creditBatch(0n, 5n))
  await daemon.client.sendBatch(creditBatch(1n, 6n, ticketPayee))
  await daemon.client.sendBatch(creditBatch(2n, 7n, other))
  await untilPaid(daemon, other, 7n)
  await vi.waitFor(async () => {
    expect(await reconciliation(daemon)).toMatchObject({
      discrepancies: [
        { kind: 'failed', code: 'PAYMENT_FAILED', detail: 'no', payee: directPayee, amount_wei: '5' },
        { kind: 'pending', code: 'PENDING', detail: 'ORCHESTRATOR_INACTIVE', payee: ticketPayee, amount_wei: '6' },
      ],
    })
  }, waiting)
  // Each is told why itself.
  const waitsFor = async (payee: Hex) => (await daemon.client.account(payee)).waitsFor
  expect(await waitsFor(ticketPayee)).toEqual({ reason: 'ORCHESTRATOR_INACTIVE', detail: null })
  await vi.waitFor(
    async () => expect(await waitsFor(directPayee)).toEqual({ reason: 'FAILED_RECENTLY', detail: 'no' }),
    waiting,
  )
  expect(await waitsFor(other)).toBeNull()
  const [failed] = (await daemon.client.payouts({ payee: directPayee, limit: 1 })).payouts
  expect(failed).toMatchObject({ status: 'failed', reason: 'no', amountWei: 5n })
  expect(failed?.at).toBe(BigInt(timeOfBlock(Number(failed?.blockNumber))))
  world.chain.failing.clear()
  world.chain.inactive.clear()
  await untilPaid(daemon, directPayee, 5n)
  await untilPaid(daemon, ticketPayee, 6n)
  expect(await waitsFor(ticketPayee)).toBeNull()
})

test('row 35: a clock that jumps moves no money and loses nothing', async () => {
  const world = createWorld()
  const daemon = await world.startOpen()
  onTestFinished(() => void vi.useRealTimers())
  vi.useFakeTimers({ toFake: ['Date'], now: new Date('2001-01-01') })
  for (const [i, time] of ['2090-01-01', '1970-01-02', '2030-01-01'].entries()) {
    vi.setSystemTime(new Date(time))
    expect(await daemon.client.sendBatch(creditBatch(BigInt(i), 5n))).toMatchObject({ status: 'accepted' })
    await untilPaid(daemon, directPayee, 5n * BigInt(i + 1))
  }
})

test('behavior: stops in good order and answers what it had taken', async () => {
  const world = createWorld()
  const daemon = await world.startOpen(slow)
  const answer = daemon.client.sendBatch(creditBatch(0n, 1n))
  await vi.waitFor(() => expect(world.coreHost.asked).toContain('apply_event'), waiting)
  await daemon.stop()
  expect(await answer).toMatchObject({ status: 'accepted' })
})

test('behavior: a disk that was lost before the first batch is made good by the core and the chain', async () => {
  const world = createWorld()
  const first = await world.startOpen()
  await vi.waitFor(async () => expect((await first.client.status()).head?.counter).toBe(1n), waiting)
  await first.stop()
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${world.folder}/daemon.sqlite${suffix}`, { force: true })
  // The commit that made the head is only in its transaction's calldata now.
  const second = await world.startOpen()
  await second.client.sendBatch(creditBatch(0n, 5n))
  await untilPaid(second, directPayee, 5n)
})

test('error: a disk that was lost later cannot be made good', async () => {
  const world = createWorld()
  const first = await world.startOpen(slow)
  await first.client.sendBatch(creditBatch(0n, 5n))
  await first.stop()
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${world.folder}/daemon.sqlite${suffix}`, { force: true })
  const second = await world.startDaemon(slow)
  await expect(second.ended).rejects.toMatchObject({ name: 'Fatal', exitCode: 1 })
})

test('error: a core that lost its state key stops the daemon', async () => {
  const world = createWorld()
  const daemon = await world.startOpen(slow)
  world.coreHost.restart(true)
  await expect(daemon.ended).rejects.toMatchObject({ name: 'Fatal', exitCode: 1, cause: { code: 'NO_STATE_KEY' } })
})

test('error: a core that has halted is said so, until it is restarted', async () => {
  const world = createWorld()
  const daemon = await world.startOpen(slow)
  world.coreHost.core.phase = 'halted'
  await expect(daemon.client.sendBatch(creditBatch(0n, 1n))).rejects.toMatchObject({ code: 'HALTED', status: 503 })
  await vi.waitFor(async () => expect((await daemon.client.status()).state).toBe('the core has halted'), waiting)
  world.coreHost.restart()
  await untilOpen(daemon)
  expect(await daemon.client.sendBatch(creditBatch(0n, 1n))).toMatchObject({ status: 'accepted' })
})

test.each([
  ['committer', (world: TestWorld) => world.chain.deploy(directPayee, world.config.rules.hash)],
  ['configuration', (world: TestWorld, core: Hex) => world.chain.deploy(core, `0x${'99'.repeat(32)}`)],
])('behavior: a contract with another %s is not opened', async (_, deploy) => {
  const world = createWorld()
  const daemon = await world.startDaemon(slow)
  await vi.waitFor(async () => expect((await daemon.client.status()).state).toBe('waiting for the contract'), waiting)
  deploy(world, (await daemon.client.status()).core?.address as Hex)
  await vi.waitFor(
    () => expect(daemon.log.filter(({ reason }) => `${reason}`.startsWith('the contract names'))).toHaveLength(1),
    waiting,
  )
  expect((await daemon.client.status()).state).toBe('waiting for the contract')
  expect(world.coreHost.asked).not.toContain('open_epoch')
})

test('behavior: after very many records a snapshot takes their place', async () => {
  const world = createWorld()
  const many = (store: Store): Store => ({ ...store, countRecords: async () => 10_000 })
  const first = await world.startOpen(slow)
  await first.client.sendBatch(creditBatch(0n, 1n))
  await first.stop()
  const second = await world.startOpen(slow, many)
  await second.stop()
  world.coreHost.restart()
  const third = await world.startOpen(slow)
  // All that is left are the records after the snapshot: that of this boot's open.
  expect(await third.store.countRecords()).toBe(1)
  expect(await third.client.sendBatch(creditBatch(1n, 1n))).toMatchObject({ receipt: { position: 2 } })
})

test('error: an old store never opens an epoch (G3)', async () => {
  const world = createWorld()
  const first = await world.startOpen()
  await first.client.sendBatch(creditBatch(0n, 5n))
  await untilPaid(first, directPayee, 5n)
  const store = world.crashImage()
  await first.client.sendBatch(creditBatch(1n, 5n))
  await untilPaid(first, directPayee, 10n)
  await first.stop()
  const { epoch } = await world.chain.head()
  world.coreHost.restart()
  const second = await world.startDaemon({ store })
  await vi.waitFor(async () => expect((await second.client.status()).state).toBe('the state is out of date'), waiting)
  expect(second.log).toContainEqual(expect.objectContaining({ code: 'FOREIGN_ROOT' }))
  await expect(second.client.sendBatch(creditBatch(1n, 5n))).rejects.toMatchObject({ code: 'NOT_OPEN' })
  expect((await world.chain.head()).epoch).toBe(epoch)
})
