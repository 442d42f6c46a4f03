/** What a sealed record says in clear: its number and which record it follows. The rest is the core's alone. */
import { createHash } from 'node:crypto'
import { type Hex, toHex } from '../../ledger/hex.ts'
import type { RecordPlace } from './store.ts'

const numberAt = 70
const previousAt = 78
const previousEnd = 110

/** A record is not the one after the last that is stored: the core has sealed others, whose replies were lost. */
export class OutOfStep extends Error {
  override readonly name = 'OutOfStep'
}

/** The place of a sealed record. @throws OutOfStep unless it follows `last` */
export function placeAfter(last: RecordPlace, sealed: Uint8Array): RecordPlace {
  const header = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength)
  if (header.length < previousEnd) throw new OutOfStep('this is no sealed record')
  const number = Number(header.readBigUInt64BE(numberAt))
  const previous = toHex(header.subarray(previousAt, previousEnd))
  if (number !== last.number + 1 || previous !== last.hash)
    throw new OutOfStep(`record ${number} does not follow record ${last.number}`)
  return { number, hash: sha256(sealed) }
}

const sha256 = (bytes: Uint8Array): Hex => `0x${createHash('sha256').update(bytes).digest('hex')}`
