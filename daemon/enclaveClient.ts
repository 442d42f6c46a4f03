/**
 * The only speaker to the core: frames over vsock, a unix or TCP socket, requests pipelined, replies in order.
 * A request under way when the connection drops fails as `CoreLost` with outcome `unknown`: it may have taken effect.
 */
import type { Socket } from 'node:net'
import { Refusal } from '../ledger/refusal.ts'
import { type Codec, object } from '../protocol/codec.ts'
import { decodeBody, encodeFrame, FrameReader } from '../protocol/frame.ts'
import { type Method, methods, type Params, problem, type Result } from '../protocol/messages.ts'
import { dial } from './dial.ts'
import { parseEndpoint } from './endpoint.ts'
import { CoreLost, messageOf } from './errors.ts'

/** Longer than the largest load of a state takes: a core that is silent for so long is gone. */
const replyTimeoutMs = 120_000

export interface Core {
  /**
   * Asks and waits. An abort frees the caller only: what was sent is done.
   * @throws Refusal as the core refused, CoreLost, or the signal's reason
   */
  request<M extends Method>(method: M, params: Params<M>, signal?: AbortSignal): Promise<Result<M>>
}

export interface CoreConnection extends Core {
  /** False from the moment at which no request can be sent any more. */
  readonly isOpen: boolean
  /** Settles when the connection has ended, for whatever reason. */
  readonly closed: Promise<void>
  close(): void
}

interface Pending {
  readonly id: number
  readonly result: Codec<unknown>
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
}

/** Connects to `vsock://CID:PORT`, `unix:/path` or `tcp:host:port`. @throws CoreLost `not_sent` */
export async function connectCore(address: string, signal: AbortSignal): Promise<CoreConnection> {
  signal.throwIfAborted()
  const socket = dial(parseEndpoint(address))
  const stop = () => socket.destroy()
  signal.addEventListener('abort', stop)
  socket.once('close', () => signal.removeEventListener('abort', stop))
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', (error) => reject(new CoreLost(`no core at ${address}`, 'not_sent', { cause: error })))
    socket.once('close', () => reject(new CoreLost('closed while connecting', 'not_sent')))
  })
  return speak(socket)
}

function speak(socket: Socket): CoreConnection {
  const waiting: Pending[] = []
  const reader = new FrameReader()
  let lastId = 0
  let cause: unknown
  socket.setNoDelay(true)
  socket.setTimeout(replyTimeoutMs, () => {
    if (waiting.length > 0) socket.destroy(new Error('no reply in time'))
  })
  socket.on('error', (error) => {
    cause = error
  })
  socket.on('data', (chunk) => {
    try {
      for (const body of reader.push(chunk)) settle(waiting, decodeBody(body))
    } catch (error) {
      socket.destroy(new Error(`the core does not keep to the protocol: ${messageOf(error)}`, { cause: error }))
    }
  })
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => {
      for (const { reject } of waiting.splice(0)) reject(new CoreLost('the core went away', 'unknown', { cause }))
      resolve()
    })
  })

  return {
    get isOpen() {
      return !socket.destroyed
    },
    closed,
    close: () => socket.destroy(),
    request(method, params, signal) {
      const { params: codec, result } = methods[method] as unknown as { params: Codec<unknown>; result: Codec<unknown> }
      return new Promise((resolve, reject) => {
        signal?.throwIfAborted()
        if (socket.destroyed) throw new CoreLost('the core is not connected', 'not_sent', { cause })
        const id = ++lastId
        const frame = encodeFrame({ id, method, params: codec.write(params) })
        const abort = () => reject(signal?.reason as Error)
        signal?.addEventListener('abort', abort)
        const done = () => signal?.removeEventListener('abort', abort)
        waiting.push({
          id,
          result,
          resolve: (value) => {
            done()
            resolve(value as never)
          },
          reject: (error) => {
            done()
            reject(error)
          },
        })
        socket.write(frame)
      })
    },
  }
}

const errorReply = object({ error: problem })

/** Gives the oldest request its reply. @throws if the reply fits no request */
function settle(waiting: Pending[], untrusted: unknown): void {
  const oldest = waiting[0]
  const { id, ...rest } = (untrusted ?? {}) as Record<string, unknown>
  if (!oldest || id !== oldest.id) throw new Error('a reply that answers no request')
  if ('error' in rest) {
    const { error } = errorReply.read(rest, '')
    waiting.shift()
    oldest.reject(new Refusal(error.code, error.message, error.facts))
    return
  }
  const { result } = object({ result: oldest.result }).read(rest, '')
  waiting.shift()
  oldest.resolve(result)
}
