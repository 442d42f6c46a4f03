/**
 * The accounts of a ledger in the order in which they began, which never changes. Each is a row of 44 bytes: address, then
 * what it earned and what it owes, 12 bytes each. They are saved and loaded as they lie; as objects, a million of them would
 * take three times the room, and seconds to write down.
 */
import { keccak256 } from '#primitives'
import { AccountsTree, withRoom } from './accountsTree.ts'
import { type Hex, toBytes, toHex } from './hex.ts'
import { invariant } from './invariant.ts'
import type { Preference } from './structs.ts'

export const rowBytes = 44
const [earnedAt, debtAt] = [20, 32]

export interface Balance {
  /** Cumulative, never falls. */
  readonly earnedWei: bigint
  /** What debits took and credits have not yet paid back. */
  readonly debtWei: bigint
}

/** An account as it was when it was asked for. */
export interface Account {
  /** Place of the row, and of the leaf in the accounts tree. */
  readonly index: number
  readonly payee: Hex
  readonly balance: Balance
  /** The last that the payee signed. */
  readonly preference: Preference | undefined
}

/** Written by `transition.ts`, and by whoever loads a ledger. */
export class Accounts {
  readonly tree = new AccountsTree((index) => leafOfRow(this.rows(index, index + 1)))
  readonly #indexes = new Map<Hex, number>()
  readonly #preferences = new Map<Hex, Preference>()
  #rows = new Uint8Array(rowBytes)
  #view = new DataView(this.#rows.buffer)

  get size(): number {
    return this.#indexes.size
  }

  has(payee: Hex): boolean {
    return this.#indexes.has(payee)
  }

  /** Where the row of a payee is, for ever. */
  indexOf(payee: Hex): number | undefined {
    return this.#indexes.get(payee)
  }

  get(payee: Hex): Account | undefined {
    const index = this.#indexes.get(payee)
    return index === undefined ? undefined : this.#account(payee, index)
  }

  *values(): Generator<Account> {
    for (const [payee, index] of this.#indexes) yield this.#account(payee, index)
  }

  #account(payee: Hex, index: number): Account {
    const at = index * rowBytes
    const balance = { earnedWei: readUint96(this.#view, at + earnedAt), debtWei: readUint96(this.#view, at + debtAt) }
    return { index, payee, balance, preference: this.#preferences.get(payee) }
  }

  /** Sets a balance, beginning the account if need be. */
  setBalance(payee: Hex, { earnedWei, debtWei }: Balance): void {
    const index = this.#indexes.get(payee) ?? this.#begin(payee)
    writeUint96(this.#view, index * rowBytes + earnedAt, earnedWei)
    writeUint96(this.#view, index * rowBytes + debtAt, debtWei)
    this.tree.touch(index)
  }

  #begin(payee: Hex): number {
    const index = this.size
    this.#reserve(index + 1)
    this.rows(index, index + 1).set(toBytes(payee))
    this.#indexes.set(payee, index)
    return index
  }

  /** Sets what a payee who has an account wants. */
  setPreference(preference: Preference): void {
    invariant(this.has(preference.payee), 'a preference of nobody')
    this.#preferences.set(preference.payee, preference)
  }

  /** The last that each payee signed. */
  preferences(): Iterable<Preference> {
    return this.#preferences.values()
  }

  /** The rows from one place up to another, as they lie: what is set later may show in them. */
  rows(from: number, to: number): Uint8Array {
    return this.#rows.subarray(from * rowBytes, to * rowBytes)
  }

  /** Begins the accounts of such rows. */
  append(rows: Uint8Array): void {
    const [from, count] = [this.size, rows.length / rowBytes]
    this.#reserve(from + count)
    this.rows(from, from + count).set(rows)
    for (let index = from; index < from + count; index++) {
      this.#indexes.set(toHex(this.rows(index, index + 1).subarray(0, earnedAt)), index)
      this.tree.touch(index)
    }
    invariant(this.size === from + count, 'an account began twice')
  }

  #reserve(count: number): void {
    this.#rows = withRoom(this.#rows, count * rowBytes)
    if (this.#rows.buffer !== this.#view.buffer) this.#view = new DataView(this.#rows.buffer)
  }
}

/** What a row says of its account's leaf. */
export const readRow = (row: Uint8Array): { readonly payee: Hex; readonly earnedWei: bigint } => ({
  payee: toHex(row.subarray(0, earnedAt)),
  earnedWei: BigInt(toHex(row.subarray(earnedAt, debtAt))),
})

/** As `accountLeaf` of the row's payee and what it earned, without a number made of it. */
function leafOfRow(row: Uint8Array): Uint8Array {
  const encoded = new Uint8Array(64)
  encoded.set(row.subarray(0, earnedAt), 32 - earnedAt)
  encoded.set(row.subarray(earnedAt, debtAt), 64 - (debtAt - earnedAt))
  return keccak256(keccak256(encoded))
}

function readUint96(view: DataView, at: number): bigint {
  const [high, low] = [view.getUint32(at), view.getBigUint64(at + 4)]
  return high === 0 ? low : (BigInt(high) << 64n) | low // few amounts are that large
}

function writeUint96(view: DataView, at: number, value: bigint): void {
  const high = value >> 64n
  invariant(0n <= high && high < 2n ** 32n, 'an amount is below 2^96 wei')
  view.setUint32(at, Number(high))
  view.setBigUint64(at + 4, BigInt.asUintN(64, value))
}
