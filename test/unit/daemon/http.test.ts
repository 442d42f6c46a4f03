/** What holds for every route: names, headers, limits, and clients that mean no good. */
import { type AddressInfo, connect, type Socket } from 'node:net'
import Router from '@koa/router'
import { expect, onTestFinished, test } from 'vitest'
import { addressKey } from '../../../daemon/rateLimit.ts'
import { createHttpServer } from '../../../daemon/server.ts'
import { createWorld, creditBatch, directPayee, type TestDaemon } from './support.ts'

const slow = { anchorIntervalMs: 3_600_000, payIntervalMs: 3_600_000 }

test('behavior: a request is named by its sender, or by us', async () => {
  const { url, log } = await createWorld().startDaemon(slow)
  const named = await fetch(`${url}/api/log`, { headers: { 'x-request-id': 'mine-1' } })
  expect(named.headers.get('x-request-id')).toBe('mine-1')
  expect(log).toContainEqual(expect.objectContaining({ requestId: 'mine-1', path: '/api/log', status: 200 }))
  const forged = await fetch(`${url}/api/log`, { headers: { 'x-request-id': 'x'.repeat(65) } })
  expect(forged.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
})

test('behavior: headers that keep browsers from making more of an answer than it is', async () => {
  const { url } = await createWorld().startDaemon(slow)
  for (const path of ['/api/log', '/api/nothing']) {
    const { headers } = await fetch(url + path)
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(headers.get('x-frame-options')).toBe('DENY')
  }
})

test('behavior: any page may read, none may send', async () => {
  const { url } = await createWorld().startDaemon(slow)
  const origin = { origin: 'https://example.org' }
  expect((await fetch(`${url}/api/log`, { headers: origin })).headers.get('access-control-allow-origin')).toBe('*')
  const asked = await fetch(`${url}/api/log`, { method: 'OPTIONS', headers: origin })
  expect(asked.status).toBe(204)
  expect(asked.headers.get('access-control-allow-methods')).toBe('GET, HEAD')
  const sent = await fetch(`${url}/api/batches`, { method: 'POST', headers: origin })
  expect(sent.headers.get('access-control-allow-origin')).toBeNull()
})

test('behavior: what has not changed is not sent again', async () => {
  const daemon = await createWorld().startOpen(slow)
  const get = (etag = '') => fetch(`${daemon.url}/api/log`, { headers: { 'if-none-match': etag } })
  const etag = (await get()).headers.get('etag') as string
  expect(etag).toMatch(/^"[\w-]{22}"$/)
  const again = await get(etag)
  expect({ status: again.status, body: await again.text() }).toEqual({ status: 304, body: '' })
  await daemon.client.sendBatch(creditBatch(0n, 1n))
  expect((await get(etag)).status).toBe(200)
  // A refusal is no answer to keep.
  expect((await fetch(`${daemon.url}/api/nothing`)).headers.get('etag')).toBeNull()
})

test('error: an address that asks too often waits, and says so in the metrics', async () => {
  const limits = { addressPerSecond: 1, reporterPerSecond: 1_000, streams: 1, requestMs: 30_000 }
  const { url } = await createWorld().startDaemon({ ...slow, limits, proxies: 1 })
  const ask = (from: string) => fetch(`${url}/metrics`, { headers: { 'x-forwarded-for': `1.1.1.1, ${from}` } })
  for (let i = 0; i < 10; i++) expect((await ask('2.2.2.2')).status).toBe(200)
  const refused = await ask('2.2.2.2')
  expect(refused.status).toBe(429)
  expect(await refused.json()).toMatchObject({ code: 'TOO_MANY_REQUESTS', facts: { perSecond: 1 } })
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(await (await ask('3.3.3.3')).text()).toContain('bursar_rate_limited_total{by="address"} 1')
})

test('error: a reporter that reports too often waits; nobody else can use its share up', async () => {
  const limits = { addressPerSecond: 1_000, reporterPerSecond: 1, streams: 1, requestMs: 30_000 }
  const { client } = await createWorld().startOpen({ ...slow, limits })
  const forged = { ...creditBatch(0n, 1n), signature: `0x${'01'.repeat(64)}` as const }
  for (let i = 0; i < 11; i++) await expect(client.sendBatch(forged)).rejects.toMatchObject({ code: 'BAD_SIGNATURE' })
  for (let i = 0n; i < 10n; i++) await client.sendBatch(creditBatch(i, 1n))
  await expect(client.sendBatch(creditBatch(10n, 1n))).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS', status: 429 })
})

test.each([
  ['1.2.3.4', '1.2.3.4'],
  ['::ffff:1.2.3.4', '1.2.3.4'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
])('default: %s counts as %s', (ip, key) => expect(addressKey(ip)).toBe(key))

/** Bytes as they are, over a socket. @returns all that came back until the server hung up */
function speak(daemon: TestDaemon, ...parts: readonly string[]): Promise<string> {
  const { port } = new URL(daemon.url)
  const socket: Socket = connect(Number(port), '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  for (const part of parts) socket.write(part)
  return new Promise((resolve) => {
    let heard = ''
    socket.on('data', (chunk) => {
      heard += chunk
    })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => resolve(heard))
  })
}

test.each([
  ['a header byte by byte', ['GET /api/log HTTP/1.1\r\nHost: x\r\nX-A: ']],
  ['a body that never comes', ['POST /api/batches HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{']],
])('error: %s is cut off in time', async (_, parts) => {
  const limits = { addressPerSecond: 1_000, reporterPerSecond: 1_000, streams: 1, requestMs: 300 }
  const daemon = await createWorld().startOpen({ ...slow, limits })
  const heard = await speak(daemon, ...parts)
  expect(heard === '' || /^HTTP\/1.1 4/.test(heard)).toBe(true)
  expect(await daemon.client.status()).toMatchObject({ isEpochOpen: true })
})

test.each([
  ['headers without end', `GET /api/log HTTP/1.1\r\nHost: x\r\nX-A: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
  ['a path without end', `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 431],
  ['two lengths', 'POST /api/batches HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n{}', 400],
  [
    'a length and chunks',
    'POST /api/batches HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    400,
  ],
  ['no HTTP at all', '\x16\x03\x01\x02\x00\x01\r\n\r\n', 400],
])('error: %s', async (_, bytes, status) => {
  const daemon = await createWorld().startDaemon(slow)
  expect(await speak(daemon, bytes)).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
  await expect(daemon.client.account(directPayee)).rejects.toMatchObject({ status: 404 })
})

test('behavior: a server that closes answers what it has, and keeps no connection for more', async () => {
  const [asked, mayAnswer] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const router = new Router().get('/slow', async (context) => {
    asked.resolve()
    await mayAnswer.promise
    context.body = 'late'
  })
  const server = createHttpServer([], router, { proxies: 0, requestMs: 30_000 })
  server.keepAliveTimeout = 3_600_000
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const answer = fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/slow`)
  await asked.promise
  const closed = new Promise((resolve) => server.close(resolve))
  mayAnswer.resolve()
  expect(await (await answer).text()).toBe('late')
  expect(await closed).toBeUndefined()
})
