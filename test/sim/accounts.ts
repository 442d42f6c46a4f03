/** The accounts tree by a second hand: what anyone with a copy of an account list can compute. */
import { keccak256 } from '#primitives'
import { type Hex, toBytes, toHex, zeroHash } from '../../ledger/hex.ts'
import { createMemo } from './crypto/memo.ts'

const leaves = createMemo<Hex>()
const leafOf = (payee: Hex, earned: bigint): Hex =>
  leaves(`${payee}${earned}`, () => {
    const word = (digits: string): string => digits.padStart(64, '0')
    return toHex(keccak256(keccak256(toBytes(`0x${word(payee.slice(2))}${word(earned.toString(16))}`))))
  })

const nodes = createMemo<Hex>()
const join = (a: Hex, b: Hex): Hex => {
  const [low, high] = a < b ? [a, b] : [b, a]
  return nodes(low + high, () => toHex(keccak256(toBytes(`${low}${high.slice(2)}` as Hex))))
}

export type Accounts = ReadonlyMap<Hex, bigint>

/** The root over accounts in the order in which they began, and the proof of the one at `index`. */
export function prove(accounts: Accounts, index = 0): { readonly root: Hex; readonly proof: readonly Hex[] } {
  let row = [...accounts].map(([payee, earned]) => leafOf(payee, earned))
  if (row.length === 0) return { root: zeroHash, proof: [] }
  const proof: Hex[] = []
  let place = index
  while (row.length > 1) {
    const sibling = row[place ^ 1]
    if (sibling) proof.push(sibling)
    place >>= 1
    row = row.flatMap((left, i) => (i % 2 ? [] : [row[i + 1] ? join(left, row[i + 1] as Hex) : left]))
  }
  return { root: row[0] as Hex, proof }
}

export const isProved = (root: Hex, payee: Hex, earned: bigint, proof: readonly Hex[]): boolean =>
  proof.reduce(join, leafOf(payee, earned)) === root
