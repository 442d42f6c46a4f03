/** The wire: row 31 of the attacks. Over a unix socket and over TCP. */

import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { type AddressInfo, connect, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createCore } from '../../../enclave/core.ts'
import { createServer } from '../../../enclave/server.ts'
import { encodeFrame, FrameReader, frameBytesMax } from '../../../protocol/frame.ts'
import { testPlatform } from './support.ts'

let server: Server
const sockets: Socket[] = []

const kinds: [string, () => object][] = [
  ['a unix socket', () => ({ path: join(mkdtempSync(join(tmpdir(), 'bursar-')), 'core') })],
  ['TCP', () => ({ host: '127.0.0.1', port: 0 })],
]

describe.each(kinds)('over %s', (_, endpoint) => {
  beforeEach(async () => {
    server = createServer({ core: createCore(testPlatform()), logFault: () => undefined })
    server.listen(endpoint())
    await once(server, 'listening')
  })

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy()
    server.close()
    await once(server, 'close')
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

  test('row 31: a frame longer than the limit is refused before its body, and the others are served', async () => {
    const [bad, good] = [await dial(), await dial()]
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
    good.write(encodeFrame({ id: 1, method: 'status' }))
    expect((await replies(good, 1))[0]?.id).toBe(1)
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
    const length = Buffer.alloc(4)
    length.writeUInt32BE(body.length)
    client.write(Buffer.concat([length, body]))
    expect((await replies(client, 1))[0]?.error.code).toBe('BAD_PARAMS')
    client.write(encodeFrame({ id: 1, method: 'status' }))
    expect((await replies(client, 1))[0]?.id).toBe(1)
  })

  test('row 31: more connections than the limit are dropped', async () => {
    const clients = []
    for (let i = 0; i < 8; i++) clients.push(await dial())
    const ninth = await dial()
    await once(ninth, 'close')
    clients[0]?.write(encodeFrame({ id: 1, method: 'status' }))
    expect((await replies(clients[0] as Socket, 1))[0]?.id).toBe(1)
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
      for (const body of reader.push(chunk as Uint8Array)) found.push(JSON.parse(Buffer.from(body).toString()))
      if (found.length < count) return
      socket.removeAllListeners('data')
      resolve(found)
    })
    socket.once('close', () => reject(new Error('closed before the reply')))
  })
}
