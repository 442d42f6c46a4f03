/** The public API over HTTP: thin routes behind what holds for all of them, one set of them for each lane. */
import type { Server } from 'node:http'
import Router from '@koa/router'
import type { Middleware } from 'koa'
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { HostConfig } from './config.ts'
import { type Keeper, laneOf } from './keeper.ts'
import type { Lane } from './lane.ts'
import type { HttpMetrics } from './metrics.ts'
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
import { addLaneRoutes } from './routes/lanes.ts'
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

/** What stands behind the listeners. */
export interface Front {
  readonly host: HostConfig
  readonly keepers: readonly Keeper[]
  readonly http: HttpMetrics
  /** Numbers of the process. */
  readonly registry: Registry
  readonly log: Logger
}

/** The public API as a server that is not yet listening. */
export function createApp(front: Front): Server {
  const { host, keepers, http, log } = front
  const { limits, proxies } = host
  const limit = createRateLimit(limits.addressPerSecond, () => http.limited('address'))
  const middlewares = [
    nameAndCount(log, http),
    setSecurityHeaders,
    answerProblems(log),
    allowReadingFromAnywhere,
    limitByAddress(limit),
    answerNotModified,
    enterLane(keepers, (lane) => lane.publicRoutes),
  ]
  return createHttpServer(middlewares, createFrontRouter(front), { proxies, requestMs: limits.requestMs })
}

/** Every public route of a lane: with those of the front, the OpenAPI document is held against these. */
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
  addPageRoutes(router)
  return router
}

/** What is asked of the process and not of a lane. */
export function createFrontRouter({ keepers, registry }: Pick<Front, 'keepers' | 'registry'>): Router {
  const router = new Router()
  addLaneRoutes(router, keepers)
  addMachineRoutes(router, { keepers, registry })
  addPageRoutes(router, { ofLanes: keepers[0]?.name !== null })
  return router
}

/** Leads what is asked below `/lanes/NAME` to that lane, as if nothing stood before it; one lane without a name hears everything. */
export function enterLane(keepers: readonly Keeper[], routesOf: (lane: Lane) => Router): Middleware {
  const byName = new Map(keepers.map((keeper) => [keeper.name ?? undefined, keeper]))
  return async (context, next) => {
    const { path } = context
    const [, name, rest = path] = /^\/lanes\/([^/]+)(\/.*)$/.exec(path) ?? []
    const keeper = byName.get(name)
    if (!keeper) return next()
    if (name !== undefined) context.state.lane = name
    const lane = laneOf(keeper)
    const routes = routesOf(lane).routes() as Middleware
    context.path = rest
    await lane.answer(async () => {
      try {
        await routes(context, async () => {
          context.path = path
          await next()
        })
      } finally {
        context.path = path
      }
    })
  }
}
