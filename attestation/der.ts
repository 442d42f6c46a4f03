/** Reads DER (X.690): each length in its one allowed form, nothing left over. As much of it as certificates need. */
import { Rejection } from './rejection.ts'

export const tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  /** `[3] EXPLICIT` and `[0] EXPLICIT`. */
  member0: 0xa0,
  member3: 0xa3,
} as const

export interface Element {
  readonly content: Uint8Array
  /** Tag, length and content. */
  readonly whole: Uint8Array
}

/** The elements of one level, taken one by one. */
export interface Elements {
  /** Whether all are taken. */
  readonly isAtEnd: () => boolean
  /** Takes the next one, which must have this tag. */
  readonly next: (tag: number) => Element
  /** Takes the next one if it has this tag. */
  readonly optional: (tag: number) => Element | undefined
}

/** What `read` makes of the elements that `bytes` consist of; it must take all. @throws Rejection `MALFORMED_CERTIFICATE` */
export function readElements<T>(bytes: Uint8Array, read: (elements: Elements) => T): T {
  let at = 0
  const next = (tag: number): Element => {
    if (bytes[at] !== tag) throw malformed(`tag ${tag} expected`)
    const { start, end } = extent(bytes, at + 1)
    const element = { content: bytes.subarray(start, end), whole: bytes.subarray(at, end) }
    at = end
    return element
  }
  const isAtEnd = (): boolean => at === bytes.length
  const value = read({ isAtEnd, next, optional: (tag) => (bytes[at] === tag ? next(tag) : undefined) })
  if (!isAtEnd()) throw malformed('more than expected')
  return value
}

/** Where the content is whose length is written at `at`: below 128 in one byte, otherwise in one or two more. */
function extent(bytes: Uint8Array, at: number): { start: number; end: number } {
  const [first = 0x80, high = 0, low = 0] = bytes.subarray(at, at + 3)
  const [size, length, least] =
    first === 0x82 ? [3, high * 256 + low, 0x100] : first === 0x81 ? [2, high, 0x80] : [1, first, 0]
  const end = at + size + length
  if ((size === 1 && first >= 0x80) || length < least || end > bytes.length)
    throw malformed('a length that does not fit')
  return { start: at + size, end }
}

export const malformed = (what: string): Rejection =>
  new Rejection('MALFORMED_CERTIFICATE', `a certificate is not the DER of X.509 version 3: ${what}`)
