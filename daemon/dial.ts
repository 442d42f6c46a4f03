/** Opens the byte stream to the core, whatever carries it. */
import { spawn } from 'node:child_process'
import { connect, type Socket } from 'node:net'
import type { Endpoint } from './endpoint.ts'

/** A socket that emits `connect` when bytes can be written; where nothing listens, `error` or `close` follows. */
export const dial = (endpoint: Endpoint): Socket => ('cid' in endpoint ? dialVsock(endpoint) : connect(endpoint))

/** Node knows no vsock: the program socat connects its descriptor 3, which is our socket, and ends when that closes. */
function dialVsock({ cid, port }: { cid: number; port: number }): Socket {
  const socat = spawn('socat', ['FD:3', `VSOCK-CONNECT:${cid}:${port}`], {
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
  })
  const socket = socat.stdio[3] as Socket
  socat.once('spawn', () => socket.emit('connect'))
  socat.once('error', (cause) => socket.destroy(new Error('socat cannot be started: is it installed?', { cause })))
  socat.once('exit', () => socket.destroy())
  socket.once('close', () => socat.kill())
  return socket
}
