/** What the events of one batch do, gathered on paper: nothing here changes the ledger. */
import type { Account } from './accounts.ts'
import { eventKind, isPayeeAllowed, type Rules } from './config.ts'
import { type Hex, zeroAddress, zeroHash } from './hex.ts'
import { refuse } from './refusal.ts'
import { decideSession, isIdle, type Oddity } from './sessions.ts'
import type { Ledger, ReporterState, Session } from './state.ts'
import type { Event, Limits, Reporter, Tariff } from './structs.ts'

/** Amounts and totals stay below it everywhere, on chain too. */
export const amountCeiling = 2n ** 96n

const kinds = new Set<number>(Object.values(eventKind))

/** An event that was logged and credited nothing: its place in the batch, and why. */
export interface OddEvent {
  readonly index: number
  readonly reason: Oddity
}

/** A payee's account as the batch will leave it. */
export interface Share {
  /** What it had earned before. */
  readonly earnedBeforeWei: bigint
  earnedWei: bigint
  debtWei: bigint
  /** What was credited or debited in its name: what caps and budget bound. */
  movedWei: bigint
  /** Where what is credited goes: where the payee wants it, if that may be paid. */
  readonly target: Hex
}

/** What a batch will do, gathered event by event. */
export interface Draft {
  readonly reporter: Reporter
  readonly before: ReporterState
  /** Of all that it names, and of those to whom they redirect. */
  readonly shares: Map<Hex, Share>
  /** Sessions as they will be; undefined is closed. */
  readonly sessions: Map<Hex, Session | undefined>
  readonly odd: OddEvent[]
  openSessions: number
  accountsBegun: bigint
  /** What was credited or debited in all. */
  movedWei: bigint
  /** By how much what is earned in all will grow. */
  earnedWei: bigint
}

interface Move {
  readonly payee: Hex
  readonly wei: bigint
  readonly isDebit: boolean
}

/** Adds one event to the draft. @throws Refusal naming the event's place */
export function decideEvent(ledger: Ledger, draft: Draft, event: Event, index: number): void {
  const { kind } = event
  if (!kinds.has(kind)) refuse('KIND_UNKNOWN', 'no such kind of event', { event: index, kind })
  if ((draft.reporter.kinds & (1 << kind)) === 0)
    refuse('KIND_NOT_ALLOWED', 'this reporter may not send events of this kind', { event: index, kind })

  const move = decideMove(ledger, draft, event, index)
  if (move) applyMove(ledger, draft, move, index)
}

/** What an event credits to whom, or takes; nothing if it is odd. */
function decideMove(ledger: Ledger, draft: Draft, event: Event, index: number): Move | undefined {
  const { kind, payee, value } = event
  if (kind === eventKind.credit || kind === eventKind.debit) {
    if (event.tariff !== zeroHash) refuse('EVENT_MALFORMED', 'a credit or debit names no tariff', { event: index })
    return { payee, wei: value, isDebit: kind === eventKind.debit }
  }
  if (kind === eventKind.workload) {
    const tariff = tariffOf(ledger, draft, event.tariff, index)
    if (tariff.unitMs !== 0n) refuse('EVENT_MALFORMED', 'a workload names a tariff of time', { event: index })
    return { payee, wei: value * tariff.weiPerUnit, isDebit: false }
  }
  return event.kind === eventKind.sessionStart
    ? startSession(ledger, draft, event, index)
    : continueSession(ledger, draft, event, index)
}

function startSession(ledger: Ledger, draft: Draft, event: Event, index: number): Move | undefined {
  const { limits } = ledger.rules.configuration
  const tariff = tariffOf(ledger, draft, event.tariff, index)
  if (tariff.unitMs === 0n) refuse('EVENT_MALFORMED', 'a session names a tariff of units', { event: index })
  endIfIdle(draft, event, limits)
  if (sessionOf(draft, event.id)) return markOdd(draft, index, 'SESSION_ALREADY_OPEN')
  makeRoom(draft, event.value, limits, index)
  setSession(draft, event.id, { payee: event.payee, tariff: event.tariff, lastMs: event.value, remainder: 0n })
  return { payee: event.payee, wei: 0n, isDebit: false }
}

function continueSession(ledger: Ledger, draft: Draft, event: Event, index: number): Move | undefined {
  const { limits } = ledger.rules.configuration
  if (event.payee !== zeroAddress || event.tariff !== zeroHash)
    refuse('EVENT_MALFORMED', 'payee and tariff of a session are fixed by its start', { event: index })
  endIfIdle(draft, event, limits)
  const open = sessionOf(draft, event.id)
  if (!open) return markOdd(draft, index, 'SESSION_NOT_OPEN')

  // The operator may have changed its mind since the start; the reporter cannot, and must not be stuck.
  const tariff = ledger.rules.tariffs.get(open.tariff)
  if (!tariff?.unitMs || !draft.reporter.tariffs.includes(open.tariff)) {
    setSession(draft, event.id, undefined)
    return markOdd(draft, index, 'TARIFF_GONE')
  }
  if (!isPayeeAllowed(ledger.rules, open.payee)) {
    setSession(draft, event.id, undefined)
    return markOdd(draft, index, 'PAYEE_GONE')
  }
  const step = decideSession(open, event, tariff, limits)
  if (step.odd) return markOdd(draft, index, step.odd)
  setSession(draft, event.id, step.session)
  return { payee: open.payee, wei: step.creditWei, isDebit: false }
}

function endIfIdle(draft: Draft, { id, value }: Event, limits: Limits): void {
  const found = sessionOf(draft, id)
  if (found && isIdle(found, value, limits)) setSession(draft, id, undefined)
}

/**
 * Where the reporter holds as many sessions as it may, ends those that had no event for longest, if they are idle; a start
 * that still finds no room refuses the batch. Looks at no more sessions than the batch has events.
 */
function makeRoom(draft: Draft, nowMs: bigint, limits: Limits, index: number): void {
  const max = draft.reporter.sessionsMax
  while (draft.openSessions >= max) {
    const [id, session] = quietest(draft) ?? []
    if (!id || !isIdle(session as Session, nowMs, limits))
      refuse('SESSION_LIMIT', 'too many open sessions', { event: index, max: `${max}` })
    setSession(draft, id, undefined)
  }
}

/** The session whose last event is furthest back in the log. Maps keep the order of last events; what a batch touched is newer. */
function quietest({ before, sessions }: Draft): readonly [Hex, Session | undefined] | undefined {
  for (const entry of before.sessions) if (!sessions.has(entry[0])) return entry
  for (const entry of sessions) if (entry[1]) return entry
  return undefined
}

function markOdd(draft: Draft, index: number, reason: Oddity): undefined {
  draft.odd.push({ index, reason })
}

const sessionOf = (draft: Draft, id: Hex): Session | undefined =>
  draft.sessions.has(id) ? draft.sessions.get(id) : draft.before.sessions.get(id)

function setSession(draft: Draft, id: Hex, session: Session | undefined): void {
  draft.openSessions += Number(session !== undefined) - Number(sessionOf(draft, id) !== undefined)
  draft.sessions.delete(id)
  draft.sessions.set(id, session)
}

function tariffOf(ledger: Ledger, draft: Draft, name: Hex, index: number): Tariff {
  const tariff = ledger.rules.tariffs.get(name)
  if (!tariff) refuse('TARIFF_UNKNOWN', 'no such tariff', { event: index, tariff: name })
  if (!draft.reporter.tariffs.includes(name))
    refuse('TARIFF_NOT_ALLOWED', 'this reporter may not use this tariff', { event: index, tariff: name })
  return tariff
}

function applyMove(ledger: Ledger, draft: Draft, { payee, wei, isDebit }: Move, index: number): void {
  const share = draft.shares.get(payee) ?? addNamed(ledger, draft, payee, index)
  share.movedWei += wei
  draft.movedWei += wei
  if (share.movedWei >= amountCeiling || (isDebit && share.debtWei + wei >= amountCeiling))
    refuse('AMOUNT_TOO_LARGE', 'an amount is below 2^96 wei', { event: index })
  if (isDebit) share.debtWei += wei
  else credit(ledger, draft, share, wei)
}

/** The share of a payee that an event names: where it has no account, one begins. */
function addNamed(ledger: Ledger, draft: Draft, payee: Hex, index: number): Share {
  if (!isPayeeAllowed(ledger.rules, payee))
    refuse('PAYEE_REFUSED', 'this address cannot be paid', { event: index, payee })
  const account = ledger.accounts.get(payee)
  if (!account) beginAccount(draft, index)
  return addShare(ledger.rules, draft, payee, account)
}

function beginAccount(draft: Draft, index: number): void {
  draft.accountsBegun += 1n
  const max = draft.reporter.accountsMax
  if (draft.before.accountsBegun + draft.accountsBegun > max)
    refuse('ACCOUNT_LIMIT', 'this reporter may begin no more accounts', { event: index, max: `${max}` })
}

/** The payee's own debt is paid down first; what is left goes where the payee wants it, one hop, and there by the same rule. */
function credit(ledger: Ledger, draft: Draft, share: Share, wei: bigint): void {
  const left = payDebt(share, wei)
  const { target: to } = share
  const target = draft.shares.get(to) ?? addShare(ledger.rules, draft, to, ledger.accounts.get(to))
  const gain = payDebt(target, left) // its own debt is paid already
  target.earnedWei += gain
  draft.earnedWei += gain
}

/** @returns what is left of `wei` */
function payDebt(share: Share, wei: bigint): bigint {
  const part = share.debtWei < wei ? share.debtWei : wei
  share.debtWei -= part
  return wei - part
}

function addShare(rules: Rules, draft: Draft, payee: Hex, account: Account | undefined): Share {
  const { earnedWei, debtWei } = account?.balance ?? { earnedWei: 0n, debtWei: 0n }
  const redirect = account?.preference?.redirect ?? zeroAddress
  const target = isPayeeAllowed(rules, redirect) ? redirect : payee
  const share = { earnedBeforeWei: earnedWei, earnedWei, debtWei, movedWei: 0n, target }
  draft.shares.set(payee, share)
  return share
}
