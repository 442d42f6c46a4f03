/** The two calls that the core signs, as they stand in calldata, and what the head of the contract says of one. */
import { decodeFunctionData, getAbiItem, toFunctionSelector } from 'viem'
import { treasuryAbi } from '../../abi/index.ts'
import type { Hex } from '../../ledger/hex.ts'
import { rootOf } from '../../ledger/state.ts'
import type { Commit, Open } from '../../ledger/structs.ts'
import type { Head } from './chain.ts'

/** As `sign_transaction` takes it. */
export type Call =
  | { readonly open: Open; readonly commit: null; readonly signature: Hex }
  | { readonly open: null; readonly commit: Commit; readonly signature: Hex }

const selectors = (['open', 'commit'] as const).map((name) =>
  toFunctionSelector(getAbiItem({ abi: treasuryAbi, name })),
)

/** Undefined where the calldata is another's, as that of a relaying contract. */
export function decodeCall(calldata: Hex): Call | undefined {
  if (!selectors.some((selector) => calldata.startsWith(selector))) return undefined
  const call = decodeFunctionData({ abi: treasuryAbi, data: calldata })
  if (call.functionName !== 'open' && call.functionName !== 'commit') return undefined
  const [, r, vs] = call.args
  const signature: Hex = `${r}${vs.slice(2)}`
  return call.functionName === 'open'
    ? { open: call.args[0], commit: null, signature }
    : { open: null, commit: call.args[0], signature }
}

/**
 * - `fits`: the contract would take it now
 * - `landed`: the head is what the call makes of it, whoever carried it
 * - `overtaken`: the head went another way; the call reverts from now on
 */
export type Standing = 'fits' | 'landed' | 'overtaken'

/** What became of a call, by the head alone: the one thing that counts. Pure. */
export function decideStanding({ open, commit }: Call, head: Head): Standing {
  if (open) {
    const { epoch, boot, prevBoot, counter, root } = open
    if (head.epoch === epoch && head.boot === boot) return 'landed'
    const isNext = head.epoch + 1n === epoch && head.boot === prevBoot
    return isNext && head.counter === counter && head.root === root ? 'fits' : 'overtaken'
  }
  const { epoch, boot, counter, prevRoot, next } = commit
  if (head.counter === counter && head.root === rootOf(next)) return 'landed'
  const isOfBoot = head.epoch === epoch && head.boot === boot
  return isOfBoot && head.counter + 1n === counter && head.root === prevRoot ? 'fits' : 'overtaken'
}
