/** For operators: what they need to know and nobody else. */
import type Router from '@koa/router'
import {
  concernEvent,
  concernsEvent,
  type KmsTrial,
  kmsAnswer,
  operatorStatusAnswer,
  payoutPlanAnswer,
} from '../../client/operatorApi.ts'
import { operatorDocument } from '../openapi.ts'
import type { Change, Concerns } from '../services/concerns.ts'
import type { LeftOut } from '../services/decidePayouts.ts'
import type { Payer } from '../services/payer.ts'
import type { Gate } from '../services/session.ts'
import type { Vitals } from '../services/vitals.ts'
import { openEventStream } from './eventStream.ts'
import { answer } from './services.ts'

export interface OperatorServices {
  readonly gate: Gate
  readonly payer: Pick<Payer, 'leftOut' | 'dryRun'>
  readonly vitals: Pick<Vitals, 'signs'>
  readonly concerns: Concerns
  /** @throws NotOpen where there is no core, and what the core throws */
  tryKms(): Promise<readonly KmsTrial[]>
  readonly ended: AbortSignal
}

const document = JSON.stringify(operatorDocument)

export function addOperatorRoutes(router: Router, services: OperatorServices): void {
  const { gate, payer, vitals, concerns, ended } = services
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
  router.get('/operator/kms', async (context) => answer(context, kmsAnswer, { trials: await services.tryKms() }))
  router.get('/operator/openapi.json', (context) => {
    context.type = 'application/json'
    context.body = document
  })
  // Whoever comes back is told all that is wrong then: no place in it has to be remembered.
  router.get('/operator/stream', (context) => {
    const out = openEventStream(context, ended, () => remove())
    const { now, remove } = concerns.add((change) => out.write(textOf(change)))
    out.write(`retry: 2000\nevent: concerns\ndata: ${JSON.stringify(concernsEvent.write({ concerns: now }))}\n\n`)
  })
}

const textOf = ({ concern, isRaised }: Change): string =>
  `event: ${isRaised ? 'raised' : 'cleared'}\ndata: ${JSON.stringify(concernEvent.write(concern))}\n\n`

const shown = ({ detail, ...one }: LeftOut) => ({ ...one, detail: detail?.slice(0, 300) ?? null })
