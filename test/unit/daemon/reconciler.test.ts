import { expect, test } from 'vitest'
import type { PayeeBook } from '../../../daemon/services/books.ts'
import { decideDiscrepancies, type PayeeFacts } from '../../../daemon/services/reconciler.ts'
import { payeeOf } from '../ledger/support.ts'

const book = (changes: Partial<PayeeBook> = {}): PayeeBook => ({
  paidWei: 10n,
  ticketsWei: 10n,
  creditedWei: 10n,
  lastTried: 1n,
  failure: undefined,
  ...changes,
})
const found = (changes: Partial<PayeeFacts>) =>
  decideDiscrepancies({
    payee: payeeOf(1),
    earnedWei: 10n,
    paidWei: 10n,
    book: book(),
    leftOut: undefined,
    ...changes,
  }).map(({ kind, code, amountWei }) => [kind, code, amountWei])

test('default: paid in full, and all books agree', () => {
  expect(found({})).toEqual([])
  expect(found({ earnedWei: 0n, paidWei: 0n, book: undefined })).toEqual([])
})

test.each([
  ['nobody has paid yet', { paidWei: 0n, book: undefined }, [['pending', 'PENDING', 10n]]],
  ['the last payment failed', { earnedWei: 12n, book: book({ failure: 'no' }) }, [['failed', 'PAYMENT_FAILED', 2n]]],
  ['more was paid than earned', { earnedWei: 7n }, [['unexplained', 'PAID_ABOVE_EARNED', 3n]]],
  ['a payee that the ledger does not know', { earnedWei: 0n }, [['unexplained', 'PAID_ABOVE_EARNED', 10n]]],
  ['an event is missing', { book: book({ paidWei: 6n }) }, [['unexplained', 'PAID_EVENTS_DIFFER', 4n]]],
  ['the broker credited less', { book: book({ creditedWei: 1n }) }, [['unexplained', 'TICKETS_DIFFER', 9n]]],
  [
    'a ticket that the treasury did not pay',
    { book: book({ creditedWei: 11n }) },
    [['unexplained', 'TICKETS_DIFFER', 1n]],
  ],
] as const)('behavior: %s', (_, changes, expected) => {
  expect(found(changes)).toEqual(expected)
})

test('behavior: a payee that waits is told why', () => {
  const [entry] = decideDiscrepancies({
    payee: payeeOf(1),
    earnedWei: 10n,
    paidWei: 0n,
    book: undefined,
    leftOut: 'TREASURY_SHORT',
  })
  expect(entry?.detail).toBe('TREASURY_SHORT')
})
