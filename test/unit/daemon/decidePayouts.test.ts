import { expect, test } from 'vitest'
import {
  type AccountNow,
  type Circumstances,
  type Debt,
  decideDebts,
  decidePayouts,
  directsPerCommitMax,
  ticketsPerCommitMax,
} from '../../../daemon/services/decidePayouts.ts'
import { createLedger } from '../../../ledger/state.ts'
import { configuration, payeeOf } from '../ledger/support.ts'

const ledger = createLedger(
  configuration({ payees: [{ payee: payeeOf(1), rail: 1, minimumWei: 50n }], minimumWei: 10n }),
)
const account = (n: number, changes: Partial<AccountNow> = {}): AccountNow => ({
  payee: payeeOf(n),
  index: n,
  earnedWei: 100n,
  paidWei: 0n,
  lastTried: -1n,
  ...changes,
})
const debt = (n: number, changes: Partial<Debt> = {}): Debt => ({
  payee: payeeOf(n),
  isTicket: false,
  earnedWei: 100n,
  paidWei: 0n,
  ...changes,
})
const fine: Circumstances = {
  isRoundInitialized: true,
  objections: new Map(),
  balanceWei: 10n ** 18n,
  roomWei: 10n ** 18n,
  paymentsMax: 1000,
}
const many = (count: number, isTicket: boolean, from = 0) =>
  Array.from({ length: count }, (_, i) => debt(from + i, { isTicket }))

test('default: everyone who is owed the minimum, by the rail and minimum of the rules', () => {
  const { due, leftOut } = decideDebts(ledger, [account(1), account(2), account(3, { earnedWei: 9n })])
  expect(due.map(({ payee, isTicket }) => [payee, isTicket])).toEqual([
    [payeeOf(1), true],
    [payeeOf(2), false],
  ])
  expect(leftOut).toEqual([{ payee: payeeOf(3), owedWei: 9n, reason: 'BELOW_MINIMUM' }])
})

test('behavior: nothing is due to who has it all, or was shown more than was earned', () => {
  const accounts = [account(2, { paidWei: 100n }), account(3, { paidWei: 101n })]
  expect(decideDebts(ledger, accounts)).toEqual({ due: [], leftOut: [] })
})

test('behavior: the longest untried first, then the oldest account', () => {
  const accounts = [account(5, { lastTried: 3n }), account(4, { lastTried: 2n }), account(7), account(6)]
  expect(decideDebts(ledger, accounts).due.map(({ payee }) => payee)).toEqual([6, 7, 4, 5].map(payeeOf))
})

test('behavior: a full commit leaves the rest for the next, each rail for itself', () => {
  const due = [...many(ticketsPerCommitMax + 2, true), ...many(directsPerCommitMax + 3, false, 500)]
  const { payments, leftOut } = decidePayouts(due, fine)
  expect(payments).toHaveLength(ticketsPerCommitMax + directsPerCommitMax)
  expect(leftOut.map(({ reason }) => reason)).toEqual(Array(5).fill('COMMIT_FULL'))
  expect(payments.at(0)).toEqual(due[0])
})

test('behavior: after a revert fewer are paid at once', () => {
  const { payments, leftOut } = decidePayouts(many(5, false), { ...fine, paymentsMax: 2 })
  expect([payments.length, leftOut.length]).toEqual([2, 3])
})

test.each([
  ['NO_ROUNDS_MANAGER', undefined],
  ['ROUND_NOT_INITIALIZED', false],
] as const)('behavior: tickets wait with %s, direct payments go on', (reason, isRoundInitialized) => {
  const { payments, leftOut } = decidePayouts([debt(1, { isTicket: true }), debt(2)], { ...fine, isRoundInitialized })
  expect(payments).toEqual([debt(2)])
  expect(leftOut).toEqual([{ payee: payeeOf(1), owedWei: 100n, reason }])
})

test('behavior: what the chain objects to is passed on', () => {
  const objections = new Map([
    [payeeOf(1), { reason: 'ORCHESTRATOR_INACTIVE' as const }],
    [payeeOf(2), { reason: 'PAYEE_REFUSES' as const, detail: 'reverted' }],
  ])
  const { payments, leftOut } = decidePayouts([debt(1, { isTicket: true }), debt(2), debt(3)], { ...fine, objections })
  expect(payments).toEqual([debt(3)])
  expect(leftOut).toEqual([
    { payee: payeeOf(1), owedWei: 100n, reason: 'ORCHESTRATOR_INACTIVE' },
    { payee: payeeOf(2), owedWei: 100n, reason: 'PAYEE_REFUSES', detail: 'reverted' },
  ])
})

test('behavior: a treasury that is short pays whom it can', () => {
  const due = [debt(1, { earnedWei: 500n }), debt(2, { paidWei: 40n }), debt(3)]
  const { payments, leftOut } = decidePayouts(due, { ...fine, balanceWei: 100n })
  expect(payments.map(({ payee }) => payee)).toEqual([payeeOf(2)])
  expect(leftOut.map(({ reason }) => reason)).toEqual(['TREASURY_SHORT', 'TREASURY_SHORT'])
})

test('behavior: what the window has no room for waits, and smaller debts go through', () => {
  const due = [debt(1, { earnedWei: 500n }), debt(2, { paidWei: 40n }), debt(3)]
  const { payments, leftOut } = decidePayouts(due, { ...fine, roomWei: 100n })
  expect(payments.map(({ payee }) => payee)).toEqual([payeeOf(2)])
  expect(leftOut.map(({ reason }) => reason)).toEqual(['WINDOW_USED', 'WINDOW_USED'])
})
