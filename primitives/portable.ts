/**
 * What the ledger and its wire rest on, in JavaScript: for browsers, and the oracle that `native.ts` is tested
 * against. Which of the two `#primitives` means is said in package.json.
 */
import { secp256k1 } from '@noble/curves/secp256k1.js'
import * as sha2 from '@noble/hashes/sha2.js'
import * as sha3 from '@noble/hashes/sha3.js'
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'

/** Keccak-256 as Ethereum uses it. */
export const keccak256 = (bytes: Uint8Array): Uint8Array => sha3.keccak_256(bytes)

/** SHA-256 (FIPS 180-4). */
export const sha256 = (bytes: Uint8Array): Uint8Array => sha2.sha256(bytes)

/** An ECDSA signature: r and s, 64 bytes, s in the lower half, and the parity of R's y. */
export interface CompactSignature {
  readonly rs: Uint8Array
  readonly parity: number
}

/** Whether 32 bytes are a secret key: not zero, below the curve's order. */
export const isSecretKey = (bytes: Uint8Array): boolean => secp256k1.utils.isValidSecretKey(bytes)

/** The public key of a secret one: 65 bytes, uncompressed. */
export const publicKeyOf = (secretKey: Uint8Array): Uint8Array => secp256k1.getPublicKey(secretKey, false)

/** Signs a 32-byte hash with the nonce of RFC 6979. */
export function sign(hash: Uint8Array, secretKey: Uint8Array): CompactSignature {
  const signature = secp256k1.sign(hash, secretKey, { prehash: false, format: 'recovered', lowS: true })
  return { rs: signature.slice(1), parity: signature[0] as number }
}

/** The public key (65 bytes) that made the signature, or undefined where there is no such point. The half that s lies in is the caller's to check. */
export function recoverPublicKey(hash: Uint8Array, { rs, parity }: CompactSignature): Uint8Array | undefined {
  try {
    const signature = new Uint8Array(65)
    signature[0] = parity
    signature.set(rs, 1)
    return secp256k1.Signature.fromBytes(signature, 'recovered').recoverPublicKey(hash).toBytes(false)
  } catch {
    return undefined // said by exception: that is the answer here
  }
}

/** Base64 with padding (RFC 4648, section 4). */
export const toBase64 = (bytes: Uint8Array): string =>
  btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))

/** The bytes of some base64. Of what is none, undefined or anything: whoever asks must compare what it becomes again. */
export function fromBase64(text: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
  } catch {
    return undefined // said by exception: that is the answer here
  }
}

/** Lower-case digits of the bytes from `start` to `end`. */
export const hexDigits = (bytes: Uint8Array, start: number, end: number): string =>
  bytesToHex(bytes.subarray(start, end))

/** The bytes of hex digits; undefined where they are none, or odd in number. */
export function parseHexDigits(digits: string): Uint8Array | undefined {
  try {
    return hexToBytes(digits)
  } catch {
    return undefined // said by exception: that is the answer here
  }
}
