/**
 * Entries out of the bytes that the log holds. What comes out is only believed after it was encoded and hashed again: bytes
 * that mean the same and are written otherwise lead to another root.
 */
import type { Entry, SignedBatch, SignedConfiguration, SignedPreference } from '../../ledger/entry.ts'
import { type Hex, toHex } from '../../ledger/hex.ts'
import { elementOf, fieldsOf } from '../../ledger/structs.ts'
import { type Domain, typeHash } from '../../ledger/typedData.ts'
import { ProvedLie } from '../verdict.ts'

/** Reads one value that begins at an offset. */
interface Reader {
  readonly isDynamic: boolean
  /** Bytes in the head of what holds it. */
  readonly words: number
  read(bytes: Uint8Array, at: number): unknown
}

const readers = new Map<string, Reader>()

function readerOf(type: string): Reader {
  const known = readers.get(type)
  if (known) return known
  const [element, fields] = [elementOf(type), fieldsOf(type)]
  const reader = element
    ? readerOfArray(readerOf(element))
    : fields
      ? readerOfSequence(fields)
      : type === 'bytes'
        ? readerOfBytes
        : { isDynamic: false, words: 1, read: atomReader(type) }
  readers.set(type, reader)
  return reader
}

/** Members one after the other; those of no fixed size lie behind, at an offset from where the sequence begins. */
function readerOfSequence(fields: readonly (readonly [name: string, type: string])[]): Reader {
  let at = 0
  const members = fields.map(([name, type]) => {
    const reader = readerOf(type)
    const head = at
    at += reader.isDynamic ? 32 : reader.words * 32
    return { name, reader, head }
  })
  return {
    isDynamic: members.some(({ reader }) => reader.isDynamic),
    words: at / 32,
    read(bytes, start) {
      const value: Record<string, unknown> = {}
      for (const { name, reader, head } of members)
        value[name] = reader.read(bytes, start + (reader.isDynamic ? length(bytes, start + head) : head))
      return value
    },
  }
}

const readerOfArray = (item: Reader): Reader => ({
  isDynamic: true,
  words: 1,
  read(bytes, at) {
    const count = length(bytes, at)
    const step = item.isDynamic ? 32 : item.words * 32
    if (count * step > bytes.length) throw new RangeError('a list is longer than the entry')
    const items = new Array(count)
    for (let i = 0; i < count; i++) {
      const head = at + 32 + i * step
      items[i] = item.read(bytes, item.isDynamic ? at + 32 + length(bytes, head) : head)
    }
    return items
  },
})

const readerOfBytes: Reader = {
  isDynamic: true,
  words: 1,
  read: (bytes, at) => toHex(slice(bytes, at + 32, length(bytes, at))),
}

function atomReader(type: string): Reader['read'] {
  if (type === 'address') return (bytes, at) => toHex(slice(bytes, at + 12, 20))
  if (type === 'bytes32') return (bytes, at) => toHex(slice(bytes, at, 32))
  if (type === 'bool') return (bytes, at) => number(bytes, at) !== 0n
  if (type === 'uint8') return (bytes, at) => Number(number(bytes, at))
  return number
}

/** Of every uint that an entry holds, none is above 96 bits; what lies above is met again in the hash. */
function number(bytes: Uint8Array, at: number): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, 32)
  return (view.getBigUint64(16) << 64n) | view.getBigUint64(24)
}

function length(bytes: Uint8Array, at: number): number {
  const value = number(bytes, at)
  if (value > BigInt(bytes.length)) throw new RangeError('an offset or length points behind the entry')
  return Number(value)
}

function slice(bytes: Uint8Array, at: number, count: number): Uint8Array {
  if (at + count > bytes.length) throw new RangeError('the entry ends too early')
  return bytes.subarray(at, at + count)
}

const kinds = ['Batch', 'Preference', 'Configuration'] as const
const kindOf = new Map(kinds.map((kind) => [toHex(typeHash(kind)), kind]))
const batchReader = readerOfSequence([
  ['batch', 'Batch'],
  ['signature', 'bytes'],
])
const preferenceReader = readerOfSequence([
  ['preference', 'Preference'],
  ['signature', 'bytes'],
])
const configurationReader = readerOfSequence([
  ['configuration', 'Configuration'],
  ['signatures', 'bytes[]'],
])

/** @throws ProvedLie `ENTRY_MALFORMED` where no core could have written these bytes */
export function decodeEntry(leaf: Uint8Array, domain: Domain): Entry {
  const kind = kindOf.get(toHex(leaf.subarray(0, 32)) as Hex)
  const body = leaf.subarray(32)
  try {
    if (kind === 'Batch')
      return { ...domain, ...(batchReader.read(body, 0) as Pick<SignedBatch, 'batch' | 'signature'>) }
    if (kind === 'Preference')
      return { ...domain, ...(preferenceReader.read(body, 0) as Pick<SignedPreference, 'preference' | 'signature'>) }
    if (kind === 'Configuration') return configurationReader.read(body, 0) as SignedConfiguration
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new ProvedLie('ENTRY_MALFORMED', `an entry of the log cannot be read: ${error.message}`)
  }
  throw new ProvedLie('ENTRY_MALFORMED', 'an entry of the log is of no known kind', {
    type: toHex(leaf.subarray(0, 32)),
  })
}
