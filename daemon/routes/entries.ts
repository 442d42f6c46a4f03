/** What payees and the operator's signers bring into the log. Authority is their signature: anyone may carry it here. */
import type Router from '@koa/router'
import { batchAnswer } from '../../client/api.ts'
import { signedConfiguration, signedPreference } from '../../protocol/messages.ts'
import { readJson } from '../readJson.ts'
import { answer, type Services } from './services.ts'

const preferenceBytesMax = 4 * 1024
const configurationBytesMax = 1024 * 1024

export function addEntryRoutes(router: Router, { ingest }: Services): void {
  router.post('/api/preferences', async (context) => {
    const { json, bytes } = await readJson(context.req, preferenceBytesMax)
    answer(context, batchAnswer, await ingest.submit(signedPreference.read(json, ''), bytes))
  })

  router.post('/api/configuration', async (context) => {
    const { json, bytes } = await readJson(context.req, configurationBytesMax)
    answer(context, batchAnswer, await ingest.submit(signedConfiguration.read(json, ''), bytes))
  })
}
