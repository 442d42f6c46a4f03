/** The proof of an account, as OpenZeppelin's and Solady's `MerkleProof` take it. */
import { AccountsTree } from '../ledger/accountsTree.ts'
import { type Hex, toHex } from '../ledger/hex.ts'

/** Sibling hashes from leaf `index` up to the root. @throws RangeError where there is no such leaf */
export function accountProof(tree: AccountsTree, index: number): Hex[] {
  if (!(index >= 0 && index < tree.size)) throw new RangeError('no such leaf')
  tree.root() // brings its inner nodes up to date
  const path: Hex[] = []
  for (let [level, place, count] = [0, index, tree.size]; count > 1; level++) {
    const sibling = place ^ 1
    if (sibling < count) path.push(toHex(tree.node(level, sibling)))
    place >>= 1
    count = (count + 1) >> 1
  }
  return path
}

/** The tree of these leaves. */
export function treeOfLeaves(leaves: readonly Uint8Array[]): AccountsTree {
  const tree = new AccountsTree((index) => leaves[index] as Uint8Array)
  for (const index of leaves.keys()) tree.touch(index)
  return tree
}
