/** Whether what stands at an address is what this version's contracts compile to. */
import { keccak256 } from '#primitives'
import { compiledCode } from '../../abi/code.ts'
import { type Hex, toBytes, toHex } from '../../ledger/hex.ts'

const wordBytes = 32

/** True for the contract's own code, whatever its immutables hold. */
export function isCodeOf(name: keyof typeof compiledCode, code: Hex): boolean {
  const { bytes, hash, immutables } = compiledCode[name]
  const masked = toBytes(code)
  if (masked.length !== bytes) return false
  for (const places of immutables) {
    const words = places.map((at) => toHex(masked.subarray(at, at + wordBytes)))
    // A forger could fill in one broker where the contract tells of it, and another where it pays.
    if (words.some((word) => word !== words[0])) return false
    for (const at of places) masked.fill(0, at, at + wordBytes)
  }
  return toHex(keccak256(masked)) === hash
}
