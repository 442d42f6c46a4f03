/**
 * The one transition of the ledger, used unchanged by the core, the daemon's mirror, an auditor's replay and the
 * simulation. A batch is decided whole on paper, then written; a refusal at any point has written nothing.
 */
import type { AuthenticBatch } from './batch.ts'
import { eventKind, isPayeeAllowed } from './config.ts'
import { append } from './eventLog.ts'
import { type Hex, toHex, zeroAddress, zeroHash } from './hex.ts'
import { invariant } from './invariant.ts'
import { refuse } from './refusal.ts'
import { decideSession, isIdle, type Oddity } from './sessions.ts'
import { type Ledger, type ReporterState, type Session, setEarned } from './state.ts'
import type { Event, Reporter, Struct, Tariff } from './structs.ts'

/** Amounts and totals stay below it everywhere, on chain too. */
export const amountCeiling = 2n ** 96n

/** An event that was logged and credited nothing: its place in the batch, and why. */
export interface OddEvent {
  readonly index: number
  readonly reason: Oddity
}

export type Outcome =
  | { readonly status: 'accepted'; readonly position: number; readonly odd: readonly OddEvent[] }
  | { readonly status: 'already_accepted'; readonly position: number }

/** What a batch will do, gathered event by event. Sessions set to undefined are closed. */
interface Draft {
  readonly reporter: Reporter
  readonly before: ReporterState
  readonly credits: Map<Hex, bigint>
  readonly sessions: Map<Hex, Session | undefined>
  readonly odd: OddEvent[]
  openSessions: number
  accountsBegun: bigint
}

interface Due {
  readonly payee: Hex
  readonly wei: bigint
}

/** Applies a batch, or answers a repeat of the reporter's last one. @throws Refusal of the ledger's list: nothing changed */
export function applyBatch(ledger: Ledger, batch: AuthenticBatch): Outcome {
  const draft = decideBatch(ledger, batch)
  if ('status' in draft) return draft
  const position = ledger.log.size
  const { before } = draft

  let total = 0n
  for (const [payee, wei] of draft.credits) {
    setEarned(ledger, payee, (ledger.accounts.get(payee)?.earnedWei ?? 0n) + wei)
    total += wei
  }
  for (const [id, session] of draft.sessions) {
    if (session) before.sessions.set(id, session)
    else before.sessions.delete(id)
  }
  before.spentWei += total
  before.accountsBegun += draft.accountsBegun
  before.nextSequence += 1n
  before.last = { leafHash: batch.leafHash, position }
  ledger.totalEarnedWei += total
  ledger.log = append(ledger.log, batch.leafHash)

  invariant(before.spentWei <= draft.reporter.budgetWei, 'a reporter spent more than its budget')
  invariant(ledger.totalEarnedWei < amountCeiling, 'the total is out of range')
  invariant(before.sessions.size === draft.openSessions, 'open sessions were miscounted')
  return { status: 'accepted', position, odd: draft.odd }
}

function decideBatch(ledger: Ledger, { batch, leafHash }: AuthenticBatch): Draft | Outcome {
  const { rules } = ledger
  const reporter = rules.reporters.get(batch.reporter)
  const before = ledger.reporters.get(batch.reporter)
  if (!reporter || !before) refuse('UNKNOWN_REPORTER', 'no such reporter', { reporter: batch.reporter })

  const expected = `${before.nextSequence}`
  if (batch.sequence > before.nextSequence)
    refuse('SEQUENCE_GAP', 'batches before this one are missing', { expected, got: `${batch.sequence}` })
  if (batch.sequence < before.nextSequence) {
    const { last } = before
    if (last && batch.sequence + 1n === before.nextSequence && toHex(last.leafHash) === toHex(leafHash))
      return { status: 'already_accepted', position: last.position }
    refuse('SEQUENCE_REPEAT', 'this sequence was used by an earlier batch', { expected, got: `${batch.sequence}` })
  }
  const eventsMax = rules.configuration.limits.batchEventsMax
  if (BigInt(batch.events.length) > eventsMax)
    refuse('BATCH_TOO_LARGE', 'too many events in one batch', { max: `${eventsMax}`, got: batch.events.length })

  const draft: Draft = {
    reporter,
    before,
    credits: new Map(),
    sessions: new Map(),
    odd: [],
    openSessions: before.sessions.size,
    accountsBegun: 0n,
  }
  batch.events.forEach((event, index) => {
    decideEvent(ledger, draft, event, index)
  })
  checkAmounts(ledger, draft)
  return draft
}

function decideEvent(ledger: Ledger, draft: Draft, event: Event, index: number): void {
  const { kind } = event
  if (!Object.values<number>(eventKind).includes(kind))
    refuse('KIND_UNKNOWN', 'no such kind of event', { event: index, kind })
  if ((draft.reporter.kinds & (1 << kind)) === 0)
    refuse('KIND_NOT_ALLOWED', 'this reporter may not send events of this kind', { event: index, kind })

  const due = decideDue(ledger, draft, event, index)
  if (due) credit(ledger, draft, due, index)
}

/** What an event credits to whom; nothing if it is odd. */
function decideDue(ledger: Ledger, draft: Draft, event: Event, index: number): Due | undefined {
  const { kind, payee, value } = event
  if (kind === eventKind.credit) {
    if (event.tariff !== zeroHash) refuse('EVENT_MALFORMED', 'a credit names no tariff', { event: index })
    return { payee, wei: value }
  }
  if (kind === eventKind.workload) {
    const tariff = tariffOf(ledger, draft, event.tariff, index)
    if (tariff.unitMs !== 0n) refuse('EVENT_MALFORMED', 'a workload names a tariff of time', { event: index })
    return { payee, wei: value * tariff.weiPerUnit }
  }
  return decideSessionDue(ledger, draft, event, index)
}

function decideSessionDue(ledger: Ledger, draft: Draft, event: Event, index: number): Due | undefined {
  const { limits } = ledger.rules.configuration
  const isStart = event.kind === eventKind.sessionStart
  if (!isStart && (event.payee !== zeroAddress || event.tariff !== zeroHash))
    refuse('EVENT_MALFORMED', 'payee and tariff of a session are fixed by its start', { event: index })

  const found = sessionOf(draft, event.id)
  if (found && isIdle(found, event.value, limits)) setSession(draft, event.id, undefined)
  const open = sessionOf(draft, event.id)
  if (!isStart && !open) return markOdd(draft, index, 'SESSION_NOT_OPEN')

  const { payee, tariff: name } = open ?? event
  const tariff = tariffOf(ledger, draft, name, index)
  if (tariff.unitMs === 0n) refuse('EVENT_MALFORMED', 'a session names a tariff of units', { event: index })
  const step = decideSession(open, event, tariff, limits)
  if (step.odd) return markOdd(draft, index, step.odd)
  if (isStart) makeRoom(draft, event.value, limits, index)
  setSession(draft, event.id, step.session)
  return { payee, wei: step.creditWei }
}

/** Ends idle sessions where the reporter holds as many as it may; a start that still finds no room refuses the batch. */
function makeRoom(draft: Draft, nowMs: bigint, limits: Struct<'Limits'>, index: number): void {
  const max = draft.reporter.sessionsMax
  if (draft.openSessions < max) return
  for (const id of [...draft.before.sessions.keys(), ...draft.sessions.keys()]) {
    const session = sessionOf(draft, id)
    if (session && isIdle(session, nowMs, limits)) setSession(draft, id, undefined)
  }
  if (draft.openSessions >= max) refuse('SESSION_LIMIT', 'too many open sessions', { event: index, max: `${max}` })
}

function markOdd(draft: Draft, index: number, reason: Oddity): undefined {
  draft.odd.push({ index, reason })
}

const sessionOf = (draft: Draft, id: Hex): Session | undefined =>
  draft.sessions.has(id) ? draft.sessions.get(id) : draft.before.sessions.get(id)

function setSession(draft: Draft, id: Hex, session: Session | undefined): void {
  draft.openSessions += Number(session !== undefined) - Number(sessionOf(draft, id) !== undefined)
  draft.sessions.set(id, session)
}

function tariffOf(ledger: Ledger, draft: Draft, name: Hex, index: number): Tariff {
  const tariff = ledger.rules.tariffs.get(name)
  if (!tariff) refuse('TARIFF_UNKNOWN', 'no such tariff', { event: index, tariff: name })
  if (!draft.reporter.tariffs.includes(name))
    refuse('TARIFF_NOT_ALLOWED', 'this reporter may not use this tariff', { event: index, tariff: name })
  return tariff
}

function credit(ledger: Ledger, draft: Draft, { payee, wei }: Due, index: number): void {
  if (!isPayeeAllowed(ledger.rules, payee))
    refuse('PAYEE_REFUSED', 'this address cannot be paid', { event: index, payee })
  if (!ledger.accounts.has(payee) && !draft.credits.has(payee)) {
    draft.accountsBegun += 1n
    const max = draft.reporter.accountsMax
    if (draft.before.accountsBegun + draft.accountsBegun > max)
      refuse('ACCOUNT_LIMIT', 'this reporter may begin no more accounts', { event: index, max: `${max}` })
  }
  const sum = (draft.credits.get(payee) ?? 0n) + wei
  if (sum >= amountCeiling) refuse('AMOUNT_TOO_LARGE', 'an amount is below 2^96 wei', { event: index })
  draft.credits.set(payee, sum)
}

function checkAmounts(ledger: Ledger, { reporter, before, credits }: Draft): void {
  const { payeeMaxWei, batchMaxWei, budgetWei } = reporter
  let total = 0n
  for (const [payee, wei] of credits) {
    if (wei > payeeMaxWei)
      refuse('PAYEE_CAP_EXCEEDED', 'too much for one payee in one batch', {
        payee,
        max: `${payeeMaxWei}`,
        got: `${wei}`,
      })
    total += wei
  }
  if (total > batchMaxWei)
    refuse('BATCH_CAP_EXCEEDED', 'too much in one batch', { max: `${batchMaxWei}`, got: `${total}` })
  if (before.spentWei + total > budgetWei)
    refuse('BUDGET_EXCEEDED', 'the budget of this reporter is spent', {
      left: `${budgetWei - before.spentWei}`,
      got: `${total}`,
    })
  if (ledger.totalEarnedWei + total >= amountCeiling)
    refuse('AMOUNT_TOO_LARGE', 'the total of all accounts stays below 2^96 wei')
}
