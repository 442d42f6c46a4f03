/** A way to a server that can be cut as networks are: nothing arrives any more, and nobody is told. */
import { connect, createServer, type Socket } from 'node:net'

export interface Wire {
  readonly port: number
  /** Holds back every byte from now on, in both directions and of new connections too. */
  cut(): void
  /** Lets everything through that was held back, and what comes. */
  mend(): void
  close(): void
}

/** Opens a way to a port of this machine. */
export async function startWire(target: number): Promise<Wire> {
  const pairs = new Set<readonly [Socket, Socket]>()
  let isCut = false
  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1')
    const pair = [near, far] as const
    pairs.add(pair)
    for (const [from, to] of [pair, [far, near] as const]) {
      from.on('data', (bytes) => to.write(bytes))
      from.on('end', () => to.end())
      from.on('error', () => to.destroy())
      from.on('close', () => pairs.delete(pair))
      if (isCut) from.pause()
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const each = (act: (socket: Socket) => void): void => {
    for (const pair of pairs) pair.forEach(act)
  }
  return {
    port: (server.address() as { port: number }).port,
    cut() {
      isCut = true
      each((socket) => socket.pause())
    },
    mend() {
      isCut = false
      each((socket) => socket.resume())
    },
    close() {
      each((socket) => socket.destroy())
      server.close()
    },
  }
}
