/** Signature Version 4: what the SDK's own signer writes is accepted, anything else is refused under AWS's names. */
import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto'
import { SignatureV4 } from '@smithy/signature-v4'
import { expect, test } from 'vitest'
import { authenticate, type SignedRequest } from '../../anvil/kms/signature.ts'
import { admin, hostRole, region } from './kmsWorld.ts'

const nowMs = Date.parse('2026-11-22T17:00:00.000Z')
const check = { identities: [admin, hostRole], region, nowMs }

/** The SDK's interface of a hash. */
class Sha256 {
  readonly #secret: Uint8Array | undefined
  #hash = createHash('sha256') as Hash | Hmac

  constructor(secret?: SourceData) {
    this.#secret = secret === undefined ? undefined : bytesOf(secret)
    this.reset()
  }
  reset(): void {
    this.#hash = this.#secret ? createHmac('sha256', this.#secret) : createHash('sha256')
  }
  update(data: Uint8Array): void {
    this.#hash.update(data)
  }
  async digest(): Promise<Uint8Array> {
    return new Uint8Array(this.#hash.digest())
  }
}

type SourceData = string | ArrayBuffer | ArrayBufferView

function bytesOf(data: SourceData): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data)
  return ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data)
}

interface Order {
  readonly body?: string
  readonly service?: string
  readonly region?: string
  readonly atMs?: number
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string }
  readonly headers?: Record<string, string>
}

async function signed(order: Order = {}): Promise<SignedRequest> {
  const { body = '{}', service = 'kms', atMs = nowMs, credentials = hostRole, headers = {} } = order
  const signer = new SignatureV4({ credentials, region: order.region ?? region, service, sha256: Sha256 })
  const request = {
    method: 'POST',
    protocol: 'https:',
    hostname: 'kms.example',
    path: '/',
    query: {},
    headers: { host: 'kms.example', 'x-amz-target': 'TrentService.GetPublicKey', ...headers },
    body,
  }
  const { headers: all } = await signer.sign(request, { signingDate: new Date(atMs) })
  return { method: 'POST', path: '/', headers: all, body: Buffer.from(body) }
}

const refused = (name: string) => expect.objectContaining({ name })
const invalid = refused('InvalidSignatureException')

test('default', async () => {
  expect(authenticate(await signed(), check)).toBe(hostRole)
  expect(authenticate(await signed({ credentials: admin }), check)).toBe(admin)
})

test('behavior: spaces in headers count once, and a clock may be five minutes off', async () => {
  const request = await signed({ headers: { 'x-amz-note': '  a   b ' }, atMs: nowMs - 300_000 })
  expect(authenticate(request, check)).toBe(hostRole)
})

test.each<[string, (request: SignedRequest) => SignedRequest]>([
  ['another body', (r) => ({ ...r, body: Buffer.from('{"a":1}') })],
  ['another method', (r) => ({ ...r, method: 'GET' })],
  ['another path', (r) => ({ ...r, path: '/x' })],
  ['another target', (r) => ({ ...r, headers: { ...r.headers, 'x-amz-target': 'TrentService.PutKeyPolicy' } })],
  ['another host', (r) => ({ ...r, headers: { ...r.headers, host: 'kms.other' } })],
  ['one header more', (r) => ({ ...r, headers: { ...r.headers, 'x-amz-more': '1' } })],
  ['a signed header less', (r) => ({ ...r, headers: { ...r.headers, 'x-amz-target': undefined } })],
])('error: %s than was signed', async (_, alter) => {
  const request = await signed()
  expect(() => authenticate(alter(request), check)).toThrow(invalid)
})

test('error: another secret, region, service, day or hour', async () => {
  const orders: Order[] = [
    { credentials: { ...hostRole, secretAccessKey: 'guess' } },
    { region: 'us-east-1' },
    { service: 's3' },
    { atMs: nowMs - 300_001 - 999 },
    { atMs: nowMs + 301_000 },
  ]
  for (const order of orders) {
    const request = await signed(order)
    expect(() => authenticate(request, check)).toThrow(invalid)
  }
})

test('error: a host that is not signed', async () => {
  const request = await signed()
  const authorization = `${request.headers.authorization}`.replace('host;', '')
  const headers = { ...request.headers, authorization }
  expect(() => authenticate({ ...request, headers }, check)).toThrow(invalid)
})

test('error: an unknown access key', async () => {
  const request = await signed({ credentials: { accessKeyId: 'AKIANOBODY', secretAccessKey: 'x' } })
  expect(() => authenticate(request, check)).toThrow(refused('UnrecognizedClientException'))
})

test('error: no signature, half a signature', async () => {
  const request = await signed()
  const change = (changes: object) => () =>
    authenticate({ ...request, headers: { ...request.headers, ...changes } }, check)
  expect(change({ authorization: undefined })).toThrow(refused('MissingAuthenticationTokenException'))
  const incomplete = refused('IncompleteSignatureException')
  expect(change({ authorization: 'Bearer x' })).toThrow(incomplete)
  expect(change({ authorization: `${request.headers.authorization}`.slice(0, -1) })).toThrow(incomplete)
  expect(change({ 'x-amz-date': undefined })).toThrow(incomplete)
  expect(change({ 'x-amz-date': '2026-11-22' })).toThrow(incomplete)
})
