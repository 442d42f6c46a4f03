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
import { firstConfiguration, jobWei, streams } from './constants.ts'

export interface Logged {
  readonly entry: Entry
  readonly leaf: Uint8Array
  readonly leafHex: Hex
}

const known = new WeakMap<Entry, Logged>()

/** An entry with its leaf hash; entries are shared between runs, and hashed once. */
export function logged<E extends Entry>(entry: E): Logged & { readonly entry: E } {
  const found = known.get(entry)
  if (found) return found as Logged & { readonly entry: E }
  const leaf = leafHash(entryLeaf(entry))
  const made = { entry, leaf, leafHex: toHex(leaf) }
  known.set(entry, made)
  return made
}

const hashes = new WeakMap<Configuration, Hex>()
function hashOf(configuration: Configuration): Hex {
  const hash = hashes.get(configuration) ?? hashStruct('Configuration', configuration)
  hashes.set(configuration, hash)
  return hash
}

/** Counts the time of a session as a whole, where the ledger carries what is left of each step. */
interface GhostSession {
  readonly payee: Hex
  readonly lastMs: bigint
  readonly countedMs: bigint
}

const creditOf = (countedMs: bigint): bigint => (countedMs * streams.weiPerUnit) / streams.unitMs

export class GhostLedger {
  readonly earned = new Map<Hex, bigint>()
  readonly debt = new Map<Hex, bigint>()
  readonly redirects = new Map<Hex, Hex>()
  readonly preferences = new Map<Hex, bigint>()
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
      const { payee, number, redirect } = entry.preference
      this.preferences.set(payee, number + 1n)
      this.redirects.set(payee, redirect)
    } else {
      const { reporter, sequence, events } = entry.batch
      this.sequences.set(reporter, sequence + 1n)
      this.odd = events.flatMap((event, index) => (this.#apply(reporter, event) ? [] : [index]))
    }
  }

  /** @returns false for an event that fits no session */
  #apply(reporter: Hex, event: Event): boolean {
    const { kind, payee, value } = event
    if (kind === eventKind.workload) this.#move(reporter, payee, value * jobWei, false)
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
      this.sessions.set(name, { payee, lastMs: nowMs, countedMs: 0n })
      this.#move(reporter, payee, 0n, false)
      return true
    }
    if (!open || nowMs < open.lastMs) return false
    const elapsedMs = nowMs - open.lastMs
    const countedMs = open.countedMs + (elapsedMs > sessionGapMs ? 0n : elapsedMs)
    this.sessions.delete(name)
    if (kind === eventKind.sessionHeartbeat) this.sessions.set(name, { ...open, lastMs: nowMs, countedMs })
    this.#move(reporter, open.payee, creditOf(countedMs) - creditOf(open.countedMs), false)
    return true
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
