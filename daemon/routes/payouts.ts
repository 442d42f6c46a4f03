/** Payouts as the contract made them, and all books held against each other. */
import type Router from '@koa/router'
import { type Payout, payoutsAnswer, reconciliationAnswer } from '../../client/api.ts'
import { rail } from '../../ledger/config.ts'
import { type Ledger, payeeRule } from '../../ledger/state.ts'
import type { ChainEvent } from '../chain/events.ts'
import { wordsOf } from '../chain/reason.ts'
import type { PayoutName } from '../store/store.ts'
import { readCursor, readNumber, writeCursor } from './query.ts'
import { answer, readAddress, type Services } from './services.ts'

const limitMax = 1_000
const limitDefault = 100

export function addPayoutRoutes(router: Router, { mirror, store, reconciler }: Services): void {
  router.get('/api/payouts', async (context) => {
    const { payee, before, limit } = context.query
    const count = readNumber(limit, 'limit', { least: 1, most: limitMax, otherwise: limitDefault })
    const events = await store.payouts({
      payee: payee === undefined ? undefined : readAddress(payee, 'payee'),
      before: readCursor(before, 'before'),
      limit: count,
    })
    const last = events.length === count ? events.at(-1) : undefined
    const next = last ? writeCursor(last) : null
    answer(context, payoutsAnswer, { payouts: events.map((event) => payoutOf(mirror.ledger, event)), next })
  })

  router.get('/api/reconciliation', async (context) => {
    answer(context, reconciliationAnswer, await reconciler.reconcile())
  })
}

function payoutOf(ledger: Ledger, event: ChainEvent<PayoutName>): Payout {
  const { args, name, transactionHash, blockNumber, blockTime } = event
  const { payee, amount: amountWei } = args
  const counter = 'counter' in args ? args.counter : null
  const place = { transactionHash, blockNumber: BigInt(blockNumber), at: BigInt(blockTime) }
  const common = { payee, counter, amountWei, ...place }
  if (name === 'Paid') return { ...common, status: 'paid', rail: args.ticket ? 'ticket' : 'direct', reason: null }
  if (name === 'Claimed') return { ...common, status: 'claimed', rail: 'direct', reason: null }
  if (name === 'Exited') return { ...common, status: 'exited', rail: 'direct', reason: null }
  const isTicket = payeeRule(ledger, payee).rail === rail.ticket
  const reason = wordsOf(args.reason).slice(0, 200)
  return { ...common, status: 'failed', rail: isTicket ? 'ticket' : 'direct', reason }
}
