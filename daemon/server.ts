/** An HTTP server that no slow or greedy client can hold for long. */
import { createServer, type Server } from 'node:http'
import type Router from '@koa/router'
import Koa, { type Middleware } from 'koa'
import { Problem } from './problem.ts'

const connectionsMax = 1_000
const headerBytesMax = 16 * 1024
const headersMs = 10_000

export interface HttpOptions {
  /** So many of our own stand before it. */
  readonly proxies: number
  /** A request that has not come whole by then is cut off. */
  readonly requestMs: number
}

/** Serves these routes behind these middlewares; it does not listen yet. */
export function createHttpServer(
  middlewares: readonly Middleware[],
  router: Router,
  { proxies, requestMs }: HttpOptions,
): Server {
  // Of the addresses in X-Forwarded-For only those count that our own proxies have written.
  const koa = new Koa({ proxy: proxies > 0, maxIpsCount: proxies })
  for (const middleware of middlewares) koa.use(middleware)
  koa.use(router.routes())
  koa.use((context) => {
    const isMethod = (context.matched as unknown[] | undefined)?.length
    if (isMethod) throw new Problem('METHOD_NOT_ALLOWED', 'this method is not allowed here', { method: context.method })
    throw new Problem('NOT_FOUND', 'there is nothing here')
  })
  koa.silent = true // what koa would print is logged with the problem

  // Node looks at its deadlines every half minute; whoever sends a header byte by byte is not kept as long.
  const options = {
    maxHeaderSize: headerBytesMax,
    noDelay: true,
    connectionsCheckingInterval: Math.min(1_000, requestMs),
  }
  const server = createServer(options, koa.callback())
  server.maxConnections = connectionsMax
  server.headersTimeout = Math.min(headersMs, requestMs)
  server.requestTimeout = requestMs
  server.keepAliveTimeout = 5_000
  server.maxRequestsPerSocket = 10_000
  // Whoever is answered while it closes is let go: a connection that is kept for more would keep the server.
  server.on('request', (_, response) => response.once('close', () => server.listening || server.closeIdleConnections()))
  return server
}
