/** Just enough DER (X.690) to write an X.509 certificate. */

const tlv = (tag: number, ...content: readonly Uint8Array[]): Uint8Array => {
  const body = Buffer.concat(content)
  return Buffer.concat([Buffer.from([tag, ...lengthOctets(body.length)]), body])
}

function lengthOctets(length: number): number[] {
  if (length < 0x80) return [length]
  return length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
}

export const sequence = (...items: readonly Uint8Array[]): Uint8Array => tlv(0x30, ...items)
export const set = (...items: readonly Uint8Array[]): Uint8Array => tlv(0x31, ...items)
export const octets = (value: Uint8Array): Uint8Array => tlv(0x04, value)
export const utf8String = (value: string): Uint8Array => tlv(0x0c, Buffer.from(value, 'utf8'))
export const isTrue = tlv(0x01, Buffer.from([0xff]))

/** A member with a tag of its own, `[n] EXPLICIT`. */
export const explicit = (n: number, value: Uint8Array): Uint8Array => tlv(0xa0 | n, value)

/** A whole number that is not negative, from big-endian bytes. */
export function integer(value: Uint8Array): Uint8Array {
  const isNegativeLooking = ((value[0] ?? 0) & 0x80) !== 0
  return isNegativeLooking ? tlv(0x02, Buffer.from([0]), value) : tlv(0x02, value)
}

/** Bits, of which the last `unused` count for nothing. */
export const bits = (value: Uint8Array, unused = 0): Uint8Array => tlv(0x03, Buffer.from([unused]), value)

/** An object identifier of dotted numbers. */
export function oid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  return tlv(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]))
}

function base128(arc: number): number[] {
  const low = arc & 0x7f
  return arc < 0x80 ? [low] : [...base128(arc >> 7).map((octet) => octet | 0x80), low]
}

/** UTCTime, which serves until 2049. Fractions of a second are cut. */
export const utcTime = (ms: number): Uint8Array =>
  tlv(0x17, Buffer.from(`${new Date(ms).toISOString().slice(2, 19).replaceAll(/[-:T]/g, '')}Z`))
