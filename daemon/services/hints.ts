/** What the daemon wishes of a transaction. The core holds it to the caps of the ledger's configuration. */
import type { Hex } from '../../ledger/hex.ts'
import type { Struct } from '../../ledger/structs.ts'
import type { TransactionHints } from '../../protocol/messages.ts'
import type { Chain, Fees } from '../chain/chain.ts'

export type Caps = Struct<'FeeCaps'>

/** The lower of two caps, one by one. */
export const lowerCaps = (a: Caps, b: Caps): Caps => ({
  gas: least(a.gas, b.gas),
  maxFeePerGas: least(a.maxFeePerGas, b.maxFeePerGas),
  maxPriorityFeePerGas: least(a.maxPriorityFeePerGas, b.maxPriorityFeePerGas),
})

/** Nodes let a transaction take another's place for a tenth more at least; this is more than that after any rounding. */
const replacePercent = 113n

export interface HintOrder {
  readonly sender: Hex
  readonly gas: bigint
  /** The last that this account signed, if any. */
  readonly replaced: (Fees & { readonly nonce: number }) | undefined
}

/**
 * Nonce and fees as the node says now, gas as given, all within the caps. The nonce is that of the last block: one of ours
 * that still waits is either replaced by this one, which offers more, or lands and makes this one's nonce spent.
 */
export async function fetchHints(
  chain: Pick<Chain, 'nonce' | 'fees'>,
  caps: Caps,
  { sender, gas, replaced }: HintOrder,
): Promise<TransactionHints> {
  const [nonce, fees] = await Promise.all([chain.nonce(sender), chain.fees()])
  const above = (name: keyof Fees): bigint =>
    replaced?.nonce === nonce ? most(fees[name], (replaced[name] * replacePercent) / 100n + 1n) : fees[name]
  const maxFeePerGas = least(above('maxFeePerGas'), caps.maxFeePerGas)
  return {
    nonce: BigInt(nonce),
    gas: least(gas, caps.gas),
    maxFeePerGas,
    // A tip above the whole fee would make the transaction invalid.
    maxPriorityFeePerGas: least(least(above('maxPriorityFeePerGas'), caps.maxPriorityFeePerGas), maxFeePerGas),
  }
}

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b)
const most = (a: bigint, b: bigint): bigint => (a > b ? a : b)
