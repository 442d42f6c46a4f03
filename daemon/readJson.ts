/** Reads a request's body as JSON, and no more of it than is allowed. */
import type { IncomingMessage } from 'node:http'
import { Problem } from './problem.ts'

export interface Body {
  readonly json: unknown
  /** As it came. */
  readonly bytes: number
}

/** @throws Problem `NOT_JSON`, `BODY_TOO_LARGE`, `MALFORMED_JSON` */
export async function readJson(request: IncomingMessage, bytesMax: number): Promise<Body> {
  const type = request.headers['content-type'] ?? ''
  if (!/^application\/json(?:\s*;|$)/i.test(type))
    throw new Problem('NOT_JSON', 'send application/json', { got: type.slice(0, 100) })
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
  try {
    return { json: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))), bytes }
  } catch {
    // The parser's words quote what was sent; the sender needs none of it.
    throw new Problem('MALFORMED_JSON', 'the body is not UTF-8 JSON')
  }
}
