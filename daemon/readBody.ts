/** Reads a request's body, and no more of it than is allowed. */
import type { IncomingMessage } from 'node:http'
import { Problem } from './problem.ts'

/** What a body says it is, as far as we know such. */
export const isBinary = ({ headers }: IncomingMessage): boolean =>
  /^application\/octet-stream(?:\s*;|$)/i.test(headers['content-type'] ?? '')

/** @throws Problem `NOT_JSON`, `BODY_TOO_LARGE`, `MALFORMED_JSON` */
export async function readJson(request: IncomingMessage, bytesMax: number): Promise<unknown> {
  const type = request.headers['content-type'] ?? ''
  if (!/^application\/json(?:\s*;|$)/i.test(type))
    throw new Problem('NOT_JSON', 'send application/json', { got: type.slice(0, 100) })
  const body = await readBytes(request, bytesMax)
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    // The parser's words quote what was sent; the sender needs none of it.
    throw new Problem('MALFORMED_JSON', 'the body is not UTF-8 JSON')
  }
}

/** @throws Problem `BODY_TOO_LARGE` */
export async function readBytes(request: IncomingMessage, bytesMax: number): Promise<Uint8Array> {
  const tooLarge = (): never => {
    throw new Problem('BODY_TOO_LARGE', 'the body is larger than the limit', { max: bytesMax })
  }
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) tooLarge()

  const chunks: Buffer[] = []
  let bytes = 0
  // Not destroyed when it is left early: the sender is to hear why.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > bytesMax) tooLarge()
    chunks.push(chunk)
  }
  return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)
}
