/** The proof that the contract's head is the core's own, which it wants before it builds on that head. */
import { decodeFunctionData, getAbiItem, toFunctionSelector } from 'viem'
import { treasuryAbi } from '../../abi/index.ts'
import type { LogTree } from '../../client/logTree.ts'
import type { Hex } from '../../ledger/hex.ts'
import type { Commit, Open } from '../../ledger/structs.ts'
import type { HeadProof } from '../../protocol/messages.ts'
import type { Chain, Head } from '../chain/chain.ts'
import type { Store } from '../store/store.ts'

export interface HeadProofOptions {
  readonly chain: Pick<Chain, 'calldata'>
  readonly store: Pick<Store, 'commitWithRoot' | 'lastCommitted'>
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
  const event = await store.lastCommitted()
  if (event?.args.counter !== counter)
    throw new Error(`the commit with counter ${counter} and root ${root} is not known yet`)
  const calldata = await chain.calldata(event.transactionHash)
  if (!calldata) throw new Error(`the node does not have transaction ${event.transactionHash}`)
  return decodeCommit(calldata)
}

/** A commit and its signature, out of the calldata of a call of `commit`. @throws Error if it is none */
export function decodeCommit(calldata: Hex): { readonly commit: Commit; readonly signature: Hex } {
  const call = decodeFunctionData({ abi: treasuryAbi, data: calldata })
  if (call.functionName !== 'commit') throw new Error(`a call of ${call.functionName} is no commit`)
  const [commit, r, vs] = call.args
  return { commit, signature: `${r}${vs.slice(2)}` }
}

/** The `Open` in the calldata of a call of `open`; undefined where it is another's, as that of a relaying contract. */
export function decodeOpen(calldata: Hex): Open | undefined {
  const selector = toFunctionSelector(getAbiItem({ abi: treasuryAbi, name: 'open' }))
  if (!calldata.startsWith(selector)) return undefined
  const call = decodeFunctionData({ abi: treasuryAbi, data: calldata })
  return call.functionName === 'open' ? call.args[0] : undefined
}
