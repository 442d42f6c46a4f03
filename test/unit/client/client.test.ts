import { describe, expect, test } from 'vitest'
import { accountAnswer, payoutsAnswer, reporterAnswer } from '../../../client/api.ts'
import { ApiError, createClient, signBatch } from '../../../client/index.ts'
import { entryLeaf } from '../../../ledger/entry.ts'
import { domain, payeeOf, reporter, reporterKey } from '../ledger/support.ts'

const url = 'http://daemon.test/base'
const reporterJson = reporterAnswer.write({
  reporter,
  nextSequence: 5n,
  spentWei: 2n ** 95n,
  budgetWei: 2n ** 96n - 1n,
})

interface Asked {
  url: string
  method: string
  body: string | undefined
}

/** A client whose network gives one answer to everything. */
function clientOf(status: number, body: unknown) {
  const asked: Asked[] = []
  const fetch: typeof globalThis.fetch = async (input, init) => {
    asked.push({ url: `${input}`, method: init?.method ?? 'GET', body: init?.body as string | undefined })
    return new Response(typeof body === 'string' ? body : JSON.stringify(body), { status })
  }
  return { client: createClient({ url, fetch }), asked }
}

const never: typeof globalThis.fetch = (_, init) =>
  new Promise((_, reject) => init?.signal?.addEventListener('abort', () => reject(init.signal?.reason)))

async function errorOf(request: Promise<unknown>): Promise<Partial<ApiError>> {
  const error = await request.then(
    () => undefined,
    (reason) => reason,
  )
  if (!(error instanceof ApiError)) throw new Error(`expected an ApiError, not ${String(error)}`)
  const { code, status, facts, isTemporary } = error
  return { code, status, facts, isTemporary }
}

describe('requests', () => {
  test('reporter: amounts are exact', async () => {
    const { client, asked } = clientOf(200, reporterJson)
    expect(await client.reporter(reporter)).toMatchObject({ nextSequence: 5n, spentWei: 2n ** 95n })
    expect(asked).toEqual([{ url: `${url}/api/reporters/${reporter}`, method: 'GET', body: undefined }])
  })

  test('sendBatch: the batch as its bytes in the log', async () => {
    const { client, asked } = clientOf(503, {})
    const batch = signBatch({ domain, secretKey: reporterKey, sequence: 3n, events: [] })
    await errorOf(client.sendBatch(batch))
    expect(asked[0]).toMatchObject({ url: `${url}/api/batches`, method: 'POST' })
    expect(asked[0]?.body).toEqual(entryLeaf(batch))
  })

  test('status, ledgerHead, account, reconciliation: their paths', async () => {
    const { client, asked } = clientOf(404, {})
    await errorOf(client.status())
    await errorOf(client.ledgerHead())
    await errorOf(client.account(payeeOf(1)))
    await errorOf(client.reconciliation())
    const paths = ['/api/tee/status', '/api/ledger/head', `/api/ledger/accounts/${payeeOf(1)}`, '/api/reconciliation']
    expect(asked.map((a) => a.url)).toEqual(paths.map((path) => url + path))
  })

  test('payouts: asks for what it is told to', async () => {
    const { client, asked } = clientOf(200, payoutsAnswer.write({ payouts: [], next: null }))
    await client.payouts()
    await client.payouts({ payee: payeeOf(1), before: 'a&b', limit: 5 })
    expect(asked.map((a) => a.url)).toEqual([
      `${url}/api/payouts`,
      `${url}/api/payouts?payee=${payeeOf(1)}&before=a%26b&limit=5`,
    ])
  })

  test('a url with a slash at its end is the same', async () => {
    const asked: string[] = []
    const fetch: typeof globalThis.fetch = async (input) => {
      asked.push(`${input}`)
      return new Response(JSON.stringify(reporterJson))
    }
    await createClient({ url: `${url}/`, fetch }).reporter(reporter)
    expect(asked).toEqual([`${url}/api/reporters/${reporter}`])
  })
})

describe('error', () => {
  test('a problem document: its code, status and facts', async () => {
    const document = {
      type: 'about:blank',
      title: 'x',
      status: 422,
      code: 'BUDGET_EXCEEDED',
      facts: { left: '5', event: 1 },
    }
    expect(await errorOf(clientOf(422, document).client.reporter(reporter))).toEqual({
      code: 'BUDGET_EXCEEDED',
      status: 422,
      facts: { left: '5', event: 1 },
      isTemporary: false,
    })
  })

  test('a problem document: facts that are no strings or numbers are left out', async () => {
    const document = { code: 'X', facts: { a: '1', b: {}, c: null, d: [1] } }
    expect(await errorOf(clientOf(400, document).client.reporter(reporter))).toMatchObject({ facts: { a: '1' } })
    expect(await errorOf(clientOf(400, { code: 'X', facts: 'y' }).client.reporter(reporter))).toMatchObject({
      facts: {},
    })
  })

  test.each([408, 502, 503, 500, 429])('HTTP_ERROR: %i without a document is temporary', async (status) => {
    const expected = { code: 'HTTP_ERROR', status, facts: {}, isTemporary: true }
    for (const body of ['<html>', '', 'null', '5', { title: 'no code' }])
      expect(await errorOf(clientOf(status, body).client.reporter(reporter))).toEqual(expected)
  })

  test('HTTP_ERROR: 404 without a document is not', async () => {
    expect(await errorOf(clientOf(404, '').client.reporter(reporter))).toMatchObject({ isTemporary: false })
  })

  test('behavior: what a newer daemon adds to an answer is passed over', async () => {
    const { client } = clientOf(200, { ...(reporterJson as object), more: 1 })
    expect(await client.reporter(reporter)).toMatchObject({ reporter })
  })

  test.each(['', '<html>', '{}'])('BAD_ANSWER: success with %j', async (body) => {
    const expected = { code: 'BAD_ANSWER', status: 200, isTemporary: false }
    expect(await errorOf(clientOf(200, body).client.reporter(reporter))).toMatchObject(expected)
  })

  test('UNREACHABLE: nobody listens', async () => {
    const fetch: typeof globalThis.fetch = () => Promise.reject(new TypeError('fetch failed'))
    const expected = { code: 'UNREACHABLE', status: 0, facts: {}, isTemporary: true }
    expect(await errorOf(createClient({ url, fetch }).reporter(reporter))).toEqual(expected)
  })

  test('TIMEOUT: nobody answers', async () => {
    const client = createClient({ url, fetch: never, timeoutMs: 1 })
    expect(await errorOf(client.reporter(reporter))).toMatchObject({ code: 'TIMEOUT', status: 0, isTemporary: true })
  })

  test('the signal of the caller: its reason is thrown', async () => {
    const stop = new AbortController()
    const request = createClient({ url, fetch: never }).reporter(reporter, { signal: stop.signal })
    const reason = new Error('enough')
    stop.abort(reason)
    await expect(request).rejects.toBe(reason)
  })
})

test('account: an answer without an anchor', async () => {
  const answer = {
    payee: payeeOf(1),
    rail: 'ticket',
    minimumWei: 0n,
    earnedWei: 5n,
    paidWei: 2n,
    paidAtBlock: 7n,
    owedWei: 3n,
    preference: null,
    waitsFor: null,
    anchored: null,
  } as const
  expect(await clientOf(200, accountAnswer.write(answer)).client.account(payeeOf(1))).toEqual(answer)
})
