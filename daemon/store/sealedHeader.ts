import { readHeader, sealedHash } from '../../protocol/sealedHeader.ts'
import type { RecordPlace } from './store.ts'

/** A record is not the one after the last that is stored: the core has sealed others, whose replies were lost. */
export class OutOfStep extends Error {
  override readonly name = 'OutOfStep'
}

/** The place of a sealed record. @throws OutOfStep unless it follows `last`, Refusal `STATE_FORGED` where it is none */
export function placeAfter(last: RecordPlace, sealed: Uint8Array): RecordPlace {
  const { number, previous } = readHeader(sealed)
  if (Number(number) !== last.number + 1 || previous !== last.hash)
    throw new OutOfStep(`record ${number} does not follow record ${last.number}`)
  return { number: Number(number), hash: sealedHash(sealed) }
}
