/** The operator's own API, on a listener of its own: only for who holds the token. What is public is served here too, page and all. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { Server } from 'node:http'
import Router from '@koa/router'
import type { Middleware } from 'koa'
import type { Logger } from 'pino'
import { createPublicRouter } from './app.ts'
import { answerProblems, limitByAddress, nameAndCount, setSecurityHeaders } from './middleware.ts'
import { Problem } from './problem.ts'
import { createRateLimit } from './rateLimit.ts'
import { addOperatorRoutes, type OperatorServices } from './routes/operator.ts'
import type { Services } from './routes/services.ts'
import { createHttpServer } from './server.ts'

const requestsPerSecond = 20
const requestMs = 30_000

/** The operator's API as a server that is not yet listening. */
export function createOperatorApp(services: Services & OperatorServices, token: string, log: Logger): Server {
  const { metrics } = services
  const router = new Router()
  addOperatorRoutes(router, services)
  const limit = createRateLimit(requestsPerSecond, () => metrics.limited('address'))
  const middlewares = [
    nameAndCount(log, metrics),
    setSecurityHeaders,
    answerProblems(log),
    limitByAddress(limit), // before the token is judged: it cannot be guessed faster than this
    createPublicRouter(services).routes() as Middleware,
    requireToken(token),
  ]
  return createHttpServer(middlewares, router, { proxies: 0, requestMs })
}

/** Compares hashes in constant time: neither length nor content of the token shows in how long it takes. */
function requireToken(token: string): Middleware {
  const wanted = digest(`Bearer ${token}`)
  return (context, next) => {
    if (!timingSafeEqual(digest(context.get('authorization')), wanted))
      throw new Problem('UNAUTHORIZED', 'show the operator token: Authorization: Bearer TOKEN')
    return next()
  }
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
