/** The public API over HTTP: thin routes behind what holds for all of them. */
import type { Server } from 'node:http'
import Router from '@koa/router'
import type { Logger } from 'pino'
import {
  allowReadingFromAnywhere,
  answerNotModified,
  answerProblems,
  limitByAddress,
  nameAndCount,
  setSecurityHeaders,
} from './middleware.ts'
import { createRateLimit } from './rateLimit.ts'
import { addBatchRoutes } from './routes/batches.ts'
import { addDeploymentRoute } from './routes/deployment.ts'
import { addEntryRoutes } from './routes/entries.ts'
import { addLedgerRoutes } from './routes/ledger.ts'
import { addLogRoutes } from './routes/log.ts'
import { addMachineRoutes } from './routes/machine.ts'
import { addPageRoutes } from './routes/page.ts'
import { addPayoutRoutes } from './routes/payouts.ts'
import type { Services } from './routes/services.ts'
import { addStreamRoutes } from './routes/stream.ts'
import { addTeeRoutes } from './routes/tee.ts'
import { addTileRoutes } from './routes/tiles.ts'
import { createHttpServer } from './server.ts'

/** The public API as a server that is not yet listening. */
export function createApp(services: Services, log: Logger): Server {
  const { metrics, limits, proxies } = services
  const limit = createRateLimit(limits.addressPerSecond, () => metrics.limited('address'))
  const middlewares = [
    nameAndCount(log, metrics),
    setSecurityHeaders,
    answerProblems(log),
    allowReadingFromAnywhere,
    limitByAddress(limit),
    answerNotModified,
  ]
  return createHttpServer(middlewares, createPublicRouter(services), { proxies, requestMs: limits.requestMs })
}

/** Every public route: the OpenAPI document is held against these. */
export function createPublicRouter(services: Services): Router {
  const router = new Router()
  addBatchRoutes(router, services)
  addEntryRoutes(router, services)
  addTeeRoutes(router, services)
  addDeploymentRoute(router, services)
  addLedgerRoutes(router, services)
  addLogRoutes(router, services)
  addTileRoutes(router, services)
  addPayoutRoutes(router, services)
  addStreamRoutes(router, services)
  addMachineRoutes(router, services)
  addPageRoutes(router)
  return router
}
