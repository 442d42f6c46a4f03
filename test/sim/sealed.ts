/** What a host can read, and rewrite, of sealed things: their headers are in clear. */
import { createHash } from 'node:crypto'
import { toHex } from '../../ledger/hex.ts'
import { readHeader, type SealedHeader, sealedKind } from '../../protocol/sealedHeader.ts'
import { hold } from './broken.ts'

/** Where a header holds the number of its record and the hash of the one before. */
const numberAt = 70
const previousAt = 78

const hashes = new WeakMap<Uint8Array, string>()
function hashOf(sealed: Uint8Array): string {
  const found = hashes.get(sealed) ?? `0x${createHash('sha256').update(sealed).digest('hex')}`
  hashes.set(sealed, found)
  return found
}

const headers = new WeakMap<Uint8Array, SealedHeader>()
function headerOf(sealed: Uint8Array): SealedHeader {
  const header = headers.get(sealed) ?? readHeader(sealed)
  headers.set(sealed, header)
  return header
}

/** Whether records are missing in between: each names the hash of the one before. */
export function isHole(sealed: readonly Uint8Array[]): boolean {
  let last: string | undefined
  for (const one of sealed) {
    const { kind, previous } = headerOf(one)
    if (kind === sealedKind.record && last !== undefined && previous !== last) return true
    last = kind === sealedKind.record ? hashOf(one) : previous
  }
  return false
}

/** The record as it would follow another: one number lower, with another hash of the one before. */
export function renumbered(sealed: Uint8Array, before: Uint8Array | undefined): Uint8Array {
  const copy = Buffer.from(sealed)
  copy.writeBigUInt64BE(copy.readBigUInt64BE(numberAt) - 1n, numberAt)
  if (before && readHeader(before).kind === sealedKind.record)
    copy.set(Buffer.from(hashOf(before).slice(2), 'hex'), previousAt)
  else if (before) copy.set(before.subarray(previousAt, previousAt + 32), previousAt)
  return copy
}

/** Every key and IV seals one thing: whoever has two of one IV can make a third. */
export class SealedOnce {
  readonly #seen = new Map<string, Uint8Array>()

  add(sealed: Uint8Array): void {
    const name = toHex(sealed.subarray(30, previousAt - 8))
    const other = this.#seen.get(name)
    hold('G1', !other || Buffer.compare(other, sealed) === 0, 'two things are sealed under one key and IV')
    this.#seen.set(name, sealed)
  }
}
