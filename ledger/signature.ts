/** secp256k1 signatures in the one form that is accepted everywhere: 64 bytes, low s, the parity in the top bit of s (EIP-2098). */
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { concat, type Hex, toBytes, toHex } from './hex.ts'

/** The Ethereum address of an uncompressed public key (65 bytes, leading 4). */
export const addressOf = (publicKey: Uint8Array): Hex => toHex(keccak_256(publicKey.subarray(1)).subarray(12))

/** Who signed `hash`, or undefined where the signature is no signature: wrong length, high s, no such point. */
export function recoverAddress(hash: Uint8Array, signature: Hex): Hex | undefined {
  const bytes = toBytes(signature)
  if (bytes.length !== 64) return undefined
  const parity = (bytes[32] as number) >> 7
  bytes[32] = (bytes[32] as number) & 0x7f
  try {
    const recovered = secp256k1.Signature.fromBytes(concat(new Uint8Array([parity]), bytes), 'recovered')
    if (recovered.hasHighS()) return undefined
    return addressOf(recovered.recoverPublicKey(hash).toBytes(false))
  } catch {
    return undefined // noble says by exception that there is no such point: that is the answer here
  }
}

/** Signs `hash` deterministically (RFC 6979). @returns 64 bytes, EIP-2098. */
export function signHash(hash: Uint8Array, secretKey: Uint8Array): Hex {
  const [parity, ...rs] = secp256k1.sign(hash, secretKey, { prehash: false, format: 'recovered', lowS: true })
  const compact = new Uint8Array(rs)
  compact[32] = (compact[32] as number) | ((parity as number) << 7)
  return toHex(compact)
}
