/** Reporters: send a batch, ask which sequence is next. */
import type { IncomingMessage } from 'node:http'
import type Router from '@koa/router'
import { batchAnswer, reporterAnswer } from '../../client/api.ts'
import { readBatch } from '../incoming.ts'
import { Problem, problemOf } from '../problem.ts'
import { createRateLimit } from '../rateLimit.ts'
import { answer, readAddress, type Services } from './services.ts'

export function addBatchRoutes(router: Router, { ingest, mirror, limits, rules, http, countBatch }: Services): void {
  const limit = createRateLimit(limits.reporterPerSecond, () => http.limited('reporter'))

  router.post('/api/batches', async (context) => {
    answer(context, batchAnswer, await submit(context.req))
  })

  router.get('/api/reporters/:address', (context) => {
    const reporter = readAddress(context.params.address, 'address')
    const { rules, reporters } = mirror.ledger
    const [rule, state] = [rules.reporters.get(reporter), reporters.get(reporter)]
    if (!rule || !state) throw new Problem('NOT_FOUND', 'no such reporter', { reporter })
    const { nextSequence, spentWei } = state
    answer(context, reporterAnswer, { reporter, nextSequence, spentWei, budgetWei: rule.budgetWei })
  })

  async function submit(request: IncomingMessage) {
    try {
      const batch = await readBatch(request, rules.domain)
      const { reporter } = batch.signed.batch
      await limit.check(reporter)
      const accepted = await ingest.submit(batch)
      countBatch(accepted.status)
      // Only what its own key has just signed counts against a reporter: nobody else can use its share up.
      if (accepted.status === 'accepted') await limit.count(reporter)
      return accepted
    } catch (error) {
      countBatch(problemOf(error).code)
      throw error
    }
  }
}
