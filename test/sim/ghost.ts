/**
 * The ledger by a second, simpler hand: who earned what in a branch of history. It knows nothing of limits; it is told only
 * of entries that a core accepted, and says what must have come of them.
 */
import { eventKind } from '../../ledger/config.ts'
import { type Entry, entryLeaf } from '../../ledger/entry.ts'
import { leafHash } from '../../ledger/eventLog.ts'
import { type Hex, toHex, zeroAddress } from '../../ledger/hex.ts'
import type { Configuration, Event } from '../../ledger/structs.ts'
import { hashStruct } from '../../ledger/typedData.ts'
import { firstConfiguration, jobs, streams } from './constants.ts'

export interface Logged {
  readonly entry: Entry
  /** As it travels, and lies in the log. */
  readonly bytes: Uint8Array
  readonly leaf: Uint8Array
  readonly leafHex: Hex
}

const known = new WeakMap<Entry, Logged>()

/** An entry with its leaf hash; entries are shared between runs, and hashed once. */
export function logged<E extends Entry>(entry: E): Logged & { readonly entry: E } {
  const found = known.get(entry)
  if (found) return found as Logged & { readonly entry: E }
  const bytes = entryLeaf(entry)
  const leaf = leafHash(bytes)
  const made = { entry, bytes, leaf, leafHex: toHex(leaf) }
  known.set(entry, made)
  return made
}

const hashes = new WeakMap<Configuration, Hex>()
function hashOf(configuration: Configuration): Hex {
  const hash = hashes.get(configuration) ?? hashStruct('Configuration', configuration)
  hashes.set(configuration, hash)
  return hash
}

interface Rule {
  readonly rail: number
  readonly minimumWei: bigint
}

/** Counts what a session is worth as a whole, where the ledger carries what is left of each step. */
interface GhostSession {
  readonly payee: Hex
  readonly lastMs: bigint
  /** Wei times milliseconds, at the prices of their time. */
  readonly worth: bigint
}

const creditOf = (worth: bigint): bigint => worth / streams.unitMs

export class GhostLedger {
  readonly earned = new Map<Hex, bigint>()
  readonly debt = new Map<Hex, bigint>()
  readonly redirects = new Map<Hex, Hex>()
  readonly preferences = new Map<Hex, bigint>()
  /** How payees want to be paid who said so. */
  readonly rules = new Map<Hex, Rule>()
  /** Next sequence of each reporter. */
  readonly sequences = new Map<Hex, bigint>()
  readonly moved = new Map<Hex, bigint>()
  /** Open ones, by reporter and id, the one of the oldest event first. */
  readonly sessions = new Map<string, GhostSession>()
  /** Places in the last batch of events that fit no session. */
  odd: readonly number[] = []
  total = 0n
  configuration: Configuration = firstConfiguration
  configHash: Hex = hashOf(firstConfiguration)

  apply(entry: Entry): void {
    if ('configuration' in entry) {
      this.configuration = entry.configuration
      this.configHash = hashOf(entry.configuration)
    } else if ('preference' in entry) {
      const { payee, number, redirect, rail, minimumWei } = entry.preference
      this.preferences.set(payee, number + 1n)
      this.rules.set(payee, { rail, minimumWei })
      this.redirects.set(payee, redirect)
    } else {
      const { reporter, sequence, events } = entry.batch
      this.sequences.set(reporter, sequence + 1n)
      this.odd = events.flatMap((event, index) => (this.#apply(reporter, event) ? [] : [index]))
    }
  }

  /** Of what is asked for, what must be paid: by the payee's own word, else by the operator's, and never by the host's. */
  railsOf<P extends { readonly payee: Hex; readonly total: bigint; readonly paid: bigint }>(wanted: readonly P[]) {
    const ruleOf = ({ payee }: P): Rule =>
      this.rules.get(payee) ?? this.configuration.payees.find((one) => one.payee === payee) ?? this.configuration
    const isDue = (one: P): boolean =>
      one.total > one.paid && (this.earned.get(one.payee) ?? 0n) - one.paid >= ruleOf(one).minimumWei
    const due = wanted.filter(isDue)
    return { tickets: due.filter((one) => ruleOf(one).rail === 1), direct: due.filter((one) => ruleOf(one).rail === 0) }
  }

  /** @returns false for an event that fits no session */
  #apply(reporter: Hex, event: Event): boolean {
    const { kind, payee, value } = event
    if (kind === eventKind.workload) this.#move(reporter, payee, value * this.#priceOf(jobs), false)
    else if (kind === eventKind.credit || kind === eventKind.debit)
      this.#move(reporter, payee, value, kind === eventKind.debit)
    else return this.#applySession(reporter, event)
    return true
  }

  #applySession(reporter: Hex, { kind, id, payee, value: nowMs }: Event): boolean {
    const { sessionIdleMs, sessionGapMs } = this.configuration.limits
    const name = reporter + id
    const isIdle = ({ lastMs }: GhostSession): boolean => nowMs - lastMs > sessionIdleMs
    const known = this.sessions.get(name)
    if (known && isIdle(known)) this.sessions.delete(name)
    const open = this.sessions.get(name)
    if (kind === eventKind.sessionStart) {
      if (open) return false
      const own = [...this.sessions].filter(([key]) => key.startsWith(reporter))
      const max = this.configuration.reporters.find((rule) => rule.reporter === reporter)?.sessionsMax ?? 0n
      for (const [key] of own.slice(0, Math.max(own.length + 1 - Number(max), 0))) this.sessions.delete(key)
      this.sessions.set(name, { payee, lastMs: nowMs, worth: 0n })
      this.#move(reporter, payee, 0n, false)
      return true
    }
    if (!open || nowMs < open.lastMs) return false
    const elapsedMs = nowMs - open.lastMs
    const worth = open.worth + (elapsedMs > sessionGapMs ? 0n : elapsedMs * this.#priceOf(streams.name))
    this.sessions.delete(name)
    if (kind === eventKind.sessionHeartbeat) this.sessions.set(name, { ...open, lastMs: nowMs, worth })
    this.#move(reporter, open.payee, creditOf(worth) - creditOf(open.worth), false)
    return true
  }

  #priceOf(tariff: Hex): bigint {
    return this.configuration.tariffs.find(({ name }) => name === tariff)?.weiPerUnit ?? 0n
  }

  #move(reporter: Hex, payee: Hex, wei: bigint, isDebit: boolean): void {
    this.moved.set(reporter, (this.moved.get(reporter) ?? 0n) + wei)
    this.#begin(payee)
    if (isDebit) {
      this.debt.set(payee, (this.debt.get(payee) ?? 0n) + wei)
      return
    }
    const left = this.#payDebt(payee, wei)
    const redirect = this.redirects.get(payee) ?? zeroAddress
    if (redirect === zeroAddress) {
      this.#earn(payee, left)
    } else {
      this.#begin(redirect)
      this.#earn(redirect, this.#payDebt(redirect, left))
    }
  }

  #begin(payee: Hex): void {
    if (!this.earned.has(payee)) this.earned.set(payee, 0n)
  }

  #payDebt(payee: Hex, wei: bigint): bigint {
    const debt = this.debt.get(payee) ?? 0n
    const part = debt < wei ? debt : wei
    this.debt.set(payee, debt - part)
    return wei - part
  }

  #earn(payee: Hex, wei: bigint): void {
    this.earned.set(payee, (this.earned.get(payee) ?? 0n) + wei)
    this.total += wei
  }
}

/** Whether one history begins with the other. */
export function isPrefix(
  older: readonly Logged[],
  olderSize: number,
  newer: readonly Logged[],
  newerSize: number,
): boolean {
  if (olderSize > newerSize) return false
  for (let i = 0; i < olderSize; i++) if (older[i]?.leafHex !== newer[i]?.leafHex) return false
  return true
}
