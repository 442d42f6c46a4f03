/**
 * Values as bytes and back: the Contract ABI's encoding, and EIP-712's hash of what is so encoded. Writes only what it can
 * write exactly, and reads only what it would have written: for each value there is one encoding, and for each encoding one value.
 */
import { keccak256 } from '#primitives'
import { type Hex, hexOf, toBytes } from './hex.ts'
import { elementOf, type Field, fieldsOf, type StructName } from './structs.ts'

/** No list is read that has more items, nor `bytes` that have more. */
export const itemsMax = 1_000
export const bytesMax = 16_384

/** Bytes to read from, and their numbers. */
export interface Source {
  readonly bytes: Uint8Array
  readonly view: DataView
}

export const sourceOf = (bytes: Uint8Array): Source => ({
  bytes,
  view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length),
})

/** How the values of one type become bytes. Made once a type: every event of every batch goes through one. */
export interface Layout {
  readonly isDynamic: boolean
  /** Bytes in the head of what holds it: an offset where it is dynamic, otherwise all of it. */
  readonly head: number
  /** Bytes of the encoding of a value (Contract ABI specification, "Formal Specification of the Encoding"). */
  size(value: unknown): number
  /** Writes the encoding into zeros. @throws RangeError: the value does not fit its type */
  encode(out: Uint8Array, at: number, value: unknown): void
  /** Reads what `encode` wrote at `at`. @throws RangeError: it would have written something else */
  decode(from: Source, at: number): unknown
  /** Writes the 32 bytes that stand for the value encoded at `at` in the hash of what holds it (EIP-712, `encodeData`). */
  hash(out: Uint8Array, place: number, from: Source, at: number): void
}

/** A struct's own part in its hash. */
export type TypeHashOf = (name: StructName) => Uint8Array

/** Layouts by type, each made once. */
export function createLayouts(typeHashOf: TypeHashOf): (type: string) => Layout {
  const layouts = new Map<string, Layout>()
  const layoutOf = (type: string): Layout => {
    const known = layouts.get(type)
    if (known) return known
    const [element, fields] = [elementOf(type), fieldsOf(type)]
    const layout = element
      ? layoutOfArray(layoutOf(element))
      : fields
        ? layoutOfStruct(
            fields,
            fields.map(([, field]) => layoutOf(field)),
            typeHashOf(type as StructName),
          )
        : type === 'bytes'
          ? layoutOfBytes
          : layoutOfAtom(type)
    layouts.set(type, layout)
    return layout
  }
  return layoutOf
}

interface Word {
  write(out: Uint8Array, at: number, value: unknown): void
  read(from: Source, at: number): unknown
}

function wordOf(type: string): Word {
  if (type === 'address') return hexWord(12)
  if (type === 'bytes32') return hexWord(0)
  if (type === 'bool')
    return {
      write: (out, at, value) => writeUint(out, at, value ? 1n : 0n),
      read: (from, at) => readUint(from, at, 2n) === 1n,
    }
  const bits = /^uint(\d+)$/.exec(type)?.[1]
  if (!bits) throw new RangeError(`no such type: ${type}`)
  const ceiling = 1n << BigInt(bits)
  return {
    write(out, at, value) {
      const number = BigInt(value as bigint | number)
      if (number < 0n || number >= ceiling) throw new RangeError(`${number} is no ${type}`)
      writeUint(out, at, number)
    },
    read:
      type === 'uint8' ? (from, at) => Number(readUint(from, at, ceiling)) : (from, at) => readUint(from, at, ceiling),
  }
}

/** Bytes on the right of a word, behind so many zeros. */
const hexWord = (zeros: number): Word => ({
  write(out, at, value) {
    const bytes = toBytes(value as Hex)
    if (bytes.length !== 32 - zeros) throw new RangeError(`${bytes.length} bytes are not ${32 - zeros}`)
    out.set(bytes, at + zeros)
  },
  read(from, at) {
    for (let i = 0; i < zeros; i += 4)
      if (from.view.getUint32(at + i) !== 0) throw new RangeError('an address has 20 bytes')
    return hexOf(from.bytes, at + zeros, at + 32)
  },
})

function writeUint(out: Uint8Array, at: number, value: bigint): void {
  const view = new DataView(out.buffer, out.byteOffset + at, 32)
  for (let [rest, end] = [value, 24]; rest > 0n; rest >>= 64n, end -= 8)
    view.setBigUint64(end, BigInt.asUintN(64, rest))
}

function readUint(from: Source, at: number, ceiling: bigint): bigint {
  let value = from.view.getBigUint64(at + 24)
  for (let i = 16; i >= 0; i -= 8) {
    const part = from.view.getBigUint64(at + i)
    if (part !== 0n) value |= part << BigInt(192 - 8 * i)
  }
  if (value >= ceiling) throw new RangeError(`${value} is not below ${ceiling}`)
  return value
}

const readLength = (from: Source, at: number, max: number): number => Number(readUint(from, at, BigInt(max) + 1n))

function layoutOfAtom(type: string): Layout {
  const { write, read } = wordOf(type)
  return {
    isDynamic: false,
    head: 32,
    size: () => 32,
    encode: write,
    decode: read,
    hash: (out, place, from, at) => out.set(from.bytes.subarray(at, at + 32), place),
  }
}

const paddedTo32 = (length: number): number => Math.ceil(length / 32) * 32

const layoutOfBytes: Layout = {
  isDynamic: true,
  head: 32,
  size: (value) => 32 + paddedTo32((value as Hex).length / 2 - 1),
  encode(out, at, value) {
    const bytes = toBytes(value as Hex)
    writeUint(out, at, BigInt(bytes.length))
    out.set(bytes, at + 32)
  },
  decode(from, at) {
    const length = readLength(from, at, bytesMax)
    const [end, padded] = [at + 32 + length, at + 32 + paddedTo32(length)]
    if (padded > from.bytes.length) throw new RangeError('the bytes end too early')
    for (let i = end; i < padded; i++)
      if (from.view.getUint8(i) !== 0) throw new RangeError('bytes are padded with zeros')
    return hexOf(from.bytes, at + 32, end)
  },
  hash(out, place, from, at) {
    const length = readLength(from, at, from.bytes.length)
    out.set(keccak256(from.bytes.subarray(at + 32, at + 32 + length)), place)
  },
}

function layoutOfArray(item: Layout): Layout {
  const members = (count: number): Layout[] => new Array(count).fill(item)
  return {
    isDynamic: true,
    head: 32,
    size: (value) => 32 + sizeOf(members((value as unknown[]).length), value as unknown[]),
    encode(out, at, value) {
      const values = value as readonly unknown[]
      writeUint(out, at, BigInt(values.length))
      encodeAll(out, at + 32, members(values.length), values)
    },
    decode: (from, at) => decodeAll(from, at + 32, members(readLength(from, at, itemsMax))),
    hash(out, place, from, at) {
      const count = readLength(from, at, from.bytes.length)
      out.set(keccak256(hashAll(new Uint8Array(32 * count), 0, from, at + 32, members(count))), place)
    },
  }
}

function layoutOfStruct(fields: readonly Field[], members: readonly Layout[], typeHash: Uint8Array): Layout {
  const names = fields.map(([name]) => name)
  const valuesOf = (value: unknown): unknown[] => names.map((name) => (value as Record<string, unknown>)[name])
  const isDynamic = members.some((member) => member.isDynamic)
  const fixed = headOf(members)
  // Filled anew for each hash: events are hashed by the hundred, and their hash is theirs alone.
  const hashed = new Uint8Array(32 + 32 * members.length)
  hashed.set(typeHash)
  const isFlat = members.every((member) => !member.isDynamic && member.head === 32)
  return {
    isDynamic,
    head: isDynamic ? 32 : fixed,
    size: (value) => sizeOf(members, valuesOf(value)),
    encode: (out, at, value) => encodeAll(out, at, members, valuesOf(value)),
    decode(from, at) {
      const values = decodeAll(from, at, members)
      const struct: Record<string, unknown> = {}
      for (let i = 0; i < names.length; i++) struct[names[i] as string] = values[i]
      return struct
    },
    hash(out, place, from, at) {
      if (isFlat) hashed.set(from.bytes.subarray(at, at + fixed), 32)
      else hashAll(hashed, 32, from, at, members)
      out.set(keccak256(hashed), place)
    },
  }
}

export const headOf = (members: readonly Layout[]): number => members.reduce((sum, member) => sum + member.head, 0)

export function sizeOf(members: readonly Layout[], values: readonly unknown[]): number {
  let size = 0
  for (const [i, member] of members.entries()) size += member.isDynamic ? 32 + member.size(values[i]) : member.head
  return size
}

/** Heads and tails of a sequence of values; its members share one base for offsets. */
export function encodeAll(out: Uint8Array, base: number, members: readonly Layout[], values: readonly unknown[]): void {
  let head = base
  let tail = base + headOf(members)
  for (const [i, member] of members.entries()) {
    if (member.isDynamic) {
      writeUint(out, head, BigInt(tail - base))
      member.encode(out, tail, values[i])
      tail += member.size(values[i])
    } else member.encode(out, head, values[i])
    head += member.head
  }
}

/** What {@link encodeAll} wrote: tails lie one after the other, in the order of their heads. */
export function decodeAll(from: Source, base: number, members: readonly Layout[]): unknown[] {
  let head = base
  let tail = base + headOf(members)
  if (tail > from.bytes.length) throw new RangeError('the bytes end too early')
  const values = new Array<unknown>(members.length)
  for (let i = 0; i < members.length; i++) {
    const member = members[i] as Layout
    if (member.isDynamic) {
      if (readLength(from, head, from.bytes.length) !== tail - base) throw new RangeError('an offset is not the next')
      values[i] = member.decode(from, tail)
      tail += member.size(values[i])
    } else values[i] = member.decode(from, head)
    head += member.head
  }
  return values
}

/** The 32 bytes of each of the values encoded at `base`. */
export function hashAll(
  out: Uint8Array,
  place: number,
  from: Source,
  base: number,
  members: readonly Layout[],
): Uint8Array {
  let head = base
  for (let i = 0; i < members.length; i++) {
    const member = members[i] as Layout
    const at = member.isDynamic ? base + readLength(from, head, from.bytes.length) : head
    member.hash(out, place + 32 * i, from, at)
    head += member.head
  }
  return out
}
