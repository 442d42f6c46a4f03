/** The wire: row 31 of the attacks. Over a unix socket and over TCP. */

import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { type AddressInfo, connect, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Duplex } from 'node:stream'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Core, createCore } from '../../../enclave/core.ts'
import { createServer } from '../../../enclave/server.ts'
import { decodeBody, encodeFrame, FrameReader, frameBytesMax } from '../../../protocol/frame.ts'
import { testPlatform } from './support.ts'

let server: Server
let core: Core
let isHost: boolean
const sockets: Socket[] = []

const kinds: [string, () => object][] = [
  ['a unix socket', () => ({ path: join(mkdtempSync(join(tmpdir(), 'bursar-')), 'core') })],
  ['TCP', () => ({ host: '127.0.0.1', port: 0 })],
]

describe.each(kinds)('over %s', (_, endpoint) => {
  beforeEach(async () => {
    isHost = true
    core = createCore(testPlatform())
    server = createServer({ core, logFault: () => undefined, isHost: () => isHost })
    server.listen(endpoint())
    await once(server, 'listening')
  })

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy()
    server.close()
    await once(server, 'close')
  })

  test('behavior: whoever is not the host is not heard, and ends nothing of the host', async () => {
    const client = await dial()
    client.write(encodeFrame({ id: 1, method: 'status', params: {} }))
    expect((await replies(client, 1)).map((r) => r.id)).toEqual([1])
    isHost = false
    const stranger = await dial()
    if (!stranger.closed) await once(stranger, 'close')
    expect(stranger.bytesRead).toBe(0)
    client.write(encodeFrame({ id: 2, method: 'status', params: {} }))
    expect((await replies(client, 1)).map((r) => r.id)).toEqual([2])
  })

  test('behavior: pipelined requests are answered in order', async () => {
    const client = await dial()
    client.write(Buffer.concat([1, 2, 3].map((id) => encodeFrame({ id, method: 'status', params: {} }))))
    expect((await replies(client, 3)).map((r) => r.id)).toEqual([1, 2, 3])
  })

  test('behavior: a frame may come byte by byte', async () => {
    const client = await dial()
    const arrived = replies(client, 1)
    for (const byte of encodeFrame({ id: 5, method: 'status' })) client.write(Uint8Array.of(byte))
    expect((await arrived)[0]).toMatchObject({ id: 5, result: { phase: 'empty' } })
  })

  test('row 31: a frame longer than the limit is refused before its body, and the next is served', async () => {
    const bad = await dial()
    const length = Buffer.alloc(4)
    length.writeUInt32BE(0xffff_ffff)
    bad.write(length)
    const [reply] = await replies(bad, 1)
    expect(reply?.error).toEqual({
      code: 'FRAME_TOO_LARGE',
      message: 'a frame is longer than the limit',
      facts: { max: frameBytesMax, got: 0xffff_ffff },
    })
    await once(bad, 'close')
    const good = await dial()
    good.write(encodeFrame({ id: 1, method: 'status' }))
    expect((await replies(good, 1))[0]?.id).toBe(1)
  })

  test('row 31: what follows an oversized frame is not looked at', async () => {
    const client = await dial()
    client.write(Buffer.alloc(4, 0xff))
    await replies(client, 1)
    client.write(encodeFrame({ id: 1, method: 'unwrap_request', params: {} }))
    const good = await dial()
    good.write(encodeFrame({ id: 2, method: 'status', params: {} }))
    await replies(good, 1)
    expect(core.unwrapping).toBeUndefined()
  })

  test('row 31: a good request in the chunk of an oversized one gets its reply, then comes the refusal', async () => {
    const client = await dial()
    client.write(Buffer.concat([encodeFrame({ id: 1, method: 'status', params: {} }), Buffer.alloc(4, 0xff)]))
    const [good, bad] = await replies(client, 2)
    expect(good?.id).toBe(1)
    expect(bad?.error.code).toBe('FRAME_TOO_LARGE')
    await once(client, 'close')
  })

  test.each([
    ['an empty frame', Buffer.alloc(4)],
    ['no JSON', Buffer.from([0, 0, 0, 1, 0x7b])],
    ['no UTF-8', Buffer.from([0, 0, 0, 2, 0xff, 0xff])],
  ])('row 31: %s is refused and ends the connection', async (_name, bytes) => {
    const client = await dial()
    client.write(bytes)
    expect((await replies(client, 1))[0]?.error.code).toBe('MALFORMED_FRAME')
    await once(client, 'close')
  })

  test('row 31: deep JSON is refused and harms nobody', async () => {
    const client = await dial()
    const body = Buffer.from(`${'['.repeat(200_000)}${']'.repeat(200_000)}`)
    const lengths = Buffer.alloc(8)
    lengths.writeUInt32BE(4 + body.length)
    lengths.writeUInt32BE(body.length, 4)
    client.write(Buffer.concat([lengths, body]))
    expect((await replies(client, 1))[0]?.error.code).toBe('BAD_PARAMS')
    client.write(encodeFrame({ id: 1, method: 'status' }))
    expect((await replies(client, 1))[0]?.id).toBe(1)
  })

  test('row 31: thousands of connections: each ends the one before, the last is served', async () => {
    for (let i = 0; i < 200; i++) {
      const client = await dial()
      client.write(Uint8Array.of(0, 0)) // half a header
    }
    const last = await dial()
    last.write(encodeFrame({ id: 1, method: 'status' }))
    expect((await replies(last, 1))[0]?.id).toBe(1)
    expect(await new Promise((resolve) => server.getConnections((_error, count) => resolve(count)))).toBe(1)
  })
})

/** A connection whose other end takes one piece at a time, when it is told to. */
class SlowSocket extends Duplex {
  readonly written: Buffer[] = []
  accept: () => void = () => undefined
  timeoutMs = 0

  constructor() {
    super({ writableHighWaterMark: 1 })
  }
  setTimeout(ms: number): void {
    this.timeoutMs = ms
  }
  override _read(): void {
    // What arrives is pushed by the test.
  }
  override _write(chunk: Buffer, _encoding: string, taken: () => void): void {
    this.written.push(chunk)
    this.accept = taken
  }
}

describe('row 31: who does not read', () => {
  const requests = (count: number) =>
    Buffer.concat(Array.from({ length: count }, (_, id) => encodeFrame({ id, method: 'status' })))
  const idsOf = ({ written }: SlowSocket) => written.map((frame) => (decodeBody(frame.subarray(4)) as AnyReply).id)
  const turn = () => new Promise((resolve) => setImmediate(resolve))
  const connected = () => {
    const socket = new SlowSocket()
    slow.emit('connection', socket)
    return socket
  }
  let slow: Server
  beforeEach(() => {
    slow = createServer({ core: createCore(testPlatform()), logFault: () => undefined })
  })

  test('is not heard: one reply waits, however many requests were sent', async () => {
    const socket = connected()
    socket.push(requests(3))
    await turn()
    expect(idsOf(socket)).toEqual([0])
    expect([socket.isPaused(), socket.timeoutMs]).toEqual([true, 30_000])
    for (const ids of [
      [0, 1],
      [0, 1, 2],
    ]) {
      socket.accept()
      await turn()
      expect(idsOf(socket)).toEqual(ids)
    }
    socket.accept()
    await turn()
    expect([socket.isPaused(), socket.timeoutMs]).toEqual([false, 0])
    socket.emit('timeout')
    expect(socket.destroyed).toBe(true)
  })

  test('a half frame has its time', async () => {
    const socket = connected()
    socket.push(Buffer.from([0]))
    await turn()
    expect(socket.timeoutMs).toBe(30_000)
    socket.destroy(new Error('reset by peer'))
    await turn()
    expect(socket.destroyed).toBe(true)
  })

  test('G7: what a dead host left unread is not looked at when the next one is there', async () => {
    const dead = connected()
    dead.push(requests(3))
    await turn()
    const alive = connected()
    expect(dead.destroyed).toBe(true)
    dead.accept()
    await turn()
    expect(idsOf(dead)).toEqual([0])
    alive.push(requests(1))
    await turn()
    expect(idsOf(alive)).toEqual([0])
  })

  test('a fault behind a reply that nobody took ends the connection with its reason', async () => {
    const socket = connected()
    socket.push(Buffer.concat([requests(1), Buffer.alloc(4)]))
    await turn()
    socket.accept()
    await turn()
    socket.accept()
    await turn()
    expect(socket.written.map((frame) => (decodeBody(frame.subarray(4)) as AnyReply).error?.code)).toEqual([
      undefined,
      'MALFORMED_FRAME',
    ])
    expect([socket.writableEnded, socket.timeoutMs]).toEqual([true, 30_000])
  })
})

async function dial(): Promise<Socket> {
  const address = server.address()
  const socket = typeof address === 'string' ? connect(address) : connect((address as AddressInfo).port, '127.0.0.1')
  sockets.push(socket)
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

interface AnyReply {
  id?: number
  result?: unknown
  error: { code: string; message: string; facts: unknown }
}

/** The next replies that arrive. */
function replies(socket: Socket, count: number): Promise<AnyReply[]> {
  const reader = new FrameReader()
  const found: AnyReply[] = []
  return new Promise((resolve, reject) => {
    socket.on('data', (chunk) => {
      for (const body of reader.push(chunk as Uint8Array)) found.push(decodeBody(body) as AnyReply)
      if (found.length < count) return
      socket.removeAllListeners('data')
      resolve(found)
    })
    socket.once('close', () => reject(new Error('closed before the reply')))
  })
}
