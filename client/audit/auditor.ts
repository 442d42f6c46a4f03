/**
 * Computes a ledger again from its log and holds it against everything that the contract says, in the order of the chain:
 * each anchored root, each payment, each configuration that came with a new key. Pure: who feeds it has asked node and daemon.
 */
import { authenticate, bringsNewKey, fromSealed } from '../../ledger/entry.ts'
import type { Hex } from '../../ledger/hex.ts'
import { type Facts, Refusal } from '../../ledger/refusal.ts'
import { commitmentOf as commitmentOfLedger, createLedger, type Ledger, rootOf } from '../../ledger/state.ts'
import { applyEntry } from '../../ledger/transition.ts'
import type { Domain } from '../../ledger/typedData.ts'
import { commitmentOf, decodeEvent, type Payment, paymentsIn, type TreasuryEvent } from '../chain/events.ts'
import type { RawLog } from '../chain/rpc.ts'
import { ProvedLie } from '../verdict.ts'
import { decodeEntry } from './decodeEntry.ts'

/** Something that must never be. */
export interface AuditFinding {
  readonly code: AuditCode
  readonly said: string
  readonly facts: Facts
}

export type AuditCode =
  | 'ENTRY_INVALID'
  | 'ROOT_DOES_NOT_REPLAY'
  | 'COMMIT_OUT_OF_ORDER'
  | 'UNKNOWN_PAYMENT'
  | 'PAID_ABOVE_EARNED'
  | 'UNADMITTED_CONFIGURATION'

/** What was counted so far. */
export interface AuditTotals {
  entries: number
  batches: number
  events: number
  anchors: number
  struck: number
  payments: number
  claims: number
}

/** Where the entries of the log come from: at most `count` from this position on, at least one while there are any. */
export type EntrySource = (from: number, count: number) => Promise<readonly Uint8Array[]>

export interface AuditorOptions {
  readonly domain: Domain
  readonly entries: EntrySource
  readonly onProgress?: (totals: Readonly<AuditTotals>) => void
}

export type Auditor = ReturnType<typeof createAuditor>

const entriesPerRead = 500

export function createAuditor({ domain, entries, onProgress = () => undefined }: AuditorOptions) {
  const findings: AuditFinding[] = []
  const totals: AuditTotals = { entries: 0, batches: 0, events: 0, anchors: 0, struck: 0, payments: 0, claims: 0 }
  const paid = new Map<Hex, bigint>()
  const tickets = new Map<Hex, bigint>()
  const admitted = new Set<Hex>()
  /** Payments whose commit was not met yet: the contract tells of them before it tells of the commit, or after. */
  let held: Payment[] = []
  let totalPaidWei = 0n
  let counter = 0n
  let root: Hex | undefined
  let ledger: Ledger | undefined
  /** The log cannot be replayed further: what follows from it cannot be judged. */
  let isBroken = false

  const find = (code: AuditCode, said: string, facts: Facts = {}): void => {
    findings.push({ code, said, facts })
  }

  /** Replays until the log holds so many entries; fewer where there are no more, or one is invalid. */
  const replayTo = async (size: number): Promise<void> => {
    while (!isBroken && (ledger?.log.size ?? 0) < size) {
      const from = ledger?.log.size ?? 0
      const leaves = await entries(from, Math.min(entriesPerRead, size - from))
      if (leaves.length === 0) return
      for (const leaf of leaves) if (!isBroken) take(leaf)
      onProgress(totals)
    }
  }

  const take = (leaf: Uint8Array): void => {
    const position = ledger?.log.size ?? 0
    try {
      const entry = decodeEntry(leaf)
      if (!ledger) ledger = beginLedger(entry, domain)
      else if (bringsNewKey(entry)) {
        const outcome = applyEntry(ledger, fromSealed(entry, leaf))
        if (outcome.status === 'accepted' && !admitted.has(ledger.rules.hash))
          find('UNADMITTED_CONFIGURATION', 'a configuration came with a new key that the contract never admitted', {
            position,
            config_hash: ledger.rules.hash,
          })
      } else if (applyEntry(ledger, authenticate(ledger.rules, entry, leaf)).status !== 'accepted')
        throw new ProvedLie('REPEATED', 'a batch stands in the log twice')
      totals.entries += 1
      if ('batch' in entry) {
        totals.batches += 1
        totals.events += entry.batch.events.length
      }
    } catch (error) {
      if (!(error instanceof Refusal || error instanceof ProvedLie)) throw error
      isBroken = true
      find('ENTRY_INVALID', `the ledger does not accept what the log holds: ${error.message}`, {
        position,
        reason: error.code,
      })
    }
  }

  const commit = async (event: TreasuryEvent<'Committed'>): Promise<void> => {
    const { args } = event
    const commitment = commitmentOf(event)
    const facts = { counter: `${args.counter}`, root: rootOf(commitment), log_size: `${commitment.logSize}` }
    if (args.counter !== counter + 1n || (root !== undefined && args.prevRoot !== root))
      find('COMMIT_OUT_OF_ORDER', 'a commit does not follow the one before', facts)
    counter = args.counter
    root = rootOf(commitment)
    totals.anchors += 1
    await replayTo(Number(commitment.logSize))
    const computed =
      ledger && BigInt(ledger.log.size) === commitment.logSize ? rootOf(commitmentOfLedger(ledger)) : 'none'
    if (computed !== root)
      find('ROOT_DOES_NOT_REPLAY', 'the log does not lead to the root that was anchored', { ...facts, computed })
    const due = held.filter((payment) => payment.counter <= counter)
    held = held.filter((payment) => payment.counter > counter)
    for (const payment of due) judge(payment.payee, payment)
  }

  const count = (payee: Hex, amountWei: bigint): void => {
    paid.set(payee, (paid.get(payee) ?? 0n) + amountWei)
    totalPaidWei += amountWei
  }

  /** Whether all that was paid to someone so far was earned by the last commit. */
  const judge = (payee: Hex, { transactionHash }: { readonly transactionHash: Hex }): void => {
    const total = paid.get(payee) ?? 0n
    const account = ledger?.accounts.get(payee)
    const facts = { payee, paid: `${total}`, transaction: transactionHash }
    if (!account) find('UNKNOWN_PAYMENT', 'someone was paid whom the log does not name', facts)
    else if (total > account.balance.earnedWei)
      find('PAID_ABOVE_EARNED', 'someone was paid more than the log says was earned', {
        ...facts,
        earned: `${account.balance.earnedWei}`,
      })
  }

  return {
    findings,
    totals,
    /** Wei that events say was paid, by payee; and the part of it that was tickets. */
    paid,
    tickets,
    /** As the contract's register should be: an admission sets it back. */
    get totalPaidWei(): bigint {
      return totalPaidWei
    },
    get ledger(): Ledger | undefined {
      return ledger
    },
    /** The last commit that was held against the log. */
    get counter(): bigint {
      return counter
    },
    /** Names a configuration that the contract admitted, which may stand in the log before its event was fed. */
    admit: (configHash: Hex): void => void admitted.add(configHash),

    /** Takes in the next event of the treasury. `isStruck`: a commit that a later admission took back. */
    async feed(log: RawLog, { isStruck = false }: { readonly isStruck?: boolean } = {}): Promise<void> {
      for (const payment of paymentsIn(log)) {
        totals.payments += 1
        if (payment.isTicket) tickets.set(payment.payee, (tickets.get(payment.payee) ?? 0n) + payment.amountWei)
        count(payment.payee, payment.amountWei)
        if (payment.counter <= counter) judge(payment.payee, payment)
        else held.push(payment)
      }
      const event = decodeEvent(log)
      if (event?.name === 'Claimed') {
        totals.claims += 1
        count(event.args.payee, event.args.amount)
        judge(event.args.payee, event)
      }
      if (event?.name === 'Committed') {
        if (!isStruck) return commit(event)
        totals.struck += 1
      }
      if (event?.name === 'Admitted') {
        admitted.add(event.args.configHash)
        // What left under commits that were struck out counts as lost, and is judged as any payment.
        for (const payment of held.splice(0)) judge(payment.payee, payment)
        totalPaidWei = event.args.totalPaid
        counter = event.args.counter
        root = counter === 0n ? undefined : event.args.root
      }
    },

    /** Replays what lies behind the last anchor: signed, but not anchored. */
    finish: (size: number): Promise<void> => replayTo(size),
  }
}

function beginLedger(entry: ReturnType<typeof decodeEntry>, { chainId, verifyingContract }: Domain): Ledger {
  if (!('configuration' in entry) || entry.signatures.length > 0)
    throw new ProvedLie('NO_CONFIGURATION', 'the log does not begin with a configuration')
  const { configuration } = entry
  if (configuration.chainId !== chainId || configuration.verifyingContract !== verifyingContract)
    throw new ProvedLie('OTHER_LEDGER', 'the log is that of another contract')
  return createLedger(configuration)
}

/** Counters that an admission struck out, by the place of the `Committed` that made them. */
export function findStruck(logs: readonly RawLog[]): ReadonlySet<RawLog> {
  const struck = new Set<RawLog>()
  let live: { readonly log: RawLog; readonly counter: bigint }[] = []
  for (const log of logs) {
    const event = decodeEvent(log)
    if (event?.name === 'Committed') live.push({ log, counter: event.args.counter })
    if (event?.name !== 'Admitted') continue
    const { counter } = event.args
    for (const entry of live) if (entry.counter > counter) struck.add(entry.log)
    live = live.filter((entry) => entry.counter <= counter)
  }
  return struck
}
