/** What a sealed thing says in clear: which deployment it is of, which boot sealed it, and its place in the chain of records. */
import { sha256 } from '#primitives'
import { type Hex, toBytes, toHex } from '../ledger/hex.ts'
import { refuse } from '../ledger/refusal.ts'
import type { Domain } from '../ledger/typedData.ts'

const format = 1
export const headerBytes = 118
export const tagBytes = 16

export const sealedKind = { snapshot: 1, record: 2 } as const

export interface SealedHeader extends Domain {
  readonly kind: number
  readonly boot: Hex
  /** Counts all that this boot sealed. */
  readonly iv: bigint
  /** Of a record its own number; of a snapshot that of the last record in it. */
  readonly number: bigint
  /** SHA-256 of the sealed record before; of a snapshot that of the last record in it. Zero where there is none. */
  readonly previous: Hex
  /** Place of a snapshot's chunk and how many there are; 0 of 1 for a record. */
  readonly chunk: number
  readonly chunks: number
}

export function encodeHeader(h: SealedHeader): Buffer {
  const out = Buffer.alloc(headerBytes)
  out.writeUInt8(format, 0)
  out.writeUInt8(h.kind, 1)
  out.writeBigUInt64BE(h.chainId, 2)
  out.set(toBytes(h.verifyingContract), 10)
  out.set(toBytes(h.boot), 30)
  out.writeBigUInt64BE(h.iv, 62)
  out.writeBigUInt64BE(h.number, 70)
  out.set(toBytes(h.previous), 78)
  out.writeUInt32BE(h.chunk, 110)
  out.writeUInt32BE(h.chunks, 114)
  return out
}

/** The header of a sealed thing, not yet to be believed. @throws Refusal `STATE_FORGED` */
export function readHeader(untrusted: Uint8Array): SealedHeader {
  const bytes = Buffer.from(untrusted.buffer, untrusted.byteOffset, untrusted.length)
  if (bytes.length < headerBytes + tagBytes || bytes.readUInt8(0) !== format)
    refuse('STATE_FORGED', 'this is nothing that a core sealed', { bytes: bytes.length })
  return {
    kind: bytes.readUInt8(1),
    chainId: bytes.readBigUInt64BE(2),
    verifyingContract: toHex(bytes.subarray(10, 30)),
    boot: toHex(bytes.subarray(30, 62)),
    iv: bytes.readBigUInt64BE(62),
    number: bytes.readBigUInt64BE(70),
    previous: toHex(bytes.subarray(78, 110)),
    chunk: bytes.readUInt32BE(110),
    chunks: bytes.readUInt32BE(114),
  }
}

/** SHA-256 of a sealed record: what the next one names. */
export const sealedHash = (sealed: Uint8Array): Hex => toHex(sha256(sealed))
