/** What payees and the operator's signers bring into the log. Authority is their signature: anyone may carry it here. */
import type Router from '@koa/router'
import { batchAnswer } from '../../client/api.ts'
import { signedConfiguration } from '../../client/entries.ts'
import { incoming, readPreference } from '../incoming.ts'
import { readJson } from '../readBody.ts'
import { answer, type Services } from './services.ts'

const configurationBytesMax = 1024 * 1024

export function addEntryRoutes(router: Router, { ingest, rules }: Services): void {
  router.post('/api/preferences', async (context) => {
    answer(context, batchAnswer, await ingest.submit(await readPreference(context.req, rules.domain)))
  })

  router.post('/api/configuration', async (context) => {
    const json = await readJson(context.req, configurationBytesMax)
    answer(context, batchAnswer, await ingest.submit(incoming(signedConfiguration.read(json, ''))))
  })
}
