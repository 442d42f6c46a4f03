/**
 * Brings signed transactions onto the chain. The bytes are stored before they are sent, and only ever sent again as they
 * are. That nothing is known of a transaction is an outcome of its own and never means that it failed: whoever waits
 * here either learns what became of it, or gives up waiting and builds on the head as it truly is then.
 */

import type { Logger } from 'pino'
import { keccak256 } from 'viem'
import type { Hex } from '../../ledger/hex.ts'
import type { Chain } from '../chain/chain.ts'
import { type Complain, createComplaints } from '../complaints.ts'
import { pause } from '../pause.ts'
import type { Store, StoredTransaction } from '../store/store.ts'

/** After so many looks at a chain that answers, a transaction that nobody mines is given up waiting for. */
const looksMax = 120
/** Nodes take the place of a transaction with another of its nonce only for a tenth more at least. */
const stuckPercent = 125n

/**
 * - `landed`, `reverted`: mined, and as deep as was asked for
 * - `replaced`: its nonce was spent by another transaction
 * - `stuck`: still unknown after long; it may land yet, and the contract's compare-and-swap makes that harmless
 */
export type Outcome = 'landed' | 'reverted' | 'replaced' | 'stuck'

export interface BroadcasterOptions {
  readonly chain: Pick<Chain, 'send' | 'receipt' | 'calldata' | 'nonce' | 'block'>
  readonly store: Pick<Store, 'pendingTransactions' | 'transactionsBetween' | 'markTransaction'>
  readonly confirmations: number
  readonly pollMs: number
  readonly log: Logger
}

export interface Broadcaster {
  /** What the next transaction should offer of the usual fees: more after each that was stuck, for it takes its place. */
  readonly feePercent: bigint
  /** Sends, and waits for the outcome. The transaction has been stored before. */
  settle(transaction: StoredTransaction, sender: Hex, signal: AbortSignal): Promise<Outcome>
  /** Settles what an earlier run of this daemon left under way. */
  settlePending(sender: Hex, signal: AbortSignal): Promise<void>
}

export function createBroadcaster(options: BroadcasterOptions): Broadcaster {
  const { store, pollMs, log } = options
  const complain = createComplaints(log)
  let feePercent = 100n

  const wait = async (transaction: StoredTransaction, sender: Hex, signal: AbortSignal): Promise<Outcome> => {
    for (let looks = 0; looks < looksMax; ) {
      const seen = await look({ ...options, complain }, transaction, sender).catch((error: unknown) => {
        complain('the outcome of a transaction is unknown', error, { hash: transaction.hash })
        return 'silence' as const
      })
      // A chain that does not answer says nothing against the transaction, nor one that is still growing over it.
      if (seen === 'unseen') looks++
      else if (seen !== 'silence' && seen !== 'too_young') return seen
      await pause(pollMs, signal)
    }
    return 'stuck'
  }
  const settle: Broadcaster['settle'] = async (transaction, sender, signal) => {
    const { hash, purpose, nonce } = transaction
    const outcome = await wait(transaction, sender, signal)
    await store.markTransaction(hash, outcome)
    feePercent = outcome === 'stuck' ? (feePercent * stuckPercent) / 100n : 100n
    log[outcome === 'landed' ? 'info' : 'warn']({ hash, purpose, nonce, outcome }, 'transaction settled')
    return outcome
  }

  return {
    get feePercent() {
      return feePercent
    },
    settle,
    async settlePending(sender, signal) {
      for (const transaction of await store.pendingTransactions()) await settle(transaction, sender, signal)
    },
  }
}

type Seen = Exclude<Outcome, 'stuck'> | 'too_young' | 'unseen'
type LookOptions = BroadcasterOptions & { readonly complain: Complain }

/** One look at the chain; sends what the node does not know. */
async function look(options: LookOptions, { hash, raw, nonce }: StoredTransaction, sender: Hex): Promise<Seen> {
  const mined = await outcomeOf(options, hash)
  if (mined) return mined
  const nonceNow = await options.chain.nonce(sender)
  // It may have been mined between the two questions.
  if (nonceNow > nonce) return (await outcomeOf(options, hash)) ?? 'replaced'
  // Where a reorganisation took back earlier ones, this one has to wait for them: the same bytes go out again.
  const before = await options.store.transactionsBetween(nonceNow, nonce)
  for (const one of [...before, { hash, raw }]) await sendIfForgotten(options, one)
  return 'unseen'
}

async function sendIfForgotten(
  { chain, complain }: LookOptions,
  { hash, raw }: Pick<StoredTransaction, 'hash' | 'raw'>,
) {
  if ((await chain.calldata(hash)) !== undefined) return
  try {
    await chain.send(raw)
  } catch (error) {
    // What the node says against it may be about a copy of it that it took: the next look shows.
    complain('the node does not take a transaction', error, { hash })
  }
}

async function outcomeOf({ chain, confirmations }: BroadcasterOptions, hash: Hex): Promise<Seen | undefined> {
  const receipt = await chain.receipt(hash)
  if (!receipt) return undefined
  const { number } = await chain.block()
  if (receipt.blockNumber + confirmations > number) return 'too_young'
  return receipt.status === 'success' ? 'landed' : 'reverted'
}

/** A raw transaction as it is stored before it is sent. */
export const storedTransaction = (
  raw: Hex,
  nonce: bigint,
  purpose: StoredTransaction['purpose'],
): StoredTransaction => ({
  hash: keccak256(raw),
  raw,
  nonce: Number(nonce),
  purpose,
  status: 'pending',
})
