/** Serves the core to the host: frames in, replies out, in order. Everything that a client sends is bounded. */
import { createServer as createNetServer, type Server, type Socket } from 'node:net'
import { decodeBody, encodeFrame, FrameReader } from '../protocol/frame.ts'
import { Refusal } from '../protocol/refusal.ts'
import type { Core } from './core.ts'
import { dispatch, type Reply } from './dispatch.ts'

const connectionsMax = 8
/** A client that stops in the middle of a frame, or does not read its replies, holds a connection no longer than this. */
const stalledMs = 30_000

export interface ServerOptions {
  readonly core: Core
  /** Hears of our own faults; what a client did wrong it is told itself. */
  readonly logFault: (fault: unknown) => void
}

/** A server that is not yet listening. JavaScript runs one request at a time, so requests of all clients have one order. */
export function createServer({ core, logFault }: ServerOptions): Server {
  const server = createNetServer((socket) => serve(socket, (request) => dispatch(core, request, logFault)))
  server.maxConnections = connectionsMax
  return server
}

function serve(socket: Socket, answer: (request: unknown) => Reply): void {
  const reader = new FrameReader()
  const send = (reply: Reply): void => {
    if (!socket.write(encodeFrame(reply))) socket.pause()
  }
  socket.on('drain', () => socket.resume())
  socket.on('error', () => socket.destroy())
  socket.on('timeout', () => socket.destroy())
  socket.on('data', (chunk) => {
    try {
      for (const body of reader.push(chunk as Uint8Array)) send(answer(decodeBody(body)))
    } catch (error) {
      // Not our protocol: the client is told why, and the connection ends.
      if (!(error instanceof Refusal)) throw error
      socket.removeAllListeners('data')
      socket.end(encodeFrame({ error: { code: error.code, message: error.message, facts: error.facts } }))
    }
    socket.setTimeout(reader.isMidFrame || socket.writableNeedDrain || socket.writableEnded ? stalledMs : 0)
  })
}
