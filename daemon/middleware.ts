/** What holds for every route: a request's name, its line in the log, headers, limits, and errors as documents. */
import { hash, randomUUID } from 'node:crypto'
import type { Context, Middleware } from 'koa'
import type { Logger } from 'pino'
import type { HttpMetrics } from './metrics.ts'
import { problemOf } from './problem.ts'
import { addressKey, type RateLimit } from './rateLimit.ts'

/** Names each request, after its sender if that is wanted, and says in log and numbers what became of it. */
export function nameAndCount(log: Logger, http: HttpMetrics): Middleware {
  return async (context, next) => {
    const startedAt = performance.now()
    const wanted = context.get('x-request-id')
    const requestId = /^[\w-]{1,64}$/.test(wanted) ? wanted : randomUUID()
    context.set('X-Request-Id', requestId)
    context.state.requestId = requestId
    await next()
    const { method, status } = context
    const seconds = (performance.now() - startedAt) / 1000
    http.request({ lane: context.state.lane, method, route: routeOf(context), status, seconds })
    log.debug({ requestId, method, path: context.path, status, ms: Math.round(seconds * 1000) }, 'request')
  }
}

/** The pattern, never the path: whoever asks for nonsense must not make a metric of it. */
const routeOf = (context: Context): string => {
  const { _matchedRoute: route } = context as { _matchedRoute?: unknown }
  return typeof route === 'string' ? route : 'none'
}

/** No answer is a page, a frame or a script, whatever a browser makes of it; the one page says so itself. */
export const setSecurityHeaders: Middleware = (context, next) => {
  context.set({
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Referrer-Policy': 'no-referrer',
    'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
    'Cross-Origin-Resource-Policy': 'cross-origin',
  })
  return next()
}

const readMethods = ['GET', 'HEAD']

/** Whatever is read here is public and needs no cookie: any page may read it. What is sent stays with its own origin. */
export const allowReadingFromAnywhere: Middleware = (context, next) => {
  if (context.method === 'OPTIONS') {
    context.set({
      'Access-Control-Allow-Origin': '*',
      'Access-Control-Allow-Methods': readMethods.join(', '),
      'Access-Control-Allow-Headers': 'If-None-Match, Last-Event-ID, X-Request-Id',
      'Access-Control-Max-Age': '86400',
    })
    context.status = 204
    return
  }
  if (readMethods.includes(context.method)) {
    context.set('Access-Control-Allow-Origin', '*')
    context.set('Access-Control-Expose-Headers', 'ETag, Retry-After, X-Request-Id')
  }
  return next()
}

export const limitByAddress =
  (limit: RateLimit): Middleware =>
  async (context, next) => {
    await limit.take(addressKey(context.ip))
    await next()
  }

/** The tag by which a client knows that it has such a body already. */
export const etagOf = (body: string | Buffer): string => `"${hash('sha256', body, 'base64url').slice(0, 22)}"`

/** Answers 304 where the client has it already. What a route did not call cacheable is asked again each time. */
export const answerNotModified: Middleware = async (context, next) => {
  await next()
  const { body } = context
  if (!readMethods.includes(context.method) || context.status !== 200) return
  if (typeof body !== 'string' && !Buffer.isBuffer(body)) return
  if (!context.response.get('Cache-Control')) context.set('Cache-Control', 'no-cache')
  // What never changes brings its tag along.
  const etag = context.response.get('ETag') || etagOf(body)
  context.set('ETag', etag)
  // By the tag alone: `fetch` in a page adds no-cache to every question that names one.
  const known = context.get('if-none-match').split(',')
  if (known.some((one) => one.trim().replace(/^W\//, '') === etag)) context.status = 304
}

/** Every error as an RFC 9457 document; what is not meant for the client goes to the log alone. */
export const answerProblems =
  (log: Logger): Middleware =>
  async (context, next) => {
    try {
      await next()
    } catch (error) {
      const problem = problemOf(error)
      const { requestId } = context.state
      if (problem.code === 'INTERNAL') log.error({ requestId, err: error, path: context.path }, 'request failed')
      context.status = problem.status
      context.type = 'application/problem+json'
      context.body = JSON.stringify(problem)
      if (problem.retryAfterSeconds !== undefined) context.set('Retry-After', `${problem.retryAfterSeconds}`)
      if (problem.status === 401) context.set('WWW-Authenticate', 'Bearer')
      // A body that was not read to its end would be taken for the next request.
      if (!context.req.complete) context.set('Connection', 'close')
    }
  }
