/**
 * The one transition of the ledger, used unchanged by the core, the daemon's mirror, an auditor's replay and the
 * simulation. An entry is decided whole on paper, then written; a refusal at any point has written nothing.
 */
import { checkNextConfiguration, isPayeeAllowed, isRail, reportersEverMax } from './config.ts'
import {
  type Authentic,
  bringsNewKey,
  type Entry,
  type SignedBatch,
  type SignedConfiguration,
  type SignedPreference,
} from './entry.ts'
import { append } from './eventLog.ts'
import { amountCeiling, type Draft, decideEvent, type OddEvent } from './events.ts'
import { type Hex, toHex, zeroAddress } from './hex.ts'
import { invariant } from './invariant.ts'
import { refuse } from './refusal.ts'
import { type Ledger, listReporters } from './state.ts'

export type Outcome =
  | {
      readonly status: 'accepted'
      readonly position: number
      readonly odd: readonly OddEvent[]
      /** By how much the entry raised what each payee earned, wei; 0 where it only paid down a debt or raised it. */
      readonly gains: ReadonlyMap<Hex, bigint>
    }
  | { readonly status: 'already_accepted'; readonly position: number }

/** Applies an entry, or answers a repeat of a reporter's last batch. @throws Refusal of the ledger's list: nothing changed */
export function applyEntry(ledger: Ledger, entry: Authentic<Entry>): Outcome {
  if ('batch' in entry) return applyBatch(ledger, entry)
  const position = ledger.log.size
  if ('preference' in entry) applyPreference(ledger, entry)
  else applyConfiguration(ledger, entry)
  ledger.log = append(ledger.log, entry.leafHash)
  return { status: 'accepted', position, odd: [], gains: new Map() }
}

function applyBatch(ledger: Ledger, batch: Authentic<SignedBatch>): Outcome {
  const draft = decideBatch(ledger, batch)
  if ('status' in draft) return draft
  const position = ledger.log.size
  const { before } = draft

  const gains = new Map<Hex, bigint>()
  let gainedWei = 0n
  for (const [payee, share] of draft.shares) {
    const gainWei = share.earnedWei - share.earnedBeforeWei
    invariant(gainWei >= 0n && share.debtWei >= 0n, 'what was earned never falls')
    gains.set(payee, gainWei)
    gainedWei += gainWei
    ledger.accounts.setBalance(payee, share)
  }
  for (const [id, session] of draft.sessions) {
    before.sessions.delete(id)
    if (session) before.sessions.set(id, session) // now the last: the order is that of last events
  }
  before.spentWei += draft.movedWei
  before.accountsBegun += draft.accountsBegun
  before.nextSequence += 1n
  before.last = { leafHash: batch.leafHash, position }
  ledger.totalEarnedWei += draft.earnedWei
  ledger.log = append(ledger.log, batch.leafHash)

  invariant(gainedWei === draft.earnedWei, 'the balances do not add up to the total')
  invariant(before.spentWei <= draft.reporter.budgetWei, 'a reporter spent more than its budget')
  invariant(ledger.totalEarnedWei < amountCeiling, 'the total is out of range')
  invariant(before.sessions.size === draft.openSessions, 'open sessions were miscounted')
  return { status: 'accepted', position, odd: draft.odd, gains }
}

function decideBatch(ledger: Ledger, { batch, leafHash }: Authentic<SignedBatch>): Draft | Outcome {
  const { rules } = ledger
  const { reporter: address } = batch
  const before = ledger.reporters.get(address)
  const reporter = rules.reporters.get(address)
  if (!before) refuse('UNKNOWN_REPORTER', 'no such reporter', { reporter: address })
  const { last } = before
  if (last && batch.sequence + 1n === before.nextSequence && toHex(last.leafHash) === toHex(leafHash))
    return { status: 'already_accepted', position: last.position }
  if (!reporter) refuse('REPORTER_CLOSED', 'this reporter was removed from the configuration', { reporter: address })

  checkNext('batches', before.nextSequence, batch.sequence)
  const eventsMax = rules.configuration.limits.batchEventsMax
  if (BigInt(batch.events.length) > eventsMax)
    refuse('BATCH_TOO_LARGE', 'too many events in one batch', { max: `${eventsMax}`, got: batch.events.length })

  const draft: Draft = {
    reporter,
    before,
    shares: new Map(),
    sessions: new Map(),
    odd: [],
    openSessions: before.sessions.size,
    accountsBegun: 0n,
    movedWei: 0n,
    earnedWei: 0n,
  }
  batch.events.forEach((event, index) => {
    decideEvent(ledger, draft, event, index)
  })
  checkAmounts(ledger, draft)
  return draft
}

/** A reporter's batches and a payee's preferences are numbered without gaps: each counts once, in its order. */
function checkNext(what: string, next: bigint, got: bigint): void {
  const facts = { expected: `${next}`, got: `${got}` }
  if (got > next) refuse('SEQUENCE_GAP', `${what} before this one are missing`, facts)
  if (got < next) refuse('SEQUENCE_REPEAT', `this number was used by one of the ${what} before`, facts)
}

function checkAmounts(ledger: Ledger, { reporter, before, shares, movedWei, earnedWei }: Draft): void {
  const { payeeMaxWei, batchMaxWei, budgetWei } = reporter
  for (const [payee, { movedWei: wei }] of shares) {
    if (wei > payeeMaxWei)
      refuse('PAYEE_CAP_EXCEEDED', 'too much for one payee in one batch', {
        payee,
        max: `${payeeMaxWei}`,
        got: `${wei}`,
      })
  }
  if (movedWei > batchMaxWei)
    refuse('BATCH_CAP_EXCEEDED', 'too much in one batch', { max: `${batchMaxWei}`, got: `${movedWei}` })
  if (before.spentWei + movedWei > budgetWei)
    refuse('BUDGET_EXCEEDED', 'the budget of this reporter is spent', {
      left: `${budgetWei > before.spentWei ? budgetWei - before.spentWei : 0n}`,
      got: `${movedWei}`,
    })
  if (ledger.totalEarnedWei + earnedWei >= amountCeiling)
    refuse('AMOUNT_TOO_LARGE', 'the total of all accounts stays below 2^96 wei')
}

function applyPreference(ledger: Ledger, { preference }: Authentic<SignedPreference>): void {
  const { payee, number, redirect } = preference
  const { rules } = ledger
  const account = ledger.accounts.get(payee)
  if (!account) refuse('UNKNOWN_PAYEE', 'this payee has no account yet', { payee })
  checkNext('preferences', account.preference ? account.preference.number + 1n : 0n, number)
  const max = rules.configuration.limits.preferencesMax
  if (number >= max) refuse('PREFERENCE_LIMIT', 'this payee has used up its preferences', { max: `${max}` })
  if (!isRail(preference.rail)) refuse('PREFERENCE_MALFORMED', 'a rail is 0 (direct) or 1 (ticket)', { payee })
  if (redirect !== zeroAddress) {
    if (redirect === payee || !isPayeeAllowed(rules, redirect))
      refuse('PAYEE_REFUSED', 'what is credited cannot be redirected there', { payee: redirect })
    // A debtor could otherwise leave its debt behind.
    if (account.balance.debtWei > 0n)
      refuse('IN_DEBT', 'a payee in debt cannot redirect', { payee, debt: `${account.balance.debtWei}` })
  }
  ledger.accounts.setPreference(preference)
}

function applyConfiguration(ledger: Ledger, entry: Authentic<SignedConfiguration>): void {
  const rules = checkNextConfiguration(ledger.rules, entry.configuration, { isNewKey: bringsNewKey(entry) })
  const fault = 'with those that were ever listed there are too many reporters'
  if (new Set([...ledger.reporters.keys(), ...rules.reporters.keys()]).size > reportersEverMax)
    refuse('BAD_CONFIGURATION', fault, { fault })
  ledger.rules = rules
  listReporters(ledger)
}
