/** For operators: what they need to know and nobody else. */
import type Router from '@koa/router'
import { operatorStatusAnswer, payoutPlanAnswer } from '../../client/operatorApi.ts'
import type { Metrics } from '../metrics.ts'
import type { LeftOut } from '../services/decidePayouts.ts'
import type { Payer } from '../services/payer.ts'
import type { Gate } from '../services/session.ts'
import type { Vitals } from '../services/vitals.ts'
import { answer } from './services.ts'

export interface OperatorServices {
  readonly gate: Gate
  readonly payer: Pick<Payer, 'leftOut' | 'dryRun'>
  readonly vitals: Pick<Vitals, 'signs'>
  readonly metrics: Metrics
}

export function addOperatorRoutes(router: Router, { gate, payer, vitals }: OperatorServices): void {
  router.get('/operator/status', (context) => {
    const { signs } = vitals
    answer(context, operatorStatusAnswer, {
      state: gate.state,
      chain: signs ? { ...signs, blockNumber: BigInt(signs.blockNumber), silentAt: signs.silentAt ?? null } : null,
      leftOut: [...payer.leftOut.values()].map(shown),
    })
  })
  router.get('/operator/payouts', async (context) => {
    const { payments, leftOut, balanceWei, roomWei, round, gas } = await payer.dryRun()
    answer(context, payoutPlanAnswer, {
      payments: payments.map(({ payee, isTicket, paidWei, totalWei }) => {
        return {
          payee,
          rail: isTicket ? ('ticket' as const) : ('direct' as const),
          amountWei: totalWei - paidWei,
          totalWei,
        }
      }),
      leftOut: leftOut.map(shown),
      ...{ balanceWei, roomWei, round: round.number, gas },
    })
  })
}

const shown = ({ detail, ...one }: LeftOut) => ({ ...one, detail: detail?.slice(0, 300) ?? null })
