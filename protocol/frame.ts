/** Frames on a byte stream: a 4-byte big-endian length, then so many bytes of UTF-8 JSON. */
import { refuse } from '../ledger/refusal.ts'

/** No frame is longer. Larger things move in chunks. */
export const frameBytesMax = 8 * 1024 * 1024

/** One message as a frame. @throws Refusal `FRAME_TOO_LARGE` */
export function encodeFrame(message: unknown): Uint8Array {
  const body = Buffer.from(JSON.stringify(message), 'utf8')
  checkLength(body.length)
  const frame = Buffer.allocUnsafe(4 + body.length)
  frame.writeUInt32BE(body.length)
  body.copy(frame, 4)
  return frame
}

/** Cuts a byte stream into frames. Holds at most one frame, and judges its length before its first byte arrives. */
export class FrameReader {
  #chunks: Uint8Array[] = []
  #held = 0

  /**
   * Takes what arrived at once; gives the bodies that are whole as they are asked for, so that what came before a fault
   * is answered first. @throws Refusal `FRAME_TOO_LARGE` in its turn: the stream is lost
   */
  push(chunk: Uint8Array): Generator<Uint8Array, undefined> {
    this.#chunks.push(chunk)
    this.#held += chunk.length
    return this.#bodies()
  }

  *#bodies(): Generator<Uint8Array, undefined> {
    while (this.#held >= 4) {
      const head = this.#peek()
      const length = new DataView(head.buffer, head.byteOffset).getUint32(0)
      checkLength(length)
      if (this.#held < 4 + length) break
      const whole = this.#join()
      this.#chunks = [whole.subarray(4 + length)]
      this.#held = whole.length - 4 - length
      yield whole.subarray(4, 4 + length)
    }
  }

  /** Whether a frame has begun and not ended. */
  get isMidFrame(): boolean {
    return this.#held > 0
  }

  #peek(): Uint8Array {
    if ((this.#chunks[0] as Uint8Array).length < 4) this.#chunks = [this.#join()]
    return this.#chunks[0] as Uint8Array
  }

  #join(): Uint8Array {
    return this.#chunks.length === 1 ? (this.#chunks[0] as Uint8Array) : Buffer.concat(this.#chunks)
  }
}

function checkLength(length: number): void {
  if (length > frameBytesMax)
    refuse('FRAME_TOO_LARGE', 'a frame is longer than the limit', { max: frameBytesMax, got: length })
}

/** A body as JSON. @throws Refusal `MALFORMED_FRAME` */
export function decodeBody(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    // The parser's words quote what was sent; the caller needs none of it.
    return refuse('MALFORMED_FRAME', 'a frame is not UTF-8 JSON')
  }
}
