/** Reporters: send a batch, ask which sequence is next. */
import type Router from '@koa/router'
import { batchAnswer, reporterAnswer } from '../../client/api.ts'
import { signedBatch } from '../../protocol/messages.ts'
import { Problem } from '../problem.ts'
import { readJson } from '../readJson.ts'
import { answer, readAddress, type Services } from './services.ts'

const bodyBytesMax = 1024 * 1024

export function addBatchRoutes(router: Router, { rules, ingest, mirror }: Services): void {
  router.post('/api/batches', async (context) => {
    const { json, bytes } = await readJson(context.req, bodyBytesMax)
    answer(context, batchAnswer, await ingest.submit(signedBatch.read(json, ''), bytes))
  })

  router.get('/api/reporters/:address', (context) => {
    const reporter = readAddress(context.params.address, 'address')
    const [rule, state] = [rules.reporters.get(reporter), mirror.ledger.reporters.get(reporter)]
    if (!rule || !state) throw new Problem('NOT_FOUND', 'no such reporter', { reporter })
    const { nextSequence, spentWei } = state
    answer(context, reporterAnswer, { reporter, nextSequence, spentWei, budgetWei: rule.budgetWei })
  })
}
