/** What anyone can check without believing the daemon. Pure; runs in a browser. */
import { keccak256 } from '#primitives'
import { accountLeaf } from '../ledger/accountsTree.ts'
import { concat, type Hex, toBytes, toHex } from '../ledger/hex.ts'
import { rootOf } from '../ledger/state.ts'
import type { Commitment } from '../ledger/structs.ts'

export { verifyConsistency } from '../ledger/eventLog.ts'
export { verifyInclusion } from './inclusion.ts'
export { type Receipt, verifyReceipt } from './receipt.ts'

/** What the daemon says that an account had earned at an anchor. */
export interface AccountProof {
  readonly payee: Hex
  readonly earnedWei: bigint
  readonly commitment: Commitment
  /** Sibling hashes from the account's leaf up. */
  readonly proof: readonly Hex[]
}

/**
 * Whether the commitment is the one behind `root`, and holds this payee with exactly these earnings. The caller reads
 * `root` from the contract: a root that the daemon names proves nothing.
 */
export function verifyAccount({ payee, earnedWei, commitment, proof }: AccountProof, root: Hex): boolean {
  return rootOf(commitment) === root && processProof(accountLeaf(payee, earnedWei), proof) === commitment.accountsRoot
}

/** The root to which a leaf leads, pairs sorted, as OpenZeppelin's `MerkleProof.processProof`. */
function processProof(leaf: Uint8Array, proof: readonly Hex[]): Hex {
  const root = proof.reduce((node, sibling) => {
    const other = toBytes(sibling)
    return keccak256(toHex(node) < sibling ? concat(node, other) : concat(other, node))
  }, leaf)
  return toHex(root)
}
