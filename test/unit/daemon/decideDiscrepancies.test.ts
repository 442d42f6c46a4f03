import { expect, test } from 'vitest'
import type { CommonBook, PayeeBook } from '../../../daemon/services/books.ts'
import { type AllFacts, decideAll, type PayeeFacts } from '../../../daemon/services/decideDiscrepancies.ts'
import { payeeOf } from '../ledger/support.ts'

const book = (changes: Partial<PayeeBook> = {}): PayeeBook => ({
  paidWei: 10n,
  claimedWei: 0n,
  exitedWei: 0n,
  exitedTotalWei: 0n,
  ticketsWei: 10n,
  creditedWei: 10n,
  lastTried: 1n,
  failure: undefined,
  ...changes,
})

const payee = payeeOf(1)
const common: CommonBook = { fundedWei: 10n, paidWei: 10n, lostWei: 0n }
const sound: PayeeFacts = {
  ...{ payee, earnedWei: 10n, gainedWei: 10n, paidWei: 10n, struckWei: 0n },
  ...{ book: book(), leftOut: undefined },
}

/** Of one payee, with totals that fit it unless they are given. */
const found = (changes: Partial<PayeeFacts>, totals: Partial<AllFacts> = {}) => {
  const facts = { ...sound, ...changes }
  return decideAll({
    facts: [facts],
    common: { ...common, fundedWei: facts.book?.ticketsWei ?? 0n },
    totalEarnedWei: facts.earnedWei,
    totalPaidWei: facts.paidWei,
    ...totals,
  }).map(({ kind, code, payee, amountWei }) => [kind, code, payee !== null, amountWei])
}

test('default: paid in full, and all books agree', () => {
  expect(found({})).toEqual([])
  expect(found({ earnedWei: 0n, gainedWei: 0n, paidWei: 0n, book: undefined })).toEqual([])
})

test.each([
  ['nobody has paid yet', { paidWei: 0n, book: undefined }, [['pending', 'PENDING', 10n]]],
  [
    'the last payment failed',
    { earnedWei: 12n, gainedWei: 12n, book: book({ failure: 'no' }) },
    [['failed', 'PAYMENT_FAILED', 2n]],
  ],
  ['more was paid than earned', { earnedWei: 7n, gainedWei: 7n }, [['unexplained', 'PAID_ABOVE_EARNED', 3n]]],
  [
    'a payee that the ledger does not know',
    { earnedWei: 0n, gainedWei: 0n },
    [['unexplained', 'PAID_ABOVE_EARNED', 10n]],
  ],
  [
    'a commit paid it too much, and was taken back',
    { earnedWei: 7n, gainedWei: 7n, struckWei: 5n },
    [['struck', 'PAID_BY_STRUCK', 3n]],
  ],
  [
    'more was paid than commits that were taken back can have',
    { earnedWei: 7n, gainedWei: 7n, struckWei: 1n },
    [
      ['unexplained', 'PAID_ABOVE_EARNED', 2n],
      ['struck', 'PAID_BY_STRUCK', 1n],
    ],
  ],
  ['a commit that was taken back paid what was earned', { struckWei: 5n }, []],
  ['a batch is missing', { gainedWei: 8n }, [['unexplained', 'EARNED_DIFFERS', 2n]]],
  ['a batch is there twice', { gainedWei: 20n }, [['unexplained', 'EARNED_DIFFERS', 10n]]],
  ['an event is missing', { book: book({ paidWei: 6n }) }, [['unexplained', 'PAID_EVENTS_DIFFER', 4n]]],
  ['an event is there twice', { book: book({ paidWei: 20n }) }, [['unexplained', 'PAID_EVENTS_DIFFER', 10n]]],
  ['the payee claimed some', { book: book({ claimedWei: 4n }) }, [['claimed', 'CLAIMED', 4n]]],
  [
    'the payee left after the freeze',
    { earnedWei: 15n, gainedWei: 15n, book: book({ exitedWei: 5n, exitedTotalWei: 5n }) },
    [['exited', 'EXITED', 5n]],
  ],
  [
    'an exit is missing',
    { earnedWei: 15n, gainedWei: 15n, book: book({ exitedWei: 3n, exitedTotalWei: 5n }) },
    [
      ['unexplained', 'EXIT_EVENTS_DIFFER', 2n],
      ['exited', 'EXITED', 3n],
      ['pending', 'PENDING', 2n],
    ],
  ],
  ['the broker credited less', { book: book({ creditedWei: 1n }) }, [['unexplained', 'TICKETS_DIFFER', 9n]]],
] as const)('behavior: %s', (_, changes, expected) => {
  expect(found(changes)).toEqual(expected.map(([kind, code, wei]) => [kind, code, true, wei]))
})

test.each([
  ['an account is missing', { totalEarnedWei: 11n }, [['unexplained', 'TOTAL_EARNED_DIFFERS', 1n]]],
  ['a register is missing', { totalPaidWei: 12n }, [['unexplained', 'TOTAL_PAID_DIFFERS', 2n]]],
  ['a register is too many', { totalPaidWei: 7n }, [['unexplained', 'TOTAL_PAID_DIFFERS', 3n]]],
  [
    'some left by commits that were struck out',
    { totalPaidWei: 7n, common: { ...common, lostWei: 3n } },
    [['struck', 'PAID_AND_STRUCK', 3n]],
  ],
  ['a stranger funds the deposit', { common: { ...common, fundedWei: 14n } }, [['gift', 'DEPOSIT_GIFT', 4n]]],
  ['a funding is missing', { common: { ...common, fundedWei: 9n } }, [['unexplained', 'DEPOSIT_MISSING', 1n]]],
] as const)('behavior: %s', (_, totals, expected) => {
  expect(found({}, totals)).toEqual(expected.map(([kind, code, wei]) => [kind, code, false, wei]))
})

test("row 15: a ticket beside the treasury draws on a stranger's gift, be it one from before the key was followed", () => {
  const drawn = { book: book({ creditedWei: 13n }) }
  expect(found(drawn, { common: { ...common, fundedWei: 13n } })).toEqual([
    ['gift', 'TICKET_FROM_GIFT', true, 3n],
    ['gift', 'DEPOSIT_GIFT', false, 3n],
  ])
  expect(found(drawn, { common: { ...common, fundedWei: 11n } })).toEqual([
    ['gift', 'TICKET_FROM_GIFT', true, 3n],
    ['gift', 'DEPOSIT_GIFT', false, 1n],
  ])
})

test('behavior: a payee that waits is told why', () => {
  const waiting = { ...sound, paidWei: 0n, book: undefined, leftOut: 'TREASURY_SHORT' }
  const totals = { common: { fundedWei: 0n, paidWei: 0n, lostWei: 0n }, totalEarnedWei: 10n, totalPaidWei: 0n }
  expect(decideAll({ facts: [waiting], ...totals })).toMatchObject([{ kind: 'pending', detail: 'TREASURY_SHORT' }])
})
