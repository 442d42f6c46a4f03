/**
 * What the daemon keeps, as one interface: SQLite on one machine, PostgreSQL for several.
 * Every write below is atomic, and durable when its promise resolves, but for `intend`, which says why not. Only the
 * process that leads can write: `STORE_FENCED` otherwise. Everyone can read. Whatever fails throws StoreError.
 */

import type { SignedLogHead } from '../../client/receipt.ts'
import type { SignedConfiguration, Entry as SignedEntry } from '../../ledger/entry.ts'
import type { OddEvent } from '../../ledger/events.ts'
import type { Hex } from '../../ledger/hex.ts'
import type { Commit } from '../../ledger/structs.ts'
import type { WrappedKey } from '../../protocol/messages.ts'
import type { ChainEvent, EventName } from '../chain/events.ts'
import type { StoreError } from './database.ts'
import type { NewGain } from './gains.ts'

/** How far the core's chain of sealed records has come: 0 and the zero hash before the first. */
export interface RecordPlace {
  readonly number: number
  readonly hash: Hex
}

/** A whole sealed state, and the last record that is in it. */
export interface Snapshot {
  readonly chunks: readonly Uint8Array[]
  /** What KMS opens the state with; empty where the configuration names no KMS key. */
  readonly wrappedKeys: readonly WrappedKey[]
  readonly last: RecordPlace
}

/** The state of the ledger as it was when the core signed a commit, to go on from without what came before. */
export interface LedgerState {
  readonly chunks: readonly Uint8Array[]
  /** Of that commit. */
  readonly counter: bigint
}

/** What is in the log, where, and what in it credited nothing. */
export interface Entry {
  readonly position: number
  /** Its bytes in the log. */
  readonly leaf: Uint8Array
  readonly leafHash: Hex
  readonly signed: SignedEntry
  readonly odd: readonly OddEvent[]
}

/** An entry when it is new: with what it brought to whom. */
export interface NewEntry extends Entry {
  readonly gains: readonly NewGain[]
}

/** A batch that named a payee, and what it brought it. */
export interface Gain {
  readonly entry: Entry
  readonly wei: bigint
}

/** What one `apply_event` made durable, together or not at all. */
export interface Accepted {
  readonly sealed: Uint8Array
  readonly entries: readonly NewEntry[]
  readonly head: SignedLogHead
}

export type TransactionStatus = 'pending' | 'landed' | 'reverted' | 'overtaken' | 'unknown'

/** A transaction around what the core signed, by it or by the relayer, byte for byte: it is only ever sent again as it is. */
export interface StoredTransaction {
  readonly hash: Hex
  readonly raw: Hex
  readonly nonce: number
  readonly purpose: 'open' | 'commit'
  readonly status: TransactionStatus
}

/** A commit that the core signed. */
export interface SignedCommit {
  readonly payoutId: Hex
  readonly commit: Commit
  readonly signature: Hex
}

/** A block that the indexer has taken in. */
export interface BlockPoint {
  readonly number: number
  readonly hash: Hex
}

/** Events by which a payee gets money, or does not. */
export const payoutNames = ['Paid', 'PaymentFailed', 'Claimed', 'Exited'] as const satisfies readonly EventName[]
export type PayoutName = (typeof payoutNames)[number]

export interface PayoutQuery {
  readonly payee: Hex | undefined
  /** Only events before this place; undefined: from the newest. */
  readonly before: { readonly blockNumber: number; readonly position: number } | undefined
  readonly limit: number
}

export interface EventQuery {
  /** Only events behind this place; undefined: from the first. */
  readonly after: { readonly blockNumber: number; readonly position: number } | undefined
  readonly limit: number
}

/** One process at a time. */
export interface Leadership {
  /** Grows by each that ever led: what a process of an earlier one writes is refused. */
  readonly generation: number
  /** Resolves when the lead is lost, with the reason. */
  readonly lost: Promise<StoreError>
}

export interface Store {
  /** Waits until no other process leads, then fences off all that did. @throws the signal's reason */
  lead(signal: AbortSignal): Promise<Leadership>

  /** The last record that is stored, in the snapshot or after it; undefined where there is no state at all. */
  lastRecord(): Promise<RecordPlace | undefined>
  /** The snapshot's chunks in order, then every record after it in order. */
  sealedState(): AsyncIterable<Uint8Array>
  /** Those of the snapshot. */
  wrappedKeys(): Promise<readonly WrappedKey[]>
  /** Replaces snapshot and records; adds entries recovered from intents; forgets all intents. */
  saveSnapshot(snapshot: Snapshot, recovered: readonly NewEntry[]): Promise<void>
  /** Adds the next record with what it stands for. @throws OutOfStep if it is not the next */
  saveAccepted(accepted: Accepted): Promise<void>
  /** Adds the next record with the transaction that left the core beside it, the commit in that, if one is, and what an open added to the log. */
  saveSigned(
    sealed: Uint8Array,
    transaction: StoredTransaction,
    commit: SignedCommit | undefined,
    entries?: readonly NewEntry[],
  ): Promise<void>
  /** How many records lie after the snapshot. */
  countRecords(): Promise<number>

  /**
   * Notes entries, as their bytes in the log, that are about to be sent to the core, under the number of the record they will get.
   * Not forced to disk: see the implementation. Forgotten when that record is stored.
   */
  intend(record: number, leaves: readonly Uint8Array[]): Promise<void>
  dropIntents(): Promise<void>
  /** Entries of all intents for records after this one, as their bytes, in the order of sending. */
  intentsAfter(record: number): Promise<readonly Uint8Array[]>

  /** Entries by position, from this one on; from the first if none is given. */
  entries(from?: number): AsyncIterable<Entry>
  /** So many entries from this position on, fewer at the end of the log. */
  entriesFrom(position: number, limit: number): Promise<readonly Entry[]>
  /** Entries that named a payee, newest first, from the one at a position on: none where that names it not, or is not stored. */
  gains(payee: Hex, query: { readonly from: number; readonly limit: number }): Promise<readonly Gain[]>
  /** What the entries from one position up to but not another brought to whom in all, wei: of entries that are stored only. */
  earnings(from: number, below: number): Promise<ReadonlyMap<Hex, bigint>>
  /** The entry of the same author and number, be it these bytes or others. */
  entryLike(signed: SignedEntry): Promise<Entry | undefined>
  /** Configurations behind the first, oldest first. */
  configurations(): Promise<readonly (Entry & { readonly signed: SignedConfiguration })[]>
  /** Leaf hashes of the entries from one position up to but not another, in order. */
  leafHashes(from: number, below: number): AsyncIterable<Hex>
  /** Puts it in the place of the one before. */
  saveLedger(state: LedgerState): Promise<void>
  /** The one that was saved last; undefined where none was, or where it is not as it was saved. */
  ledgerState(): Promise<LedgerState | undefined>
  /** A head signed without a new entry, as for a repeat. */
  saveLogHead(head: SignedLogHead): Promise<void>
  /** The one of the newest epoch and, in it, the largest log. */
  lastLogHead(): Promise<SignedLogHead | undefined>

  commitWithRoot(counter: bigint, root: Hex): Promise<SignedCommit | undefined>
  pendingTransactions(): Promise<readonly StoredTransaction[]>
  /** Transactions with a nonce from `from` up to but not `to`, oldest first. */
  transactionsBetween(from: number, to: number): Promise<readonly StoredTransaction[]>
  /** Adds a transaction around a call that is stored already. */
  saveTransaction(transaction: StoredTransaction): Promise<void>
  markTransaction(hash: Hex, status: TransactionStatus): Promise<void>

  /** The newest block taken in, or undefined before the first. */
  cursor(): Promise<BlockPoint | undefined>
  /** A block whose hash is remembered. */
  blockAt(number: number): Promise<BlockPoint | undefined>
  /** Blocks whose hash is remembered, newest first. */
  blocks(): Promise<readonly BlockPoint[]>
  /** Moves the cursor to the last of `blocks` and adds the events up to it. */
  saveBlocks(blocks: readonly BlockPoint[], events: readonly ChainEvent[]): Promise<void>
  /** Takes back every block and event above `number`. */
  rewindBlocks(number: number): Promise<void>
  /** All events in the order of the chain, those after block `after` if one is given. */
  events(after?: number): AsyncIterable<ChainEvent>
  /** Events of one name behind a place, oldest first. */
  eventsNamed<Name extends EventName>(name: Name, query: EventQuery): Promise<readonly ChainEvent<Name>[]>
  /** The newest events of one name, oldest first. */
  lastNamed<Name extends EventName>(name: Name, limit: number): Promise<readonly ChainEvent<Name>[]>
  /** The newest `Committed` with this counter: of one that was struck out there may be others. */
  committed(counter: bigint): Promise<ChainEvent<'Committed'> | undefined>
  /** The newest `Committed`. */
  lastCommitted(): Promise<ChainEvent<'Committed'> | undefined>
  /** All that payees got, or should have got, newest first. */
  payouts(query: PayoutQuery): Promise<readonly ChainEvent<PayoutName>[]>

  close(): Promise<void>
}
