/** For operators: what they need to know and nobody else. */
import type Router from '@koa/router'
import { operatorStatusAnswer } from '../../client/operatorApi.ts'
import type { Metrics } from '../metrics.ts'
import type { Payer } from '../services/payer.ts'
import type { Gate } from '../services/session.ts'
import type { Vitals } from '../services/vitals.ts'
import { answer } from './services.ts'

export interface OperatorServices {
  readonly gate: Gate
  readonly payer: Pick<Payer, 'leftOut'>
  readonly vitals: Pick<Vitals, 'signs'>
  readonly metrics: Metrics
}

export function addOperatorRoutes(router: Router, { gate, payer, vitals }: OperatorServices): void {
  router.get('/operator/status', (context) => {
    const { signs } = vitals
    answer(context, operatorStatusAnswer, {
      state: gate.state,
      chain: signs ? { ...signs, blockNumber: BigInt(signs.blockNumber), silentAt: signs.silentAt ?? null } : null,
      leftOut: [...payer.leftOut.values()].map((one) => ({ ...one, detail: one.detail?.slice(0, 300) ?? null })),
    })
  })
}
