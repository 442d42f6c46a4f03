/**
 * What an entry brought to whom, beside it as bytes: 20 of the payee, 12 of wei, for each. Written at once with the entry;
 * the index by payee follows behind, in the order of payees and for many entries at a time: row by row it would cost more
 * than all else that is done for an event.
 */
import type { Hex } from '../../ledger/hex.ts'
import type { Query, Row } from './database.ts'

const gainBytes = 32
const payeeBytes = 20

export function encodeGains(gains: ReadonlyMap<Hex, bigint>): Uint8Array {
  const bytes = Buffer.alloc(gains.size * gainBytes)
  let at = 0
  for (const [payee, wei] of gains) {
    bytes.write(payee.slice(2), at, 'hex')
    bytes.writeUInt32BE(Number(wei >> 64n), at + payeeBytes)
    bytes.writeBigUInt64BE(BigInt.asUintN(64, wei), at + payeeBytes + 4)
    at += gainBytes
  }
  return bytes
}

export function* decodeGains(stored: Uint8Array): Generator<[payee: Hex, wei: bigint]> {
  const bytes = Buffer.from(stored.buffer, stored.byteOffset, stored.length)
  for (let at = 0; at < bytes.length; at += gainBytes) yield [payeeAt(bytes, at), weiAt(bytes, at)]
}

/** What an entry brought to one payee, wei; undefined where it did not name it. */
export function gainOf(payee: Hex, stored: Uint8Array): bigint | undefined {
  const bytes = Buffer.from(stored.buffer, stored.byteOffset, stored.length)
  const wanted = Buffer.from(payee.slice(2), 'hex')
  for (let at = 0; at < bytes.length; at += gainBytes)
    if (wanted.compare(bytes, at, at + payeeBytes) === 0) return weiAt(bytes, at)
  return undefined
}

const payeeAt = (bytes: Buffer, at: number): Hex => `0x${bytes.toString('hex', at, at + payeeBytes)}`

const weiAt = (bytes: Buffer, at: number): bigint =>
  (BigInt(bytes.readUInt32BE(at + payeeBytes)) << 64n) | bytes.readBigUInt64BE(at + payeeBytes + 4)

/** Entries below this position are in the index. */
export async function indexedBelow(query: Query): Promise<number> {
  const [row] = await query('SELECT below FROM gains_indexed')
  return row?.below as number
}

/** Index rows of some entries, in the order in which the index has them. */
export const indexRows = (entries: readonly Row[]): [payee: string, position: number, wei: string][] =>
  entries
    .flatMap(({ position, gains }) =>
      [...decodeGains(gains as Uint8Array)].map(([payee, wei]): [string, number, string] => {
        return [payee, position as number, `${wei}`]
      }),
    )
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)) // of one payee by position, as they came
