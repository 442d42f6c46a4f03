/** Serves the core to the host: frames in, replies out, in order. Everything that a client sends is bounded. */
import { createServer as createNetServer, type Server, type Socket } from 'node:net'
import { Refusal } from '../ledger/refusal.ts'
import { decodeBody, encodeFrame, FrameReader } from '../protocol/frame.ts'
import type { Core } from './core.ts'
import { dispatch, type Reply } from './dispatch.ts'

/** A client that stops in the middle of a frame, or does not read its replies, holds its connection no longer than this. */
const stalledMs = 30_000

export interface ServerOptions {
  readonly core: Core
  /** Hears of our own faults; what a client did wrong it is told itself. */
  readonly logFault: (fault: unknown) => void
  /** Whether whoever connected is the host; absent where nobody else can. */
  readonly isHost?: (socket: Socket) => boolean
}

/**
 * A server that is not yet listening. There is one host, so a new connection ends the one before: what a dead host left
 * in that one, unread, must not become entries behind the back of the host that is alive.
 */
export function createServer({ core, logFault, isHost = () => true }: ServerOptions): Server {
  let current: Socket | undefined
  return createNetServer((socket) => {
    if (!isHost(socket)) return void socket.destroy() // and a stranger ends nothing of the host's
    current?.destroy()
    current = socket
    serve(socket, (request) => dispatch(core, request, logFault))
  })
}

function serve(socket: Socket, answer: (request: unknown) => Reply): void {
  const reader = new FrameReader()
  let bodies: Iterator<Uint8Array> | undefined
  /** Who does not read its replies is not heard: no more than one of them waits here. */
  const work = (): void => {
    while (!socket.writableNeedDrain) {
      const next = bodies?.next()
      if (!next || next.done) break
      socket.write(encodeFrame(answer(decodeBody(next.value))))
    }
    if (socket.writableNeedDrain) socket.pause()
    else socket.resume()
  }
  /** What is not our protocol is told why, and the connection ends. */
  const guarded = (act: () => void): void => {
    try {
      act()
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      const { code, message, facts } = error
      socket.removeAllListeners('data').removeAllListeners('drain')
      socket.end(encodeFrame({ error: { code, message, facts } }))
    }
    const isStalled = reader.isMidFrame || socket.writableNeedDrain || socket.writableEnded
    socket.setTimeout(isStalled ? stalledMs : 0)
  }
  socket.on('drain', () => guarded(work))
  socket.on('error', () => socket.destroy())
  socket.on('timeout', () => socket.destroy())
  socket.on('data', (chunk) =>
    guarded(() => {
      bodies = reader.push(chunk as Uint8Array)
      work()
    }),
  )
}
