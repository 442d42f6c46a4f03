/**
 * Brings what the core signed onto the chain. Bytes are stored before they are sent, and sent again as they are for as
 * long as they may land. What became of a call is read from the contract's head, whoever carried it; receipts only say
 * why it did not. That nothing is known is an outcome of its own and never means that it failed: whoever waits here
 * either learns what became of it, or gives up waiting and builds on the head as it truly is then.
 */
import type { Logger } from 'pino'
import type { Hex } from '../../ledger/hex.ts'
import type { TransactionHints } from '../../protocol/messages.ts'
import { type Call, decideStanding, decodeCall, type Standing } from '../chain/calls.ts'
import type { Carrier } from '../chain/carriers.ts'
import type { Chain } from '../chain/chain.ts'
import { type Complain, createComplaints } from '../complaints.ts'
import { durably } from '../durably.ts'
import { Fatal } from '../errors.ts'
import { pause } from '../pause.ts'
import type { Store, StoredTransaction } from '../store/store.ts'
import { type Attempt, decideAttempt, readAttempt, storedTransaction } from './attempts.ts'
import { type Caps, fetchHints } from './hints.ts'

/**
 * - `landed`: the head is the one that the call makes, and as deep as was asked for
 * - `reverted`: mined without effect while it fitted, as for want of gas
 * - `overtaken`: the head went another way: it can land no more
 * - `unknown`: it may land yet, and the contract's compare-and-swap makes that harmless
 */
export type Outcome = 'landed' | 'reverted' | 'overtaken' | 'unknown'

export interface BroadcasterOptions {
  readonly chain: Pick<Chain, 'send' | 'receipt' | 'calldata' | 'nonce' | 'fees' | 'block' | 'head' | 'gasBalance'>
  readonly store: Pick<Store, 'pendingTransactions' | 'transactionsBetween' | 'saveTransaction' | 'markTransaction'>
  /** Undefined where none is configured. */
  readonly relayer: Carrier | undefined
  /** Those in force: a new configuration may change them. */
  readonly caps: () => Caps
  readonly confirmations: number
  readonly pollMs: number
  /** After so many looks at a chain that answers, a call that nobody mines is given up waiting for. */
  readonly looksMax: number
  readonly log: Logger
}

export interface Broadcaster {
  /** Nonce and fees for the next transaction of an account: enough to take the place of its last one, where that waits. */
  hints(sender: Hex, gas: bigint): Promise<TransactionHints>
  /** Sends, and waits for the outcome. The transaction has been stored before. `carrier` is the core's account. */
  settle(transaction: StoredTransaction, carrier: Carrier, signal: AbortSignal): Promise<Outcome>
  /** Settles what an earlier run of this daemon left under way. */
  settlePending(carrier: Carrier, signal: AbortSignal): Promise<void>
}

export function createBroadcaster(options: BroadcasterOptions): Broadcaster {
  const { chain, store, caps, log } = options
  const complain = createComplaints(log)
  /** The last that each account signed. */
  const last = new Map<Hex, Attempt>()
  const remember = (attempt: Attempt): Attempt => {
    last.set(attempt.sender, attempt)
    return attempt
  }

  const hints: Broadcaster['hints'] = (sender, gas) => {
    const before = last.get(sender)
    return fetchHints(chain, caps(), { sender, gas, replaced: before && { ...before, nonce: before.stored.nonce } })
  }
  const context = { ...options, complain, hints, remember }

  const settleAll = async (
    transactions: readonly StoredTransaction[],
    carrier: Carrier,
    signal: AbortSignal,
  ): Promise<Outcome> => {
    const attempts = (await Promise.all(transactions.map(readAttempt))).map(remember)
    const outcome = await wait(context, attempts, carrier, signal)
    for (const { stored } of attempts) await durably(store.markTransaction(stored.hash, outcome))
    const [{ stored }] = attempts as [Attempt]
    const { hash, purpose, nonce } = stored
    const level = outcome === 'landed' ? 'info' : 'warn'
    log[level]({ hash, purpose, nonce, outcome, attempts: attempts.length }, 'transaction settled')
    return outcome
  }
  return {
    hints,
    settle: (transaction, carrier, signal) => settleAll([transaction], carrier, signal),
    async settlePending(carrier, signal) {
      const calls = new Map<Hex, StoredTransaction[]>()
      for (const transaction of await store.pendingTransactions()) {
        const { calldata } = await readAttempt(transaction)
        calls.set(calldata, [...(calls.get(calldata) ?? []), transaction])
      }
      for (const transactions of calls.values()) await settleAll(transactions, carrier, signal)
    },
  }
}

interface Context extends BroadcasterOptions {
  readonly complain: Complain
  readonly hints: Broadcaster['hints']
  readonly remember: (attempt: Attempt) => Attempt
}

/** `attempts` grows by those that are made on the way. */
async function wait(context: Context, attempts: Attempt[], carrier: Carrier, signal: AbortSignal): Promise<Outcome> {
  const { complain, pollMs, looksMax } = context
  const [{ calldata, stored }] = attempts as [Attempt]
  const call = decodeCall(calldata)
  if (!call) throw new Fatal(`the stored transaction ${stored.hash} carries no call of the core's`, 1)
  const stands = createStanding(context, call)
  for (let [looks, since] = [0, 0]; looks < looksMax; ) {
    try {
      const seen = (await stands()) ?? (await look(context, attempts))
      if (seen === 'unseen' || seen === 'spent') {
        looks++
        const isMade = await attemptAgain(context, attempts, {
          carrier,
          looks: looks - since,
          isSpent: seen === 'spent',
        })
        if (isMade) since = looks
      } else if (seen !== 'too_young') return seen
    } catch (error) {
      // A chain that does not answer says nothing against the call: it is no look at all.
      if (error instanceof Fatal) throw error
      complain('the outcome of a transaction is unknown', error, { hash: stored.hash })
    }
    await pause(pollMs, signal)
  }
  return 'unknown'
}

/** Asks what the head says, until it has said the same for as many blocks as is asked for; undefined while the call fits. */
function createStanding({ chain, confirmations }: Context, call: Call) {
  let seen: { readonly standing: Standing; readonly block: number } | undefined
  return async (): Promise<'landed' | 'overtaken' | 'too_young' | undefined> => {
    const [head, { number: block }] = await Promise.all([chain.head(), chain.block()])
    const standing = decideStanding(call, head)
    // The chain may be reorganised, and the same be seen again: the count begins anew.
    if (seen?.standing !== standing || block < seen.block) seen = { standing, block }
    if (standing === 'fits') return undefined
    return block - seen.block >= confirmations ? standing : 'too_young'
  }
}

type Fate = 'waiting' | 'too_young' | 'reverted' | 'spent'

/** One look at transactions whose call still fits; sends what the node does not know. */
async function look(context: Context, attempts: readonly Attempt[]): Promise<'unseen' | Exclude<Fate, 'waiting'>> {
  const fates = await Promise.all(attempts.map((attempt) => fateOf(context, attempt)))
  const waiting = attempts.filter((_, i) => fates[i] === 'waiting')
  for (const attempt of waiting) await sendIfForgotten(context, attempt)
  if (waiting.length > 0) return 'unseen'
  return (['too_young', 'reverted'] as const).find((fate) => fates.includes(fate)) ?? 'spent'
}

async function fateOf({ chain, confirmations }: Context, { stored, sender }: Attempt): Promise<Fate> {
  const nonceNow = await chain.nonce(sender)
  // Asked for after the nonce: what was mined in between is not taken for spent by another.
  const receipt = await chain.receipt(stored.hash)
  if (!receipt) return nonceNow > stored.nonce ? 'spent' : 'waiting'
  // Mined, it says, and yet the head has nothing of it: one of the two answers is old, or a lie.
  if (receipt.status === 'success') return 'waiting'
  const { number } = await chain.block()
  return receipt.blockNumber + confirmations > number ? 'too_young' : 'reverted'
}

/** Where a reorganisation took back earlier ones, this one has to wait for them: the same bytes go out again. */
async function sendIfForgotten({ chain, store, complain }: Context, { stored, sender }: Attempt): Promise<void> {
  const between = await store.transactionsBetween(await chain.nonce(sender), stored.nonce)
  const earlier = await Promise.all(between.map(readAttempt))
  for (const { hash, raw } of [...earlier.filter((one) => one.sender === sender).map((one) => one.stored), stored]) {
    if ((await chain.calldata(hash)) !== undefined) continue
    try {
      await chain.send(raw)
    } catch (error) {
      // What the node says against it may be about a copy of it that it took: the next look shows.
      complain('the node does not take a transaction', error, { hash })
    }
  }
}

interface Wish {
  readonly carrier: Carrier
  /** Since the last attempt was made. */
  readonly looks: number
  readonly isSpent: boolean
}

/** Makes another transaction around the same calldata, if it is time. @returns whether it did */
async function attemptAgain(
  context: Context,
  attempts: Attempt[],
  { carrier, looks, isSpent }: Wish,
): Promise<boolean> {
  const { chain, relayer, store, log } = context
  const [{ calldata, gas, maxFeePerGas, stored }] = attempts as [Attempt]
  const isGasShort = (await chain.gasBalance(carrier.address)) < gas * maxFeePerGas
  if (isGasShort)
    context.complain('the account cannot pay for gas', new Error(`send ETH to ${carrier.address}`), {
      code: 'GAS_SHORT',
    })
  const hasRelayer = relayer !== undefined
  const next = decideAttempt({ attempts: attempts.length, looks, isSpent, isGasShort, hasRelayer })
  if (next === 'none') return false
  const by = next === 'relayer' && relayer ? relayer : carrier
  const hints = await context.hints(by.address, gas)
  const raw = await by.sign(calldata, hints)
  const attempt = context.remember(await readAttempt(storedTransaction(raw, hints.nonce, stored.purpose)))
  // The same nonce, gas and fees: there is nothing above the caps, and nothing new to send.
  if (attempts.some((one) => one.stored.hash === attempt.stored.hash)) return true
  await durably(store.saveTransaction(attempt.stored))
  attempts.push(attempt)
  log.warn({ hash: attempt.stored.hash, instead: stored.hash, by: next, nonce: hints.nonce }, 'signed again')
  await sendIfForgotten(context, attempt)
  return true
}
