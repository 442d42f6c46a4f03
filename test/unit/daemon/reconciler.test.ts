/** Errors planted in each book of a daemon that runs: in its store, and on its chain. */
import { expect, test, vi } from 'vitest'
import type { ChainEvent } from '../../../daemon/chain/events.ts'
import { encodeGains } from '../../../daemon/store/gains.ts'
import { openDatabase } from '../../../daemon/store/open.ts'
import { type Hex, zeroHash } from '../../../ledger/hex.ts'
import { payeeOf } from '../ledger/support.ts'
import { createWorld, creditBatch, directPayee, ticketPayee, waiting } from './support.ts'

const sender = payeeOf(7)

/** Both payees are paid: one directly 5 wei, one by ticket 6. */
async function startPaid() {
  const world = createWorld()
  const daemon = await world.startOpen()
  await daemon.client.sendBatch(creditBatch(0n, 5n))
  await daemon.client.sendBatch(creditBatch(1n, 6n, ticketPayee))
  const found = async () => {
    const { discrepancies } = await daemon.client.reconciliation()
    return discrepancies.map(({ kind, code, payee, amountWei }) => [kind, code, payee, amountWei])
  }
  const untilFound = (expected: readonly unknown[]) =>
    vi.waitFor(async () => expect(await found()).toEqual(expected), waiting)
  await untilFound([])
  const damage = async (statement: string, ...values: readonly Uint8Array[]) => {
    const database = await openDatabase(world.config.store)
    await database.write((query) => query(statement, ...values))
    await database.close()
  }
  return { world, daemon, untilFound, damage }
}

test('behavior: a store that lost an entry, or what it brought', async () => {
  const { untilFound, damage } = await startPaid()
  await damage('DELETE FROM entries WHERE position = 1')
  await untilFound([['unexplained', 'EARNED_DIFFERS', directPayee, 5n]])
  await damage(
    'UPDATE entries SET gains = ? WHERE position = 2',
    encodeGains([{ payee: ticketPayee, wei: 7n, previous: 0 }]),
  )
  await untilFound([
    ['unexplained', 'EARNED_DIFFERS', directPayee, 5n],
    ['unexplained', 'EARNED_DIFFERS', ticketPayee, 1n],
  ])
})

test('behavior: gains of a payee that the ledger does not know', async () => {
  const { untilFound, damage } = await startPaid()
  const gains = [
    { payee: directPayee, wei: 5n, previous: 0 },
    { payee: payeeOf(55), wei: 3n, previous: 0 },
  ]
  await damage('UPDATE entries SET gains = ? WHERE position = 1', encodeGains(gains))
  await untilFound([['unexplained', 'EARNED_DIFFERS', payeeOf(55), 3n]])
})

test('row 21: a claim is listed as one, with the payouts too', async () => {
  const { world, daemon, untilFound } = await startPaid()
  const args = { payee: directPayee, to: directPayee, amount: 4n, total: 9n }
  world.chain.plant([{ name: 'Claimed', args }], [directPayee, 9n])
  // The ledger knows nothing of what it was claimed for: only such a contract as this one could let it happen.
  await untilFound([
    ['unexplained', 'PAID_ABOVE_EARNED', directPayee, 4n],
    ['claimed', 'CLAIMED', directPayee, 4n],
  ])
  await daemon.client.sendBatch(creditBatch(2n, 4n))
  await untilFound([['claimed', 'CLAIMED', directPayee, 4n]])
  const { payouts } = await daemon.client.payouts({ payee: directPayee })
  expect(payouts.map(({ status, amountWei, counter }) => [status, amountWei, counter === null])).toEqual([
    ['claimed', 4n, true],
    ['paid', 5n, false],
  ])
})

test('behavior: an exit is listed as one, with the payouts too', async () => {
  const { world, daemon, untilFound } = await startPaid()
  const args = { payee: directPayee, to: directPayee, amount: 4n, total: 4n }
  world.chain.plant([{ name: 'Exited', args }])
  await untilFound([['exited', 'EXITED', directPayee, 4n]])
  expect((await daemon.client.payouts({ limit: 1 })).payouts).toMatchObject([{ status: 'exited', amountWei: 4n }])
})

test("row 15: a stranger's gift at the broker, and a ticket that draws on it", async () => {
  const { world, untilFound } = await startPaid()
  world.chain.plant([
    { name: 'DepositFunded', args: { sender, amount: 2n } },
    { name: 'ReserveFunded', args: { reserveHolder: sender, amount: 1n } },
  ])
  await untilFound([['gift', 'DEPOSIT_GIFT', null, 3n]])
  world.chain.plant([{ name: 'WinningTicketTransfer', args: { sender, recipient: ticketPayee, amount: 4n } }])
  await untilFound([
    ['gift', 'TICKET_FROM_GIFT', ticketPayee, 4n],
    ['gift', 'DEPOSIT_GIFT', null, 3n],
  ])
})

test('behavior: a payment that no register knows, and a register that no event explains', async () => {
  const { world, untilFound } = await startPaid()
  const args = { payee: directPayee, counter: 1n, amount: 1n, ticket: false }
  world.chain.plant([{ name: 'Paid', args }])
  await untilFound([['unexplained', 'PAID_EVENTS_DIFFER', directPayee, 1n]])
  world.chain.plant([], [directPayee, 7n])
  await untilFound([
    ['unexplained', 'PAID_ABOVE_EARNED', directPayee, 2n],
    ['unexplained', 'PAID_EVENTS_DIFFER', directPayee, 1n],
  ])
})

test('row 28: commits that the store does not know, of another log, and struck out', async () => {
  const { world, daemon, untilFound, damage } = await startPaid()
  const last = (await daemon.store.lastCommitted()) as ChainEvent<'Committed'>
  const { counter, next, epoch, prevRoot, totalPaid } = last.args
  const foreign = { epoch, counter: counter + 1_000n, prevRoot, next: { ...next, logRoot: zeroHash }, totalPaid }
  world.chain.plant([{ name: 'Committed', args: foreign }])
  await untilFound([['unexplained', 'FOREIGN_COMMIT', null, 0n]])

  const admitted = { epoch: 9n, committer: sender, configHash: zeroHash, counter: foreign.counter - 1n }
  const root = zeroHash as Hex
  world.chain.plant([{ name: 'Admitted', args: { ...admitted, root, totalPaid: 11n } }])
  await untilFound([['struck', 'STRUCK_COMMIT', null, 0n]])

  await damage(`DELETE FROM commits WHERE counter = '${counter}'`)
  await untilFound([
    ['unknown_transaction', 'UNKNOWN_COMMIT', null, 0n],
    ['struck', 'STRUCK_COMMIT', null, 0n],
  ])
})

test('row 28: what a thief got by commits that were taken back is explained by that, and no more than that', async () => {
  const { world, daemon, untilFound } = await startPaid()
  const [thief, other] = [payeeOf(66), payeeOf(67)]
  const { args } = (await daemon.store.lastCommitted()) as ChainEvent<'Committed'>
  const counter = args.counter + 1n
  world.chain.plant([{ name: 'Paid', args: { payee: thief, counter, amount: 9n, ticket: false } }], [thief, 9n])
  world.chain.plant([{ name: 'Claimed', args: { payee: other, to: other, amount: 2n, total: 2n } }], [other, 2n])
  const next = { ...args.next, logRoot: zeroHash }
  world.chain.plant([{ name: 'Committed', args: { ...args, counter, next, totalPaid: args.totalPaid + 11n } }])
  await untilFound([
    ['unexplained', 'PAID_ABOVE_EARNED', thief, 9n],
    ['unexplained', 'PAID_ABOVE_EARNED', other, 2n],
    ['claimed', 'CLAIMED', other, 2n],
    ['unexplained', 'FOREIGN_COMMIT', null, 0n],
  ])
  world.chain.lostWei = 11n
  const admitted = { epoch: 9n, committer: sender, configHash: zeroHash, counter: args.counter, root: zeroHash }
  world.chain.plant([{ name: 'Admitted', args: { ...admitted, totalPaid: args.totalPaid } }])
  const struck = [
    ['struck', 'PAID_BY_STRUCK', thief, 9n],
    ['struck', 'PAID_BY_STRUCK', other, 2n],
    ['claimed', 'CLAIMED', other, 2n],
    ['struck', 'PAID_AND_STRUCK', null, 11n],
    ['struck', 'STRUCK_COMMIT', null, 0n],
  ]
  await untilFound(struck)

  // What it gets afterwards, or what another admission that goes back to the same anchor finds, explains nothing more.
  world.chain.plant([{ name: 'Paid', args: { payee: thief, counter, amount: 3n, ticket: false } }], [thief, 12n])
  await untilFound([['unexplained', 'PAID_ABOVE_EARNED', thief, 3n], ...struck])
})

test("behavior: a transaction of the core's account that the store does not know", async () => {
  const { world, daemon, untilFound, damage } = await startPaid()
  const all = await daemon.store.transactionsBetween(0, 1_000)
  await damage('DELETE FROM transactions WHERE nonce = 0')
  await untilFound([]) // those were looked at while they were there
  await daemon.stop()
  const again = await world.startOpen()
  expect(all.length).toBeGreaterThan(1)
  await vi.waitFor(async () => {
    const { discrepancies } = await again.client.reconciliation()
    expect(discrepancies).toMatchObject([{ kind: 'unknown_transaction', code: 'UNKNOWN_TRANSACTION', payee: null }])
  }, waiting)
})
