/**
 * Bytes as `0x` strings, the one form in which hashes, addresses and signatures are held, compared and used as keys.
 * Lower case always: two spellings of one address would be two accounts.
 */
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js'

export type Hex = `0x${string}`

/** Bytes of a `0x` string. Throws on odd length or a character that is not hex. */
export const toBytes = (hex: Hex): Uint8Array => hexToBytes(hex.slice(2))

/** The `0x` string, in lower case, of some bytes. */
export const toHex = (bytes: Uint8Array): Hex => `0x${bytesToHex(bytes)}`

export const zeroAddress: Hex = `0x${'00'.repeat(20)}`
export const zeroHash: Hex = `0x${'00'.repeat(32)}`

export { concatBytes as concat, utf8ToBytes as utf8 }
