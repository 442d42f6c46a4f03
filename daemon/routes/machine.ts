/** For machines that watch this one: the document of the API, its numbers. */
import type Router from '@koa/router'
import { openapiDocument } from '../openapi.ts'
import type { Services } from './services.ts'

const document = JSON.stringify(openapiDocument)

export function addMachineRoutes(router: Router, { metrics }: Services): void {
  router.get('/api/openapi.json', (context) => {
    context.type = 'application/json'
    context.body = document
  })

  router.get('/metrics', async (context) => {
    context.set('Cache-Control', 'no-store')
    context.type = metrics.registry.contentType
    context.body = await metrics.registry.metrics()
  })
}
