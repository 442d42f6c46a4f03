/** The operator's own API, on a listener of its own: only for who holds the token. What is public is served here too, page and all. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { Server } from 'node:http'
import Router from '@koa/router'
import type { Middleware } from 'koa'
import { createFrontRouter, enterLane, type Front } from './app.ts'
import { answerProblems, limitByAddress, nameAndCount, setSecurityHeaders } from './middleware.ts'
import { Problem } from './problem.ts'
import { createRateLimit } from './rateLimit.ts'
import { addOperatorRoutes, type OperatorServices } from './routes/operator.ts'
import { createHttpServer } from './server.ts'

const requestsPerSecond = 20
const requestMs = 30_000

/** The operator's API as a server that is not yet listening. */
export function createOperatorApp(front: Front, token: string): Server {
  const { keepers, http, log } = front
  const limit = createRateLimit(requestsPerSecond, () => http.limited('address'))
  const middlewares = [
    nameAndCount(log, http),
    setSecurityHeaders,
    answerProblems(log),
    limitByAddress(limit), // before the token is judged: it cannot be guessed faster than this
    enterLane(keepers, (lane) => lane.publicRoutes),
    createFrontRouter(front).routes() as Middleware,
    requireToken(token),
    enterLane(keepers, (lane) => lane.operatorRoutes),
  ]
  return createHttpServer(middlewares, new Router(), { proxies: 0, requestMs })
}

export function createOperatorRouter(services: OperatorServices): Router {
  const router = new Router()
  addOperatorRoutes(router, services)
  return router
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
