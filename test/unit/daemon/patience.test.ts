import { expect, test } from 'vitest'
import type { PayeeBook } from '../../../daemon/services/books.ts'
import { createPatience, type Patience } from '../../../daemon/services/patience.ts'
import { payeeOf } from '../ledger/support.ts'

const payee = payeeOf(1)
const failed = (lastTried: bigint): PayeeBook => ({
  paidWei: 0n,
  claimedWei: 0n,
  exitedWei: 0n,
  exitedTotalWei: 0n,
  ticketsWei: 0n,
  creditedWei: 0n,
  lastTried,
  failure: 'no',
})

/** How many plans go by before the next try. */
function skipped(patience: Patience, lastTried: bigint): number {
  for (let count = 0; ; count++) if (patience.mayTry(payee, failed(lastTried))) return count
}

test('default: who never failed is never made to wait', () => {
  const patience = createPatience()
  expect([patience.mayTry(payee, undefined), patience.mayTry(payee, { ...failed(1n), failure: undefined })]).toEqual([
    true,
    true,
  ])
})

test('behavior: each failure in a row makes the wait longer, up to a limit; a payment ends it', () => {
  const patience = createPatience()
  expect(Array.from({ length: 8 }, (_, i) => skipped(patience, BigInt(i)))).toEqual([1, 3, 7, 15, 31, 63, 63, 63])
  patience.mayTry(payee, { ...failed(9n), failure: undefined })
  expect(skipped(patience, 10n)).toBe(1)
})
