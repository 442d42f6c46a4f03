/** AWS Signature Version 4 on the receiving side: who signed a request, if it arrived as it was sent. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { KmsError } from './errors.ts'

/** Someone who may sign requests, and under which name key policies know them. */
export interface Identity {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** `arn:aws:iam::111122223333:role/host` */
  readonly arn: string
}

export interface SignedRequest {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: Uint8Array
}

export interface SignatureCheck {
  readonly identities: readonly Identity[]
  readonly region: string
  readonly nowMs: number
}

/** AWS takes requests whose clock is at most five minutes off. */
const clockSkewMs = 300_000
const algorithm = 'AWS4-HMAC-SHA256'
const form = new RegExp(
  `^${algorithm} Credential=(?<id>[^/, ]+)/(?<scope>[^, ]+), ?SignedHeaders=(?<names>[^, ]+), ?Signature=(?<signature>[0-9a-f]{64})$`,
)

/** @returns who signed. @throws KmsError naming what is wrong with the signature, as AWS does */
export function authenticate(request: SignedRequest, { identities, region, nowMs }: SignatureCheck): Identity {
  const { authorization, 'x-amz-date': date } = request.headers
  if (authorization === undefined)
    throw new KmsError('MissingAuthenticationTokenException', 'Missing Authentication Token')
  const { id, scope, names, signature } = form.exec(authorization)?.groups ?? {}
  if (!id || !scope || !names || !signature) return incomplete('Authorization does not have the form of version 4.')
  if (typeof date !== 'string' || !/^\d{8}T\d{6}Z$/.test(date)) return incomplete('X-Amz-Date is missing or malformed.')
  const identity = identities.find(({ accessKeyId }) => accessKeyId === id)
  if (!identity)
    throw new KmsError('UnrecognizedClientException', 'The security token included in the request is invalid.')

  const expectedScope = `${date.slice(0, 8)}/${region}/kms/aws4_request`
  if (scope !== expectedScope) return refuse(`Credential should be scoped to ${expectedScope}.`)
  if (!(Math.abs(nowMs - timeOf(date)) <= clockSkewMs)) return refuse(`Signature expired or not yet current: ${date}`)
  const signed = names.split(';')
  const unsigned = Object.keys(request.headers).find((name) => mustBeSigned(name) && !signed.includes(name))
  if (unsigned !== undefined) return refuse(`${unsigned} is not among the signed headers.`)

  const toSign = [algorithm, date, scope, sha256(canonical(request, signed))].join('\n')
  const expected = hmac(signingKey(identity.secretAccessKey, scope), toSign)
  if (!timingSafeEqual(expected, Buffer.from(signature, 'hex')))
    return refuse('The request signature we calculated does not match the signature you provided.')
  return identity
}

const mustBeSigned = (header: string): boolean => header === 'host' || header.startsWith('x-amz-')

/** The request in the one form that both sides hash. KMS's requests have one path and no query. */
function canonical({ method, path, headers, body }: SignedRequest, signed: readonly string[]): string {
  const lines = signed.map((name) => `${name}:${`${headers[name] ?? ''}`.trim().replace(/ +/g, ' ')}\n`)
  return [method, path, '', lines.join(''), signed.join(';'), sha256(body)].join('\n')
}

const signingKey = (secret: string, scope: string): Buffer =>
  scope.split('/').reduce<Buffer>((key, part) => hmac(key, part), Buffer.from(`AWS4${secret}`, 'utf8'))

const hmac = (key: Uint8Array, text: string): Buffer => createHmac('sha256', key).update(text).digest()
const sha256 = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex')

/** `20261122T170000Z` in milliseconds since 1970. */
const timeOf = (date: string): number =>
  Date.parse(date.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6.000Z'))

const incomplete = (message: string): never => {
  throw new KmsError('IncompleteSignatureException', message)
}
const refuse = (message: string): never => {
  throw new KmsError('InvalidSignatureException', message)
}
