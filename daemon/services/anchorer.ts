/**
 * Moves the contract's head: pays who is due, anchors what is new. One commit at a time. Nothing is remembered of a
 * commit that did not land: the next is built on the head as it truly is, and the contract pays cumulative totals.
 */
import type { Logger } from 'pino'
import { zeroHash } from '../../ledger/hex.ts'
import { Refusal, type RefusalCode } from '../../ledger/refusal.ts'
import { paymentsPerCommitMax } from '../../protocol/messages.ts'
import { createCoreCarrier } from '../chain/carriers.ts'
import type { Chain, Head } from '../chain/chain.ts'
import { durably } from '../durably.ts'
import { Fatal, messageOf } from '../errors.ts'
import { pause } from '../pause.ts'
import { OutOfStep } from '../store/sealedHeader.ts'
import type { SignedCommit, Store, StoredTransaction } from '../store/store.ts'
import type { Turns } from '../turns.ts'
import { storedTransaction } from './attempts.ts'
import type { Broadcaster, Outcome } from './broadcaster.ts'
import { fetchCommitGas } from './gas.ts'
import { makeHeadProof } from './headProof.ts'
import { sessionOf } from './headWatch.ts'
import type { Mirror } from './mirror.ts'
import { countOf, type Payer, type Plan } from './payer.ts'
import type { Gate, Session } from './session.ts'

/** Where no ticket is made, none is of any round. */
const noRound = { number: 0n, blockHash: zeroHash }
/** What the core refuses because it is not the one that the session began with, or not well. */
const endsSession: readonly string[] = ['HALTED', 'WRONG_PHASE'] satisfies readonly RefusalCode[]

export interface AnchorerOptions {
  readonly gate: Gate
  readonly turns: Turns
  readonly chain: Chain
  readonly store: Store
  readonly mirror: Mirror
  readonly payer: Payer
  readonly broadcaster: Broadcaster
  readonly anchorIntervalMs: number
  readonly payIntervalMs: number
  readonly log: Logger
}

interface Signed extends SignedCommit {
  readonly transaction: StoredTransaction
}

/** Runs until the signal aborts. @throws Fatal, or the signal's reason */
export async function runAnchorer(options: AnchorerOptions, signal: AbortSignal): Promise<never> {
  const { anchorIntervalMs, payIntervalMs, log } = options
  let paymentsMax = paymentsPerCommitMax
  let [payAt, anchorAt] = [now() + payIntervalMs, now() + anchorIntervalMs]
  for (;;) {
    options.payer.nextAtMs = Date.now() + payAt - now()
    await pause(Math.max(0, Math.min(payAt, anchorAt) - now()), signal)
    const isDue = { pay: now() >= payAt, anchor: now() >= anchorAt }
    const session = sessionOf(options.gate)
    try {
      const { outcome, isMoreDue } = session ? await commitOnce(options, session, isDue, paymentsMax, signal) : nothing
      // A commit that ran out of gas because many payments failed must not be tried again as it was.
      if (outcome === 'reverted') paymentsMax = Math.max(1, Math.floor(paymentsMax / 2))
      if (outcome === 'landed') paymentsMax = Math.min(paymentsPerCommitMax, paymentsMax * 2)
      // More are due than one commit holds: the next follows at once.
      if (outcome === 'landed' && isMoreDue) {
        payAt = now()
        continue
      }
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof Fatal) throw error
      const refused = error instanceof Refusal ? { code: error.code, facts: error.facts } : undefined
      log.warn({ reason: messageOf(error), ...refused }, 'no commit')
      if (error instanceof OutOfStep || (refused && endsSession.includes(refused.code))) session?.end(messageOf(error))
    }
    if (isDue.pay) payAt = now() + payIntervalMs
    if (isDue.anchor) anchorAt = now() + anchorIntervalMs
  }
}

interface Done {
  readonly outcome: Outcome | undefined
  /** Whether payees were left out only because the commit was full. */
  readonly isMoreDue: boolean
}

const nothing: Done = { outcome: undefined, isMoreDue: false }

/** Monotone: the clock of the host may jump. */
const now = (): number => performance.now()

async function commitOnce(
  options: AnchorerOptions,
  session: Session,
  isDue: { readonly pay: boolean; readonly anchor: boolean },
  paymentsMax: number,
  signal: AbortSignal,
): Promise<Done> {
  const plan = isDue.pay ? await options.payer.plan(paymentsMax) : undefined
  const head = await options.chain.head()
  // Nothing signed for this boot can land on another's head: the head watch sees it too, and ends the session.
  if (head.boot !== session.boot || head.epoch !== session.epoch) return nothing
  // A change of configuration that one side has not seen yet: such a commit would revert.
  if (head.configHash !== options.mirror.ledger.rules.hash) return nothing
  const hasNews = BigInt(options.mirror.tree.size) > head.logSize
  if (!plan?.payments.length && !(isDue.anchor && hasNews)) return nothing

  const signed = await options.turns.run(() => prepare(options, session, head, plan))
  const carrier = createCoreCarrier(session.core, session.address)
  const outcome = await options.broadcaster.settle(signed.transaction, carrier, signal)
  const { commit, signature } = signed
  if (outcome === 'landed') await session.core.request('confirm_payout', { commit, signature })
  return { outcome, isMoreDue: plan?.leftOut.some(({ reason }) => reason === 'COMMIT_FULL') ?? false }
}

/** Has the core sign the next commit, and stores it before anyone can see it. Runs in a turn: the mirror is the core. */
async function prepare(
  options: AnchorerOptions,
  session: Session,
  head: Head,
  plan: Plan | undefined,
): Promise<Signed> {
  const { chain, store, mirror, log } = options
  const payments = plan?.payments ?? []
  const count = countOf(payments)
  const hints = await options.broadcaster.hints(session.address, await fetchCommitGas(chain, count))
  const reply = await session.core.request('prepare_payouts', {
    head: await makeHeadProof({ chain, store, tree: mirror.tree }, head),
    round: plan?.round ?? noRound,
    payments: payments.map(({ payee, totalWei: total, paidWei: paid }) => ({ payee, total, paid })),
    hints,
  })
  const { payoutId, commit, signature } = reply
  mirror.freeze(commit.next)
  const transaction = storedTransaction(reply.transaction, hints.nonce, 'commit')
  await durably(store.saveSigned(reply.record, transaction, { payoutId, commit, signature }))
  await durably(mirror.keep(commit.counter))
  const { hash } = transaction
  log.info({ payoutId, counter: commit.counter, logSize: commit.next.logSize, ...count, hash }, 'committing')
  return { payoutId, commit, signature, transaction }
}
