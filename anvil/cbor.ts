/** Writes the few CBOR types (RFC 8949) of an attestation document, each in its shortest form: these bytes are signed. */

export type Cbor = string | number | null | Uint8Array | readonly Cbor[] | ReadonlyMap<string | number, Cbor>

/** The encoding of text, a whole number from 0, null, bytes, a list, or a map in the order of its entries. */
export function encodeCbor(value: Cbor): Uint8Array {
  if (value === null) return Buffer.from([0xf6])
  if (typeof value === 'number') return head(0, value)
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value, 'utf8')])
  if (value instanceof Uint8Array) return Buffer.concat([head(2, value.length), value])
  if (value instanceof Map)
    return Buffer.concat([head(5, value.size), ...[...value].flatMap(([k, v]) => [encodeCbor(k), encodeCbor(v)])])
  const items = value as readonly Cbor[]
  return Buffer.concat([head(4, items.length), ...items.map(encodeCbor)])
}

function head(major: number, argument: number): Uint8Array {
  if (!Number.isSafeInteger(argument) || argument < 0) throw new RangeError(`${argument} is no whole number from 0`)
  const type = major << 5
  if (argument < 24) return Buffer.from([type | argument])
  const size = argument < 0x100 ? 1 : argument < 0x10000 ? 2 : argument < 0x100000000 ? 4 : 8
  const octets = Buffer.alloc(9)
  octets.writeBigUInt64BE(BigInt(argument), 1)
  octets[8 - size] = type | (24 + Math.log2(size))
  return octets.subarray(8 - size)
}
