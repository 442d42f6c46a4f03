/**
 * Stands in for AWS KMS: the part of its API (JSON 1.1) that wraps and unwraps a core's state key, for the unmodified SDK.
 * Signatures, key policies and attestation documents are checked as KMS checks them. Keys live in memory.
 */
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { KmsError } from './errors.ts'
import { createKeys, isOperation, type Keys, type KeysOptions } from './keys.ts'
import { authenticate, type Identity } from './signature.ts'

export interface KmsOptions extends KeysOptions {
  readonly identities: readonly Identity[]
  /** Hears of what is a fault of the stand-in. */
  readonly logFault: (fault: unknown) => void
}

const bodyBytesMax = 128 * 1024
const target = /^TrentService\.(?<operation>[A-Za-z]+)$/

/** A server that is not yet listening. */
export function createKmsServer(options: KmsOptions): Server {
  const keys = createKeys(options)
  return createServer(async (request, response) => {
    const { status, body } = await answer(request, keys, options)
    const text = JSON.stringify(body)
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': randomUUID() })
    response.end(text)
  })
}

async function answer(
  request: IncomingMessage,
  keys: Keys,
  options: KmsOptions,
): Promise<{ status: number; body: object }> {
  try {
    return { status: 200, body: perform(request, await bodyOf(request), keys, options) }
  } catch (error) {
    const known = error instanceof KmsError ? error : new KmsError('KMSInternalException', 'internal failure')
    if (error !== known) options.logFault(error)
    return { status: known.status, body: { __type: known.name, message: known.message } }
  }
}

function perform(request: IncomingMessage, body: Buffer, keys: Keys, { identities, region, now }: KmsOptions): object {
  const { method = '', url: path = '', headers } = request
  const { operation = '' } = target.exec(`${headers['x-amz-target']}`)?.groups ?? {}
  if (method !== 'POST' || path !== '/' || !isOperation(operation))
    throw new KmsError('UnknownOperationException', `no operation ${operation}`)
  const caller = authenticate({ method, path, headers, body }, { identities, region, nowMs: now() })
  return keys.perform(operation, parse(body), caller)
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += (chunk as Buffer).length
    if (size > bodyBytesMax) throw new KmsError('SerializationException', 'the request is too large')
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks)
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch (cause) {
    throw new KmsError('SerializationException', 'the request is not JSON', { cause })
  }
}
