/** The proof that the contract's head is the core's own, which it wants before it builds on that head. */
import type { LogTree } from '../../client/logTree.ts'
import { rootOf } from '../../ledger/state.ts'
import type { HeadProof } from '../../protocol/messages.ts'
import { decodeCall } from '../chain/calls.ts'
import type { Chain, Head } from '../chain/chain.ts'
import type { Store } from '../store/store.ts'

export interface HeadProofOptions {
  readonly chain: Pick<Chain, 'calldata'>
  readonly store: Pick<Store, 'commitWithRoot' | 'committed'>
  readonly tree: LogTree
}

/** @throws Error if the commit that made the head cannot be found */
export async function makeHeadProof(options: HeadProofOptions, head: Head): Promise<HeadProof> {
  const { epoch, boot, counter, root } = head
  if (counter === 0n) return { epoch, boot, counter, root, made: null, consistency: [] }
  const made = (await options.store.commitWithRoot(counter, root)) ?? (await commitOnChain(options, head))
  const size = Number(made.commit.next.logSize)
  const { commit, signature } = made
  // An anchored log that is longer than what is stored cannot be proved a prefix of it: the core says FOREIGN_ROOT.
  const consistency = size > options.tree.size ? [] : options.tree.consistencyProof(size)
  return { epoch, boot, counter, root, made: { commit, signature }, consistency }
}

/** What the disk has lost is still in the calldata of the transaction that moved the head. */
async function commitOnChain({ chain, store }: HeadProofOptions, { counter, root }: Head) {
  const event = await store.committed(counter)
  if (!event || rootOf(event.args.next) !== root)
    throw new Error(`the commit with counter ${counter} and root ${root} is not known yet`)
  const calldata = await chain.calldata(event.transactionHash)
  if (!calldata) throw new Error(`the node does not have transaction ${event.transactionHash}`)
  const call = decodeCall(calldata)
  if (!call?.commit) throw new Error(`transaction ${event.transactionHash} is no plain call of commit`)
  return call
}
