/** Server-sent events: what happens on the chain, for everyone or about one payee. */
import type Router from '@koa/router'
import type { Context } from 'koa'
import { refuse } from '../../ledger/refusal.ts'
import { addressKey } from '../rateLimit.ts'
import type { Place, StreamEvent } from '../services/stream.ts'
import { openEventStream } from './eventStream.ts'
import { readAddress, type Services } from './services.ts'

export function addStreamRoutes(router: Router, { stream, places, ended }: Services): void {
  router.get('/api/stream', async (context) => {
    const payee = context.query.payee === undefined ? undefined : readAddress(context.query.payee, 'payee')
    const place = readPlace(context) ?? (await stream.end())
    const leave = places.take(addressKey(context.ip))
    const out = openEventStream(context, ended, () => {
      remove()
      leave()
    })
    const remove = stream.add({ payee, place, tell: (event) => out.write(textOf(event)) })
    // The place is told at once: whoever loses the line before the first event comes back to it.
    out.write(`retry: 2000\nid: ${idOf(place)}\n\n`)
  })
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

const textOf = ({ name, place, data }: StreamEvent): string =>
  `event: ${name}\nid: ${idOf(place)}\ndata: ${JSON.stringify(data)}\n\n`
