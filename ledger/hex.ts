/**
 * Bytes as `0x` strings, the one form in which hashes, addresses and signatures are held, compared and used as keys.
 * Lower case always: two spellings of one address would be two accounts.
 */

import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import { hexDigits, parseHexDigits } from '#primitives'

export type Hex = `0x${string}`

/** Bytes of a `0x` string. @throws RangeError on odd length or a character that is not hex */
export function toBytes(hex: Hex): Uint8Array {
  const bytes = parseHexDigits(hex.slice(2))
  if (!bytes) throw new RangeError('this is not hex')
  return bytes
}

/** The `0x` string, in lower case, of some bytes. */
export const toHex = (bytes: Uint8Array): Hex => `0x${hexDigits(bytes, 0, bytes.length)}`

/** The `0x` string of the bytes from `start` to `end`. */
export const hexOf = (bytes: Uint8Array, start: number, end: number): Hex => `0x${hexDigits(bytes, start, end)}`

export const zeroAddress: Hex = `0x${'00'.repeat(20)}`
export const zeroHash: Hex = `0x${'00'.repeat(32)}`

export { concatBytes as concat, utf8ToBytes as utf8 }
