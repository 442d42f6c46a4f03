/** Payouts as the contract made them, and all books held against each other. */
import type Router from '@koa/router'
import { type Payout, payoutsAnswer, reconciliationAnswer } from '../../client/api.ts'
import { rail } from '../../ledger/config.ts'
import { type Ledger, payeeRule } from '../../ledger/state.ts'
import { refuse } from '../../protocol/refusal.ts'
import type { ChainEvent } from '../chain/events.ts'
import { wordsOf } from '../services/books.ts'
import { answer, readAddress, type Services } from './services.ts'

const limitMax = 1_000
const limitDefault = 100

export function addPayoutRoutes(router: Router, { mirror, store, reconciler }: Services): void {
  router.get('/api/payouts', async (context) => {
    const { payee, before, limit } = context.query
    const count = readLimit(limit)
    const events = await store.payouts({
      payee: payee === undefined ? undefined : readAddress(payee, 'payee'),
      before: before === undefined ? undefined : readCursor(before),
      limit: count,
    })
    const last = events.length === count ? events.at(-1) : undefined
    const next = last ? `${last.blockNumber}.${last.logIndex}` : null
    answer(context, payoutsAnswer, { payouts: events.map((event) => payoutOf(mirror.ledger, event)), next })
  })

  router.get('/api/reconciliation', async (context) => {
    answer(context, reconciliationAnswer, await reconciler.reconcile())
  })
}

function payoutOf(
  ledger: Ledger,
  { args, name, transactionHash, blockNumber }: ChainEvent<'Paid' | 'PaymentFailed'>,
): Payout {
  const { payee, counter, amount: amountWei } = args
  const common = { payee, counter, amountWei, transactionHash, blockNumber: BigInt(blockNumber) }
  if (name === 'Paid') {
    const { ticket, total } = args
    return { ...common, status: 'paid', rail: ticket ? 'ticket' : 'direct', totalWei: total, reason: null }
  }
  const isTicket = payeeRule(ledger, payee).rail === rail.ticket
  const reason = wordsOf(args.reason).slice(0, 200)
  return { ...common, status: 'failed', rail: isTicket ? 'ticket' : 'direct', totalWei: null, reason }
}

function readLimit(untrusted: unknown): number {
  if (untrusted === undefined) return limitDefault
  const value = typeof untrusted === 'string' && /^[0-9]{1,4}$/.test(untrusted) ? Number(untrusted) : 0
  if (value >= 1 && value <= limitMax) return value
  return refuse('BAD_PARAMS', 'limit: expected 1 to 1000', { path: 'limit', expected: '1 to 1000' })
}

function readCursor(untrusted: unknown) {
  const match = typeof untrusted === 'string' ? /^([0-9]{1,12})\.([0-9]{1,8})$/.exec(untrusted) : null
  if (match) return { blockNumber: Number(match[1]), logIndex: Number(match[2]) }
  return refuse('BAD_PARAMS', 'before: expected the member next of an earlier answer', {
    path: 'before',
    expected: 'a cursor',
  })
}
