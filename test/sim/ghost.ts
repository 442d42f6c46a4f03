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
import { firstConfiguration, jobWei } from './constants.ts'

export interface Logged {
  readonly entry: Entry
  readonly leaf: Uint8Array
  readonly leafHex: Hex
}

const known = new WeakMap<Entry, Logged>()

/** An entry with its leaf hash; entries are shared between runs, and hashed once. */
export function logged(entry: Entry): Logged {
  const found = known.get(entry)
  if (found) return found
  const leaf = leafHash(entryLeaf(entry))
  const made = { entry, leaf, leafHex: toHex(leaf) }
  known.set(entry, made)
  return made
}

export class GhostLedger {
  readonly earned = new Map<Hex, bigint>()
  readonly debt = new Map<Hex, bigint>()
  readonly redirects = new Map<Hex, Hex>()
  readonly preferences = new Map<Hex, bigint>()
  /** Next sequence of each reporter. */
  readonly sequences = new Map<Hex, bigint>()
  readonly moved = new Map<Hex, bigint>()
  total = 0n
  configuration: Configuration = firstConfiguration
  configHash: Hex = hashStruct('Configuration', firstConfiguration)

  apply(entry: Entry): void {
    if ('configuration' in entry) {
      this.configuration = entry.configuration
      this.configHash = hashStruct('Configuration', entry.configuration)
    } else if ('preference' in entry) {
      const { payee, number, redirect } = entry.preference
      this.preferences.set(payee, number + 1n)
      this.redirects.set(payee, redirect)
    } else {
      const { reporter, sequence, events } = entry.batch
      this.sequences.set(reporter, sequence + 1n)
      for (const event of events) this.#apply(reporter, event)
    }
  }

  #apply(reporter: Hex, { kind, payee, value }: Event): void {
    const wei = kind === eventKind.workload ? value * jobWei : value
    this.moved.set(reporter, (this.moved.get(reporter) ?? 0n) + wei)
    this.#begin(payee)
    if (kind === eventKind.debit) {
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
