/**
 * What an entry brought to whom, beside it as bytes: for each 20 of the payee, 12 of wei, and 4 of the position at which
 * the payee was named before. So a payee's entries are a chain from its last one back, and none of them costs more however
 * many there are: an index by payee would be written to in another place for each.
 */
import type { Hex } from '../../ledger/hex.ts'

const gainBytes = 36
const [weiAt, previousAt] = [20, 32]

/** What an entry brought to one whom it named. */
export interface NewGain {
  readonly payee: Hex
  readonly wei: bigint
  /** Position of the entry that named it before; 0 where none did, for there lies the first configuration. */
  readonly previous: number
}

export function encodeGains(gains: readonly NewGain[]): Uint8Array {
  const bytes = Buffer.alloc(gains.length * gainBytes)
  let at = 0
  for (const { payee, wei, previous } of gains) {
    bytes.write(payee.slice(2), at, 'hex')
    bytes.writeUInt32BE(Number(wei >> 64n), at + weiAt)
    bytes.writeBigUInt64BE(BigInt.asUintN(64, wei), at + weiAt + 4)
    bytes.writeUInt32BE(previous, at + previousAt)
    at += gainBytes
  }
  return bytes
}

export function* decodeGains(stored: Uint8Array): Generator<NewGain> {
  const bytes = bufferOf(stored)
  for (let at = 0; at < bytes.length; at += gainBytes) yield readGain(bytes, at)
}

/** What an entry brought to one payee; undefined where it did not name it. */
export function gainOf(payee: Hex, stored: Uint8Array): NewGain | undefined {
  const bytes = bufferOf(stored)
  const wanted = Buffer.from(payee.slice(2), 'hex')
  for (let at = 0; at < bytes.length; at += gainBytes)
    if (wanted.compare(bytes, at, at + weiAt) === 0) return readGain(bytes, at)
  return undefined
}

const bufferOf = (stored: Uint8Array): Buffer => Buffer.from(stored.buffer, stored.byteOffset, stored.length)

const readGain = (bytes: Buffer, at: number): NewGain => ({
  payee: `0x${bytes.toString('hex', at, at + weiAt)}`,
  wei: (BigInt(bytes.readUInt32BE(at + weiAt)) << 64n) | bytes.readBigUInt64BE(at + weiAt + 4),
  previous: bytes.readUInt32BE(at + previousAt),
})
