/** Entries out of the bytes that the log holds. */
import { decodeEntry as decode, type Entry } from '../../ledger/entry.ts'
import { ProvedLie } from '../verdict.ts'

/** @throws ProvedLie `ENTRY_MALFORMED` where no core could have written these bytes */
export function decodeEntry(leaf: Uint8Array): Entry {
  try {
    return decode(leaf)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new ProvedLie('ENTRY_MALFORMED', `an entry of the log cannot be read: ${error.message}`)
  }
}
