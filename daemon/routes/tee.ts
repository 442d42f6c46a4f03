/** The core as it shows itself: its status and its attestation, passed on as they are. */
import type Router from '@koa/router'
import { attestationAnswer, type StatusAnswer, statusAnswer } from '../../client/api.ts'
import { methods } from '../../protocol/messages.ts'
import { CoreLost, NotOpen } from '../errors.ts'
import { createRateLimit } from '../rateLimit.ts'
import { sessionOf } from '../services/headWatch.ts'
import type { Gate } from '../services/session.ts'
import { answer, type Services } from './services.ts'

/** Each asks the core for a signature, which batches wait behind. */
const attestationsPerSecond = 4

const answerMsMax = 5_000

export function addTeeRoutes(router: Router, { rules, gate, mirror, headWatch, payer, http }: Services): void {
  const limit = createRateLimit(attestationsPerSecond, () => http.limited('address'))

  router.get('/healthz', (context) => {
    const isWell = isGateWell(gate)
    context.status = isWell ? 200 : 503
    context.body = { ok: isWell, state: gate.state }
  })

  router.get('/api/tee/status', async (context) => {
    const { chainId, verifyingContract } = rules.domain
    answer(context, statusAnswer, {
      core: await coreStatus(gate),
      chainId,
      verifyingContract,
      head: headWatch.head ?? null,
      isEpochOpen: sessionOf(gate) !== undefined,
      state: gate.state,
      nextPayoutAt: payer.nextAtMs === undefined ? null : BigInt(Math.floor(payer.nextAtMs / 1000)),
      waitsFor: configurationAwaited(mirror, headWatch) ?? null,
    })
  })

  router.get('/api/tee/attestation', async (context) => {
    await limit.take('everyone')
    const { core } = gate
    if (!core) throw new NotOpen(gate.state)
    const params = methods.attestation.params.read({ nonce: context.query.nonce ?? null }, '')
    answer(context, attestationAnswer, await core.request('attestation', params, AbortSignal.timeout(answerMsMax)))
  })
}

/** One that follows is well: it serves the public reads. */
export const isGateWell = (gate: Gate): boolean => sessionOf(gate) !== undefined || gate.state === 'following'

/** While contract and log name two configurations no commit lands: which side is behind is the operator's to say. */
function configurationAwaited({ ledger }: Services['mirror'], { head }: Services['headWatch']): string | undefined {
  const { hash } = ledger.rules
  if (!head || head.configHash === hash) return undefined
  return `the contract names configuration ${head.configHash}, and the log is under ${hash}: nothing is anchored until they agree`
}

/** Null while there is no core, or one that is too busy to say. */
async function coreStatus({ core }: Gate): Promise<StatusAnswer['core']> {
  const timeout = AbortSignal.timeout(answerMsMax)
  try {
    return (await core?.request('status', {}, timeout)) ?? null
  } catch (error) {
    if (timeout.aborted || error instanceof CoreLost) return null
    throw error
  }
}
