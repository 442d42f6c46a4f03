/** Transactions that carry one call, and when the next of them is made. */
import { type Hex as AnyHex, keccak256, parseTransaction, recoverTransactionAddress } from 'viem'
import type { Hex } from '../../ledger/hex.ts'
import type { Fees } from '../chain/chain.ts'
import type { StoredTransaction } from '../store/store.ts'

/** One transaction, as it says itself. */
export interface Attempt extends Fees {
  readonly stored: StoredTransaction
  readonly sender: Hex
  readonly gas: bigint
  readonly calldata: Hex
}

/** So many transactions carry one call at most. */
const attemptsMax = 8
/** So many looks at a chain that answers does a transaction get before another is made beside it. */
const patience = 10

/** A raw transaction as it is stored before it is sent. */
export const storedTransaction = (
  raw: Hex,
  nonce: bigint,
  purpose: StoredTransaction['purpose'],
): StoredTransaction => ({ hash: keccak256(raw), raw, nonce: Number(nonce), purpose, status: 'pending' })

export async function readAttempt(stored: StoredTransaction): Promise<Attempt> {
  const raw = stored.raw as `0x02${string}`
  const { maxFeePerGas = 0n, maxPriorityFeePerGas = 0n, gas = 0n, data = '0x' as AnyHex } = parseTransaction(raw)
  const sender = (await recoverTransactionAddress({ serializedTransaction: raw })).toLowerCase() as Hex
  return { stored, sender, gas, calldata: data, maxFeePerGas, maxPriorityFeePerGas }
}

export interface Situation {
  readonly attempts: number
  /** Looks since the last attempt was made. */
  readonly looks: number
  /** Every attempt's nonce was spent by something else. */
  readonly isSpent: boolean
  /** The core's account cannot pay for the gas. */
  readonly isGasShort: boolean
  readonly hasRelayer: boolean
}

export type NextAttempt = 'none' | 'core' | 'relayer'

/** Whether another transaction is made around the same call, and by whom. Pure. */
export function decideAttempt({ attempts, looks, isSpent, isGasShort, hasRelayer }: Situation): NextAttempt {
  if (attempts >= attemptsMax) return 'none'
  // The relayer at once where the core's account is empty, then by turns: either may be the one that is stuck.
  if (isGasShort) return hasRelayer && (attempts === 1 || looks >= patience) ? 'relayer' : 'none'
  if (!isSpent && looks < patience) return 'none'
  return hasRelayer && attempts % 2 === 0 ? 'relayer' : 'core'
}
