/** secp256k1 signatures in the one form that is accepted everywhere: 64 bytes, low s, the parity in the top bit of s (EIP-2098). */
import { keccak256, recoverPublicKey, sign } from '#primitives'
import { type Hex, toBytes, toHex } from './hex.ts'

/** Half the order of secp256k1: a larger s is the twin of a smaller one (EIP-2). */
const halfOrder: Hex = '0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0'

/** The Ethereum address of an uncompressed public key (65 bytes, leading 4). */
export const addressOf = (publicKey: Uint8Array): Hex => toHex(keccak256(publicKey.subarray(1)).subarray(12))

/** Who signed `hash`, or undefined where the signature is no signature: wrong length, high s, no such point. */
export function recoverAddress(hash: Uint8Array, signature: Hex): Hex | undefined {
  const rs = toBytes(signature)
  if (rs.length !== 64) return undefined
  const parity = (rs[32] as number) >> 7
  rs[32] = (rs[32] as number) & 0x7f
  if (toHex(rs.subarray(32)) > halfOrder) return undefined
  const publicKey = recoverPublicKey(hash, { rs, parity })
  return publicKey && addressOf(publicKey)
}

/** Signs `hash` deterministically (RFC 6979). @returns 64 bytes, EIP-2098. */
export function signHash(hash: Uint8Array, secretKey: Uint8Array): Hex {
  const { rs, parity } = sign(hash, secretKey)
  rs[32] = (rs[32] as number) | (parity << 7)
  return toHex(rs)
}
