import { request } from 'node:http'
import { expect, test } from 'vitest'
import { signBatch } from '../../../client/batch.ts'
import type { SentBatch } from '../../../client/entries.ts'
import { signedBatch } from '../../../client/entries.ts'
import { credit } from '../../../client/events.ts'
import { configuration, domain, payeeOf, reporter, reporterKey } from '../ledger/support.ts'
import { createWorld, creditBatch, directPayee, type TestDaemon, ticketPayee } from './support.ts'

const slow = { anchorIntervalMs: 3_600_000, payIntervalMs: 3_600_000 }
const post = (daemon: TestDaemon, body: string | Uint8Array, type = 'application/json') =>
  fetch(`${daemon.url}/api/batches`, { method: 'POST', headers: { 'content-type': type }, body: body as string })
const wire = signedBatch.write(creditBatch(0n, 1n)) as Record<string, unknown>

/** The status and the document without its words. */
async function problem(response: Response) {
  const { code, facts, status, type } = (await response.json()) as Record<string, unknown>
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  expect({ status, type }).toEqual({ status: response.status, type: 'about:blank' })
  return { status, code, facts }
}

test('error: bodies that are no batch', async () => {
  const daemon = await createWorld().startOpen(slow)
  const json = JSON.stringify
  expect(await problem(await post(daemon, json(wire), 'text/plain'))).toEqual({
    status: 415,
    code: 'NOT_JSON',
    facts: { got: 'text/plain' },
  })
  expect(await problem(await post(daemon, '{'))).toEqual({ status: 400, code: 'MALFORMED_JSON', facts: {} })
  expect(await problem(await post(daemon, new Uint8Array([0x22, 0xff, 0x22])))).toMatchObject({
    code: 'MALFORMED_JSON',
  })
  expect(await problem(await post(daemon, '[]'))).toMatchObject({
    status: 400,
    code: 'BAD_PARAMS',
    facts: { path: '' },
  })
  const { signature, ...unsigned } = wire
  expect(await problem(await post(daemon, json(unsigned)))).toMatchObject({
    code: 'BAD_PARAMS',
    facts: { path: 'signature' },
  })
  expect(await problem(await post(daemon, json({ ...wire, more: 1 })))).toMatchObject({ facts: { path: 'more' } })
  const upper = { ...wire, signature: `0x${'AB'.repeat(64)}` }
  expect(await problem(await post(daemon, json(upper)))).toMatchObject({ facts: { path: 'signature' } })
  expect(await problem(await post(daemon, 'x'.repeat(1024 * 1024 + 1)))).toEqual({
    status: 413,
    code: 'BODY_TOO_LARGE',
    facts: { max: 1024 * 1024 },
  })
})

test('behavior: a batch holds up to 1,000 events', async () => {
  const { limits } = configuration()
  const daemon = await createWorld({ limits: { ...limits, batchEventsMax: 1_000n } }).startOpen(slow)
  const batchOf = (count: number): SentBatch => {
    const events = Array.from({ length: count }, (_, i) => credit({ id: `job-${i}`, payee: directPayee, wei: 1n }))
    return signBatch({ domain, secretKey: reporterKey, sequence: 0n, events })
  }
  await expect(daemon.client.sendBatch(batchOf(1_001))).rejects.toMatchObject({ code: 'BAD_PARAMS', status: 400 })
  expect(await daemon.client.sendBatch(batchOf(1_000))).toMatchObject({ status: 'accepted', odd: [] })
  expect(await daemon.client.account(directPayee)).toMatchObject({ earnedWei: 1_000n })
})

test("behavior: a payee's entries newest first, page by page; one goes on only where a page has ended", async () => {
  const daemon = await createWorld().startOpen(slow)
  for (const sequence of [0n, 1n, 2n, 3n])
    await daemon.client.sendBatch(creditBatch(sequence, sequence + 1n, sequence === 1n ? ticketPayee : directPayee))
  const page = async (before?: string) => {
    const query = { limit: 2, ...(before === undefined ? {} : { before }) }
    const { entries, next } = await daemon.client.accountEntries(directPayee, query)
    return [next, ...entries.map(({ position, gainWei }) => [position, gainWei])]
  }
  expect(await page()).toEqual(['3', [4, 4n], [3, 3n]])
  expect(await page('3')).toEqual([null, [1, 1n]])
  expect(await page('1')).toEqual([null])
  expect(await daemon.client.accountEntries(payeeOf(4711))).toEqual({ entries: [], next: null })
  for (const before of ['0', '2', '5'])
    await expect(page(before)).rejects.toMatchObject({ code: 'BAD_PARAMS', facts: { path: 'before' } })
})

test('error: a body without a length is cut off at the limit', async () => {
  const daemon = await createWorld().startOpen(slow)
  const answered = await new Promise<number>((resolve, reject) => {
    const headers = { 'content-type': 'application/json' }
    const call = request(`${daemon.url}/api/batches`, { method: 'POST', headers }, (response) => {
      resolve(response.statusCode ?? 0)
      response.resume()
    })
    call.on('error', reject)
    call.write('x'.repeat(1024 * 1024 + 1)) // and no end
  })
  expect(answered).toBe(413)
})

test('error: what the core refuses keeps its code and facts', async () => {
  const daemon = await createWorld().startOpen(slow)
  const send = async (change: Record<string, unknown>) =>
    problem(await post(daemon, JSON.stringify({ ...wire, ...change })))
  expect(await send({ chain_id: '1' })).toEqual({
    status: 422,
    code: 'WRONG_CHAIN',
    facts: { expected: '31337', got: '1' },
  })
  expect(await send({ signature: `0x${'01'.repeat(64)}` })).toEqual({
    status: 403,
    code: 'BAD_SIGNATURE',
    facts: { reporter },
  })
  const gap = await problem(await post(daemon, JSON.stringify(signedBatch.write(creditBatch(3n, 1n)))))
  expect(gap).toEqual({ status: 409, code: 'SEQUENCE_GAP', facts: { expected: '0', got: '3' } })
  expect(await daemon.client.reporter(reporter)).toMatchObject({ nextSequence: 0n })
})

test('error: places, methods and queries that are not', async () => {
  const daemon = await createWorld().startOpen(slow)
  const get = async (path: string, init: RequestInit = {}) => problem(await fetch(`${daemon.url}${path}`, init))
  expect(await get('/api/nothing')).toMatchObject({ status: 404, code: 'NOT_FOUND' })
  expect(await get('/api/batches')).toMatchObject({ status: 405, code: 'METHOD_NOT_ALLOWED' })
  expect(await get('/api/ledger/head', { method: 'DELETE' })).toMatchObject({ status: 405 })
  expect(await get(`/api/ledger/accounts/${directPayee}`)).toMatchObject({ status: 404, facts: { payee: directPayee } })
  expect(await get('/api/ledger/accounts/0x12')).toMatchObject({
    status: 400,
    code: 'BAD_PARAMS',
    facts: { path: 'address' },
  })
  expect(await get(`/api/reporters/${directPayee}`)).toMatchObject({ status: 404 })
  expect(await get('/api/payouts?limit=0')).toMatchObject({ code: 'BAD_PARAMS', facts: { path: 'limit' } })
  expect(await get('/api/payouts?limit=1&limit=2')).toMatchObject({ code: 'BAD_PARAMS', facts: { path: 'limit' } })
  expect(await get('/api/payouts?before=x')).toMatchObject({ code: 'BAD_PARAMS', facts: { path: 'before' } })
  expect(await get('/api/payouts?payee=x')).toMatchObject({ code: 'BAD_PARAMS', facts: { path: 'payee' } })
  expect(await get('/api/tee/attestation?nonce=x')).toMatchObject({ code: 'BAD_PARAMS', facts: { path: 'nonce' } })
})

test('behavior: health, status and attestation', async () => {
  const world = createWorld()
  const waiting = await world.startDaemon(slow)
  const health = await fetch(`${waiting.url}/healthz`)
  expect(health.status).toBe(503)
  await waiting.stop()
  const daemon = await world.startOpen(slow)
  expect(await (await fetch(`${daemon.url}/healthz`)).json()).toEqual({ ok: true, state: 'open' })
  const status = await daemon.client.status()
  expect(status).toMatchObject({
    ...domain,
    isEpochOpen: true,
    state: 'open',
    head: { counter: 0n },
    core: { phase: 'open' },
  })
  const answers = await Promise.all(
    Array.from({ length: 45 }, () => fetch(`${daemon.url}/api/tee/attestation?nonce=0x1234`)),
  )
  expect(await answers[0]?.json()).toHaveProperty('document_b64')
  const refused = answers.find(({ status: code }) => code === 429) as Response
  expect(await problem(refused)).toMatchObject({ code: 'TOO_MANY_REQUESTS' })
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
})

test('error: our own faults are told without details', async () => {
  const broken = { payouts: () => Promise.reject(new Error('secret')) }
  const daemon = await createWorld().startOpen(slow, (store) => ({ ...store, ...broken }))
  const response = await fetch(`${daemon.url}/api/payouts`)
  expect(await response.clone().text()).not.toContain('secret')
  expect(await problem(response)).toEqual({ status: 500, code: 'INTERNAL', facts: {} })
  expect(daemon.log.some((line) => JSON.stringify(line).includes('secret'))).toBe(true)
})
