/** For machines that watch this one: the document of the API, the numbers of the process and of its lanes. */
import type Router from '@koa/router'
import { AggregatorRegistry } from 'prom-client'
import type { Front } from '../app.ts'
import { openapiDocument } from '../openapi.ts'

const document = JSON.stringify(openapiDocument)

export function addMachineRoutes(router: Router, { keepers, registry }: Pick<Front, 'keepers' | 'registry'>): void {
  router.get('/api/openapi.json', (context) => {
    context.type = 'application/json'
    context.body = document
  })

  router.get('/metrics', async (context) => {
    context.set('Cache-Control', 'no-store')
    context.type = registry.contentType
    // Each lane has all of its names once more, told apart by its label: under each name they are told together.
    const lanes = await Promise.all(keepers.map((keeper) => keeper.registry.getMetricsAsJSON()))
    context.body = (await registry.metrics()) + (await AggregatorRegistry.aggregate(lanes).metrics())
  })
}
