/** What may leave beside commits: the model of `Vault.sol`. */
import type { Hex } from '../../../ledger/hex.ts'
import type { Commitment } from '../../../ledger/structs.ts'
import { isProved } from '../accounts.ts'
import { terms, treasury } from '../constants.ts'
import { min, minus } from '../wei.ts'
import { requireCommitment, requireTrusted, silentAt, unlessFrozen, unlessHalted } from './anchor.ts'
import { receive } from './payees.ts'
import { type Anchored, add, type Frame, get, must, type State } from './state.ts'

export const level = (s: State): bigint => minus(s.used, ((s.time - s.usedAt) * (s.cap / 2n)) / terms.window)
export const room = (s: State): bigint => minus(s.cap / 2n, level(s))
const owedNow = (s: State): bigint => minus(s.totalEarned, s.totalPaid)
export const surplus = (s: State): bigint =>
  minus(get(s.balances, treasury), s.frozen ? minus(s.owed, s.totalExited) : owedNow(s))

/** Counts what is about to leave. */
export function use(s: State, amount: bigint): void {
  s.used = level(s) + amount
  s.usedAt = s.time
  s.totalPaid += amount
}

/** What a payee shows of what it earned. */
export interface Proof {
  readonly anchored: Anchored
  readonly commitment: Commitment
  readonly payee: Hex
  readonly earned: bigint
  readonly proof: readonly Hex[]
  readonly to: Hex
}

export function claim(frame: Frame, p: Proof): void {
  const { state: s, events } = frame
  unlessFrozen(s)
  requireTrusted(s, p.anchored)
  requireEarned(s, p)
  const before = get(s.paid, p.payee)
  const amount = min(minus(p.earned, before), min(room(s), get(s.balances, treasury)))
  must(amount > 0n, 'NothingDue', p.payee)
  s.paid.set(p.payee, before + amount)
  use(s, amount)
  events.push({ name: 'Claimed', args: [p.payee, p.to, amount, before + amount] })
  receive(frame, p.to, amount, 'plenty')
}

export function withdraw(frame: Frame, to: Hex, amount: bigint): void {
  const { state: s, events } = frame
  must(amount <= surplus(s), 'AboveSurplus', surplus(s), amount)
  events.push({ name: 'Withdrawn', args: [to, amount] })
  receive(frame, to, amount, 'plenty')
}

export function setCap({ state: s, events }: Frame, cap: bigint): void {
  s.used = level(s)
  s.usedAt = s.time
  must(cap >= terms.capFloor, 'CapBelowFloor', terms.capFloor, cap)
  s.cap = cap
  events.push({ name: 'CapSet', args: [cap] })
}

export function freeze({ state: s, events }: Frame): void {
  unlessFrozen(s)
  unlessHalted(s)
  must(s.counter > 0n, 'BeforeFirstCommit')
  must(s.time >= silentAt(s), 'NotSilent', silentAt(s))
  s.frozen = true
  s.owed = owedNow(s)
  events.push({ name: 'Frozen', args: [s.owed] })
}

export function exit(frame: Frame, sender: Hex, p: Proof): void {
  const { state: s, events } = frame
  must(s.frozen, 'NotFrozen')
  must(p.to === p.payee || sender === p.payee, 'NotPayee', p.payee, sender)
  requireEarned(s, p)
  const due = minus(p.earned, get(s.paid, p.payee))
  const pot = get(s.balances, treasury) + s.totalExited
  const share = pot < s.owed ? (due * pot) / s.owed : due
  const before = get(s.exited, p.payee)
  must(share > before, 'NothingDue', p.payee)
  s.exited.set(p.payee, share)
  s.totalExited += share - before
  events.push({ name: 'Exited', args: [p.payee, p.to, share - before, share] })
  receive(frame, p.to, share - before, 'plenty')
}

function requireEarned(s: State, { anchored, commitment, payee, earned, proof }: Proof): void {
  requireCommitment(s, anchored, commitment)
  must(isProved(commitment.accountsRoot, payee, earned, proof), 'NotInTree', payee, earned)
}

/** Gifts to the treasury, from nowhere. */
export const give = ({ state: s }: Frame, amount: bigint): void => add(s.balances, treasury, amount)
