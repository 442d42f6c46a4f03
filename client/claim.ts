/** The call with which a payee takes what is due to it, without anyone's help: `claim` of the contract. */
import { keccak256 } from '#primitives'
import { concat, type Hex, toHex, utf8 } from '../ledger/hex.ts'
import { rootOf } from '../ledger/state.ts'
import type { Commitment } from '../ledger/structs.ts'
import { abiEncode, tupleOf } from '../ledger/typedData.ts'

export interface ClaimCall {
  /** What the contract keeps of the commit: its counter, what was paid after it, its time in unix seconds. */
  readonly anchor: { readonly counter: bigint; readonly totalPaidWei: bigint; readonly committedAt: bigint }
  readonly commitment: Commitment
  /** What the commitment proves that the sender earned. */
  readonly earnedWei: bigint
  readonly proof: readonly Hex[]
  /** Who gets the ETH. */
  readonly to: Hex
}

const types = [
  'uint64',
  'bytes32',
  'uint96',
  'uint64', // the members of Anchored: a static tuple lies in place
] as const
const signature = `claim((${types}),${tupleOf('Commitment')},uint96,bytes32[],address)`

/** Calldata of `claim`: the payee sends it from its own address. */
export function encodeClaim({ anchor, commitment, earnedWei, proof, to }: ClaimCall): Hex {
  const { counter, totalPaidWei, committedAt } = anchor
  const anchored = [counter, rootOf(commitment), totalPaidWei, committedAt]
  const rest = abiEncode(
    [...types, 'Commitment', 'uint96', 'bytes32[]', 'address'],
    [...anchored, commitment, earnedWei, proof, to],
  )
  return toHex(concat(keccak256(utf8(signature)).subarray(0, 4), rest))
}
