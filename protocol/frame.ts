/**
 * Frames on a byte stream: two 4-byte big-endian lengths, of the frame and of the JSON in it, then UTF-8 JSON, then parts:
 * bytes that would be long as text. Where one belongs in the JSON stands `{"": LENGTH}`; parts lie in the order of these.
 */
import { refuse } from '../ledger/refusal.ts'

/** No frame is longer. Larger things move in chunks. */
export const frameBytesMax = 8 * 1024 * 1024

/** One message as a frame. @throws Refusal `FRAME_TOO_LARGE` */
export function encodeFrame(message: unknown): Uint8Array {
  const body = encodeBody(message)
  checkLength(body.length)
  return Buffer.concat([lengthOf(body), body])
}

/** One message as the body of a frame. */
export function encodeBody(message: unknown): Uint8Array {
  const parts: Uint8Array[] = []
  const json = Buffer.from(JSON.stringify(withoutParts(message, parts)), 'utf8')
  return Buffer.concat([lengthOf(json), json, ...parts])
}

function lengthOf(bytes: Uint8Array): Uint8Array {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return length
}

function withoutParts(value: unknown, parts: Uint8Array[]): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Uint8Array) {
    parts.push(value)
    return { '': value.length }
  }
  if (Array.isArray(value)) return value.map((item) => withoutParts(item, parts))
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, withoutParts(member, parts)]))
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

/** The message in the body of a frame. @throws Refusal `MALFORMED_FRAME` */
export function decodeBody(body: Uint8Array): unknown {
  try {
    const end = 4 + new DataView(body.buffer, body.byteOffset, body.length).getUint32(0)
    if (end > body.length) throw new RangeError('the JSON ends too early')
    const message = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body.subarray(4, end)))
    let parts = body.subarray(end)
    const takePart = (length: number): Uint8Array => {
      if (!Number.isInteger(length) || length < 0 || length > parts.length) throw new RangeError('a part is missing')
      const part = parts.subarray(0, length)
      parts = parts.subarray(length)
      return part
    }
    const whole = parts.length > 0 ? withParts(message, takePart) : message
    if (parts.length > 0) throw new RangeError('a part belongs nowhere')
    return whole
  } catch {
    // The parser's words quote what was sent; the caller needs none of it.
    return refuse('MALFORMED_FRAME', 'a frame is not UTF-8 JSON with its parts behind it')
  }
}

function withParts(value: unknown, takePart: (length: number) => Uint8Array): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item) => withParts(item, takePart))
  const members = Object.entries(value)
  if (members.length === 1 && members[0]?.[0] === '') return takePart(members[0][1])
  return Object.fromEntries(members.map(([name, member]) => [name, withParts(member, takePart)]))
}
