/** Server-sent events: what happens on the chain, for everyone or about one payee. */
import { PassThrough } from 'node:stream'
import type Router from '@koa/router'
import type { Context } from 'koa'
import { refuse } from '../../ledger/refusal.ts'
import { Problem } from '../problem.ts'
import { addressKey } from '../rateLimit.ts'
import type { Place, StreamEvent } from '../services/stream.ts'
import { readAddress, type Services } from './services.ts'

/** Of one address, so that one cannot take all places. */
const streamsPerAddressMax = 10
/** A listener that does not read is sent away: it may come back to where it was. */
const unreadBytesMax = 256 * 1024
/** A comment now and then keeps proxies from cutting a line on which nothing happens. */
const keepAliveMs = 15_000

export function addStreamRoutes(router: Router, { stream, metrics, limits }: Services): void {
  const perAddress = new Map<string, number>()

  router.get('/api/stream', async (context) => {
    const payee = context.query.payee === undefined ? undefined : readAddress(context.query.payee, 'payee')
    const place = readPlace(context) ?? (await stream.end())
    const leave = enter(addressKey(context.ip))
    const out = new PassThrough()
    const remove = stream.add({ payee, place, tell: (event) => write(out, textOf(event)) })
    const timer = setInterval(() => write(out, ':\n\n'), keepAliveMs)
    out.once('close', () => {
      clearInterval(timer)
      remove()
      leave()
    })
    context.req.socket.once('close', () => out.destroy())
    context.set({ 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' })
    context.type = 'text/event-stream'
    context.body = out
    // The place is told at once: whoever loses the line before the first event comes back to it.
    write(out, `retry: 2000\nid: ${idOf(place)}\n\n`)
  })

  /** Takes a place. @returns what gives it back */
  function enter(key: string): () => void {
    const mine = perAddress.get(key) ?? 0
    if (stream.listeners >= limits.streams || mine >= streamsPerAddressMax) {
      metrics.limited('streams')
      throw new Problem('TOO_MANY_REQUESTS', 'too many listen already', { streamsPerAddressMax })
    }
    perAddress.set(key, mine + 1)
    metrics.streams(1)
    return () => {
      const left = (perAddress.get(key) ?? 1) - 1
      if (left > 0) perAddress.set(key, left)
      else perAddress.delete(key)
      metrics.streams(-1)
    }
  }
}

/** Browsers send the header when they come back; others may ask by query. */
function readPlace(context: Context): Place | undefined {
  const untrusted = context.get('last-event-id') || context.query.after
  if (untrusted === undefined) return undefined
  const match =
    typeof untrusted === 'string' ? /^([0-9]{1,12})\.([0-9]{1,8})(?:\.([0-9a-f]{8}))?$/.exec(untrusted) : null
  if (match) return { blockNumber: Number(match[1]), position: Number(match[2]), mark: match[3] }
  return refuse('BAD_PARAMS', 'after: expected the id of an event', { path: 'after', expected: 'the id of an event' })
}

const idOf = ({ blockNumber, position, mark }: Place): string =>
  `${blockNumber}.${position}${mark === undefined ? '' : `.${mark}`}`

function write(out: PassThrough, text: string): void {
  if (out.readableLength + out.writableLength > unreadBytesMax) out.destroy()
  if (!out.destroyed) out.write(text)
}

const textOf = ({ name, place, data }: StreamEvent): string =>
  `event: ${name}\nid: ${idOf(place)}\ndata: ${JSON.stringify(data)}\n\n`
