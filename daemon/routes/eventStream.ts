/** A line that stays open and on which events are told (server-sent events). */
import { PassThrough } from 'node:stream'
import type { Context } from 'koa'

/** A listener that does not read is sent away: it may come back. */
const unreadBytesMax = 256 * 1024
/** A comment now and then keeps proxies from cutting a line on which nothing happens. */
const keepAliveMs = 15_000

export interface EventStream {
  /** Writes one event or comment: whole lines and the empty one behind them. */
  write(text: string): void
}

/** Makes the answer such a line, until `ended` aborts. `leave` is called once, when it has ended for whatever reason. */
export function openEventStream(context: Context, ended: AbortSignal, leave: () => void): EventStream {
  const out = new PassThrough()
  const end = (): unknown => out.end()
  const write = (text: string): void => {
    if (out.readableLength + out.writableLength > unreadBytesMax) out.destroy()
    if (!out.destroyed) out.write(text)
  }
  const timer = setInterval(() => write(':\n\n'), keepAliveMs)
  ended.addEventListener('abort', end)
  if (ended.aborted) end()
  out.once('close', () => {
    clearInterval(timer)
    ended.removeEventListener('abort', end)
    leave()
  })
  context.req.socket.once('close', () => out.destroy())
  context.set({ 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' })
  context.type = 'text/event-stream'
  context.body = out
  return { write }
}
