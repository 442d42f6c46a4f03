import { expect, test, vi } from 'vitest'
import { signBatch } from '../../../client/batch.ts'
import { credit } from '../../../client/events.ts'
import type { Chain } from '../../../daemon/chain/chain.ts'
import { gasOfCommit } from '../../../daemon/services/gas.ts'
import { createPayer } from '../../../daemon/services/payer.ts'
import type { Hex } from '../../../ledger/hex.ts'
import { createLedger, type Ledger } from '../../../ledger/state.ts'
import { configuration, domain, payeeOf, reporterKey } from '../ledger/support.ts'
import { createFakeChain } from './fakeChain.ts'
import { createWorld, ticketPayee, waiting } from './support.ts'

const caps = () => ({ gas: 30_000_000n, maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 10n ** 9n })

/** A payer before which so many payees wait for 100 wei each, by ticket or not. */
function createWaiting(count: number, isTicket: boolean, change: Partial<Chain> = {}) {
  const ledger = createLedger(configuration({ rail: isTicket ? 1 : 0 }))
  for (let n = 0; n < count; n++) ledger.accounts.setBalance(payeeOf(n), { earnedWei: 100n, debtWei: 0n })
  const chain = Object.assign(createFakeChain(domain), change)
  const paid = async (payees: readonly Hex[]) => payees.map(() => 0n)
  return createPayer({
    chain: { ...chain, paid, ...change },
    mirror: { ledger: ledger as Ledger, tree: { size: 1 } as never },
    books: { of: () => undefined },
    caps,
  })
}

test('behavior: no more is tried of a payment than the treasury has: that it is short is nothing against the payee', async () => {
  const tried: bigint[] = []
  const payer = createWaiting(1, false, {
    balance: async () => 30n,
    tryDirect: async (_, wei) => {
      tried.push(wei)
      return wei > 30n ? 'insufficient funds' : undefined
    },
  })
  const { payments, leftOut } = await payer.dryRun()
  expect(tried).toEqual([30n])
  expect(payments).toMatchObject([{ payee: payeeOf(0), totalWei: 30n }])
  expect(leftOut).toEqual([{ payee: payeeOf(0), owedWei: 70n, reason: 'TREASURY_SHORT' }])
})

test('row 26: no more tickets than may all fail and still fit the caps, and nobody beyond them is asked about', async () => {
  const asked = new Set<Hex>()
  const isActive = async (payee: Hex) => asked.add(payee) !== undefined
  const { payments, leftOut, gas } = await createWaiting(150, true, { isActive }).dryRun()
  expect(asked.size).toBe(60)
  expect(payments.length).toBe(57)
  expect(gas).toBe(gasOfCommit({ tickets: 57, directs: 0 }))
  expect(gas).toBeLessThanOrEqual(caps().gas)
  expect(gasOfCommit({ tickets: 58, directs: 0 })).toBeGreaterThan(caps().gas)
  expect(new Set(leftOut.map(({ reason }) => reason))).toEqual(new Set(['COMMIT_FULL']))
  expect(payments.length + leftOut.length).toBe(150)
})

test('behavior: a dry run is the plan, and leaves everything as it is', async () => {
  const payer = createWaiting(3, false, { tryDirect: async (payee) => (payee === payeeOf(1) ? 'no' : undefined) })
  const dry = await payer.dryRun()
  expect(payer.leftOut.size).toBe(0)
  expect(await payer.plan(500)).toEqual(dry)
  expect(dry.leftOut).toEqual([{ payee: payeeOf(1), owedWei: 100n, reason: 'PAYEE_REFUSES', detail: 'no' }])
  expect([...payer.leftOut.keys()]).toEqual([payeeOf(1)])
})

test('behavior: many due are paid by several commits, one after the other, each payee once for all its batches', async () => {
  const world = createWorld()
  world.chain.balanceWei = 0n
  // Room for two direct payments at their worst.
  const gas = gasOfCommit({ tickets: 0, directs: 2 })
  const daemon = await world.startOpen({ transaction: { ...world.config.transaction, gas } })
  const payees = [950, 951, 952, 953, 954].map(payeeOf)
  for (const sequence of [0n, 1n, 2n]) {
    const events = [...payees, ticketPayee].map((payee) => credit({ id: `${sequence}`, payee, wei: 7n }))
    await daemon.client.sendBatch(signBatch({ domain, secretKey: reporterKey, sequence, events }))
  }
  world.chain.balanceWei = 10n ** 18n
  const due = await vi.waitFor(async () => {
    const { payouts } = await daemon.client.payouts()
    expect(payouts).toHaveLength(payees.length)
    return payouts
  }, waiting)
  expect(due.map(({ payee, amountWei, status }) => [payee, amountWei, status]).sort()).toEqual(
    payees.map((payee) => [payee, 21n, 'paid']),
  )
  const commits = new Map<bigint | null, number>()
  for (const { counter } of due) commits.set(counter, (commits.get(counter) ?? 0) + 1)
  expect([...commits.values()].sort()).toEqual([1, 2, 2])
  // A ticket never fits this cap: it is named, and holds up nobody.
  expect((await daemon.client.account(ticketPayee)).waitsFor).toMatchObject({ reason: 'COMMIT_FULL' })
})
