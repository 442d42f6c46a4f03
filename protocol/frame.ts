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

/** Cuts a byte stream into frames. Holds at most one frame, in however many pieces it comes, and judges its length before its first byte arrives. */
export class FrameReader {
  readonly #length = Buffer.alloc(4)
  /** The body that is arriving; undefined while its length is. */
  #body: Buffer | undefined
  /** Bytes of either that are there. */
  #filled = 0
  /** What arrived and was not looked at yet. */
  #rest: Uint8Array = new Uint8Array()

  /**
   * Takes what arrived at once; gives the bodies that are whole as they are asked for, so that what came before a fault
   * is answered first. @throws Refusal `FRAME_TOO_LARGE` in its turn: the stream is lost
   */
  push(chunk: Uint8Array): Generator<Uint8Array, undefined> {
    this.#rest = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk
    return this.#bodies()
  }

  *#bodies(): Generator<Uint8Array, undefined> {
    while (this.#isFilled(this.#body ?? this.#length)) {
      const whole = this.#body
      this.#filled = 0
      this.#body = whole ? undefined : Buffer.allocUnsafe(checkLength(this.#length.readUInt32BE()))
      if (whole) yield whole
    }
  }

  #isFilled(target: Buffer): boolean {
    const piece = this.#rest.subarray(0, target.length - this.#filled)
    target.set(piece, this.#filled)
    this.#filled += piece.length
    this.#rest = this.#rest.subarray(piece.length)
    return this.#filled === target.length
  }

  /** Whether a frame has begun and not ended. */
  get isMidFrame(): boolean {
    return this.#body !== undefined || this.#filled + this.#rest.length > 0
  }
}

function checkLength(length: number): number {
  if (length <= frameBytesMax) return length
  return refuse('FRAME_TOO_LARGE', 'a frame is longer than the limit', { max: frameBytesMax, got: length })
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
