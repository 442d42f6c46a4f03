/** The public API over HTTP: thin routes, problems as documents, nothing that a slow or greedy client can hold for long. */
import { createServer, type Server } from 'node:http'
import Router from '@koa/router'
import Koa from 'koa'
import type { Logger } from 'pino'
import { Problem, problemOf } from './problem.ts'
import { addBatchRoutes } from './routes/batches.ts'
import { addLedgerRoutes } from './routes/ledger.ts'
import { addLogRoutes } from './routes/log.ts'
import { addPayoutRoutes } from './routes/payouts.ts'
import type { Services } from './routes/services.ts'
import { addTeeRoutes } from './routes/tee.ts'

const connectionsMax = 1_000
const headerBytesMax = 16 * 1024

/** The API as a server that is not yet listening. */
export function createApp(services: Services, log: Logger): Server {
  const koa = new Koa()
  const router = new Router()
  addBatchRoutes(router, services)
  addTeeRoutes(router, services)
  addLedgerRoutes(router, services)
  addLogRoutes(router, services)
  addPayoutRoutes(router, services)

  koa.use(answerProblems(log))
  koa.use(router.routes())
  koa.use((context) => {
    const isMethod = (context.matched as unknown[] | undefined)?.length
    if (isMethod) throw new Problem('METHOD_NOT_ALLOWED', 'this method is not allowed here', { method: context.method })
    throw new Problem('NOT_FOUND', 'there is nothing here')
  })
  koa.silent = true // what koa would print is logged by answerProblems

  const server = createServer({ maxHeaderSize: headerBytesMax, noDelay: true }, koa.callback())
  server.maxConnections = connectionsMax
  server.headersTimeout = 10_000
  server.requestTimeout = 30_000
  server.keepAliveTimeout = 5_000
  server.maxRequestsPerSocket = 10_000
  return server
}

function answerProblems(log: Logger): Koa.Middleware {
  return async (context, next) => {
    try {
      await next()
    } catch (error) {
      const problem = problemOf(error)
      if (problem.code === 'INTERNAL') log.error({ err: error, path: context.path }, 'request failed')
      context.status = problem.status
      context.type = 'application/problem+json'
      context.body = JSON.stringify(problem)
      if (problem.retryAfterSeconds !== undefined) context.set('Retry-After', `${problem.retryAfterSeconds}`)
      // A body that was not read to its end would be taken for the next request.
      if (!context.req.complete) context.set('Connection', 'close')
    }
  }
}
