import { expect, test } from 'vitest'
import {
  type AccountNow,
  type Circumstances,
  type Debt,
  decideDebts,
  decidePayouts,
} from '../../../daemon/services/decidePayouts.ts'
import { gasOfCommit } from '../../../daemon/services/gas.ts'
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
  hasFailed: false,
  owedSince: 1,
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
  gasMax: 30_000_000n,
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

test('behavior: the oldest debt first, whatever was tried when; who failed is behind all', () => {
  const accounts = [
    account(4, { owedSince: 9 }),
    account(5, { owedSince: 2, hasFailed: true }),
    account(6, { owedSince: 3, lastTried: 8n }),
  ]
  expect(decideDebts(ledger, accounts).due.map(({ payee }) => payee)).toEqual([6, 4, 5].map(payeeOf))
})

test('behavior: a commit holds what fits its gas at the worst, and the rest is left for the next', () => {
  const gasMax = gasOfCommit({ tickets: 60, directs: 2 })
  const due = [...many(62, true), ...many(3, false, 500)]
  const { payments, leftOut } = decidePayouts(due, { ...fine, gasMax })
  const tickets = payments.filter(({ isTicket }) => isTicket).length
  expect({ tickets, directs: payments.length - tickets }).toEqual({ tickets: 60, directs: 2 })
  expect(leftOut.map(({ reason }) => reason)).toEqual(Array(3).fill('COMMIT_FULL'))
  // Sixty tickets of which all fail fit a transaction on Arbitrum.
  expect(gasMax).toBeLessThan(32_000_000n)
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
  expect(payments).toEqual([{ ...debt(2), totalWei: 100n }])
  expect(leftOut).toEqual([{ payee: payeeOf(1), owedWei: 100n, reason }])
})

test('behavior: what the chain objects to is passed on', () => {
  const objections = new Map([
    [payeeOf(1), { reason: 'ORCHESTRATOR_INACTIVE' as const }],
    [payeeOf(2), { reason: 'PAYEE_REFUSES' as const, detail: 'reverted' }],
  ])
  const { payments, leftOut } = decidePayouts([debt(1, { isTicket: true }), debt(2), debt(3)], { ...fine, objections })
  expect(payments).toEqual([{ ...debt(3), totalWei: 100n }])
  expect(leftOut).toEqual([
    { payee: payeeOf(1), owedWei: 100n, reason: 'ORCHESTRATOR_INACTIVE' },
    { payee: payeeOf(2), owedWei: 100n, reason: 'PAYEE_REFUSES', detail: 'reverted' },
  ])
})

test.each([
  ['TREASURY_SHORT', { balanceWei: 650n }],
  ['WINDOW_USED', { roomWei: 650n }],
] as const)('behavior: with %s the oldest debt gets what is left, and nobody behind it anything', (reason, money) => {
  const due = [debt(1), debt(2, { earnedWei: 900n }), debt(3), debt(4, { paidWei: 99n })]
  const { payments, leftOut } = decidePayouts(due, { ...fine, ...money })
  expect(payments.map(({ payee, totalWei }) => [payee, totalWei])).toEqual([
    [payeeOf(1), 100n],
    [payeeOf(2), 550n],
  ])
  expect(leftOut).toEqual([
    { payee: payeeOf(2), owedWei: 350n, reason },
    { payee: payeeOf(3), owedWei: 100n, reason },
    { payee: payeeOf(4), owedWei: 1n, reason },
  ])
})

test('behavior: who cannot be paid now holds up nobody where money is short', () => {
  const objections = new Map([[payeeOf(1), { reason: 'PAYEE_REFUSES' as const }]])
  const { payments } = decidePayouts([debt(1), debt(2)], { ...fine, objections, balanceWei: 100n })
  expect(payments.map(({ payee }) => payee)).toEqual([payeeOf(2)])
})
