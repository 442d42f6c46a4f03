/** The lanes of this daemon: where each is, and how it is. */
import type Router from '@koa/router'
import { lanesAnswer } from '../../client/api.ts'
import type { Keeper } from '../keeper.ts'
import { answer } from './services.ts'
import { isGateWell } from './tee.ts'

export function addLaneRoutes(router: Router, keepers: readonly Keeper[]): void {
  router.get('/api/lanes', (context) => answer(context, lanesAnswer, { lanes: keepers.map(shown) }))

  // One lane that is down does not make the others unreachable: a lane's own is at /lanes/NAME/healthz.
  router.get('/healthz', (context) => {
    const isWell = keepers.some(isLaneWell)
    context.status = isWell ? 200 : 503
    const lanes = keepers.map((keeper) => [keeper.name, { ok: isLaneWell(keeper), state: keeper.state }])
    context.body = { ok: isWell, lanes: Object.fromEntries(lanes) }
  })
}

const isLaneWell = ({ lane }: Keeper): boolean => lane !== undefined && isGateWell(lane.gate)

function shown({ name, domain, state, lane }: Keeper) {
  const totals = lane?.totals()
  return {
    name,
    path: name === null ? '' : `/lanes/${name}`,
    chainId: domain.chainId,
    verifyingContract: domain.verifyingContract,
    state,
    earnedWei: totals?.earnedWei ?? null,
    paidWei: totals?.paidWei ?? null,
    owedWei: totals ? totals.earnedWei - totals.paidWei : null,
  }
}
