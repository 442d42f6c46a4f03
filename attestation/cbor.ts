/**
 * Reads CBOR (RFC 8949), and of it only what attestation documents are made of: whole numbers from 0, bytes, text, lists,
 * maps and null. Heads in their shortest form, no key twice, nothing behind the end: what two readers could understand
 * differently is not read at all. Maps alone may have an indefinite length: so hypervisors write them since 2026.
 */
import { Rejection } from './rejection.ts'

export type Cbor = number | string | null | Uint8Array | readonly Cbor[] | CborMap
export type CborMap = ReadonlyMap<number | string, Cbor>

interface Source {
  readonly bytes: Uint8Array
  at: number
}

/** Lists and maps around a value; documents have two. */
const depthMax = 4
const nullByte = 0xf6
const indefiniteMap = 0xbf
const breakByte = 0xff

/** The one value that `bytes` encode. Bytes in it are views, not copies. @throws Rejection `MALFORMED_CBOR` */
export function decodeCbor(bytes: Uint8Array): Cbor {
  const source = { bytes, at: 0 }
  const value = readValue(source, depthMax)
  if (source.at < bytes.length) throw malformed(source, 'bytes follow the value')
  return value
}

export const isCborMap = (value: Cbor | undefined): value is CborMap => value instanceof Map

function readValue(source: Source, depth: number): Cbor {
  if (depth < 0) throw malformed(source, 'lists and maps are too deep')
  const [initial = 0] = take(source, 1)
  if (initial === nullByte) return null
  if (initial === indefiniteMap) return readMap(source, Number.POSITIVE_INFINITY, depth)
  const argument = readArgument(source, initial & 0x1f)
  switch (initial >> 5) {
    case 0:
      return argument
    case 2:
      return take(source, argument)
    case 3:
      return readText(source, argument)
    case 4:
      return readList(source, argument, depth)
    case 5:
      return readMap(source, argument, depth)
    default:
      throw malformed(source, 'a value of a type that no document has')
  }
}

/** The number in a head: itself up to 23, otherwise in as few of 1, 2, 4 or 8 bytes as hold it. */
function readArgument(source: Source, short: number): number {
  if (short < 24) return short
  const least = [24, 0x100, 0x10000, 0x1_0000_0000][short - 24]
  if (least === undefined) throw malformed(source, 'an indefinite length, or a reserved one')
  const argument = take(source, 2 ** (short - 24)).reduce((sum, byte) => sum * 256 + byte, 0)
  if (argument < least || !Number.isSafeInteger(argument))
    throw malformed(source, 'a number longer than needed, or above 2^53')
  return argument
}

function readText(source: Source, length: number): string {
  const bytes = take(source, length)
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw malformed(source, 'text that is not UTF-8')
  }
}

function readList(source: Source, length: number, depth: number): Cbor[] {
  const items: Cbor[] = []
  while (items.length < length) items.push(readValue(source, depth - 1))
  return items
}

function readMap(source: Source, size: number, depth: number): CborMap {
  const map = new Map<number | string, Cbor>()
  while (map.size < size) {
    if (size === Number.POSITIVE_INFINITY && source.bytes[source.at] === breakByte) {
      source.at += 1
      break
    }
    const key = readValue(source, depth - 1)
    if (typeof key !== 'number' && typeof key !== 'string') throw malformed(source, 'a key that is no number or text')
    if (map.has(key)) throw malformed(source, 'a key that is there twice')
    map.set(key, readValue(source, depth - 1))
  }
  return map
}

function take(source: Source, length: number): Uint8Array {
  const start = source.at
  if (length > source.bytes.length - start) throw malformed(source, 'it ends too early')
  source.at += length
  return source.bytes.subarray(start, source.at)
}

const malformed = ({ at }: Source, what: string): Rejection =>
  new Rejection('MALFORMED_CBOR', `not the CBOR of a document, near byte ${at}: ${what}`)
