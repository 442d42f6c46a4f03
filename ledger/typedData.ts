/** EIP-712 hashing and ABI encoding of the structs of `structs.ts`. Encodes only what it can encode exactly, and throws otherwise. */
import { keccak256 } from '#primitives'
import { concat, type Hex, toBytes, toHex, utf8 } from './hex.ts'
import { elementOf, type Field, fieldsOf, type Struct, type StructName } from './structs.ts'

/** The EIP-712 domain: a signature is for one contract on one chain. */
export interface Domain {
  readonly chainId: bigint
  readonly verifyingContract: Hex
}

/** How the values of one type become bytes. Made once a type: every event of every batch goes through two of them. */
interface Layout {
  readonly isDynamic: boolean
  /** Bytes of the encoding (Contract ABI specification, "Formal Specification of the Encoding"). */
  size(value: unknown): number
  /** Writes the encoding. @throws RangeError: the value does not fit its type */
  encode(out: Uint8Array, at: number, value: unknown): void
  /** Writes the 32 bytes that stand for a value in the hash of what holds it (EIP-712, `encodeData`). */
  hash(out: Uint8Array, at: number, value: unknown): void
}

const layouts = new Map<string, Layout>()

function layoutOf(type: string): Layout {
  const known = layouts.get(type)
  if (known) return known
  const [element, fields] = [elementOf(type), fieldsOf(type)]
  const layout = element
    ? layoutOfArray(layoutOf(element))
    : fields
      ? layoutOfStruct(type as StructName, fields)
      : type === 'bytes'
        ? layoutOfBytes
        : layoutOfAtom(writerOf(type))
  layouts.set(type, layout)
  return layout
}

type Writer = (out: Uint8Array, at: number, value: unknown) => void

function writerOf(type: string): Writer {
  if (type === 'bool') return (out, at, value) => writeUint(out, at, value ? 1n : 0n)
  if (type === 'address') return (out, at, value) => writeHex(out, at + 12, value as Hex, 20)
  if (type === 'bytes32') return (out, at, value) => writeHex(out, at, value as Hex, 32)
  const bits = /^uint(\d+)$/.exec(type)?.[1]
  if (!bits) throw new RangeError(`no such type: ${type}`)
  const ceiling = 1n << BigInt(bits)
  return (out, at, value) => {
    const number = BigInt(value as bigint | number)
    if (number < 0n || number >= ceiling) throw new RangeError(`${number} is no ${type}`)
    writeUint(out, at, number)
  }
}

function writeUint(out: Uint8Array, at: number, value: bigint): void {
  const view = new DataView(out.buffer, out.byteOffset + at, 32)
  for (let [rest, end] = [value, 24]; rest > 0n; rest >>= 64n, end -= 8)
    view.setBigUint64(end, BigInt.asUintN(64, rest))
}

function writeHex(out: Uint8Array, at: number, hex: Hex, length: number): void {
  if (hex.length !== 2 + 2 * length) throw new RangeError(`${hex.length / 2 - 1} bytes are not ${length}`)
  out.set(toBytes(hex), at)
}

const layoutOfAtom = (write: Writer): Layout => ({ isDynamic: false, size: () => 32, encode: write, hash: write })

const layoutOfBytes: Layout = {
  isDynamic: true,
  size: (value) => 32 + Math.ceil(((value as Hex).length - 2) / 64) * 32,
  encode(out, at, value) {
    const bytes = toBytes(value as Hex)
    writeUint(out, at, BigInt(bytes.length))
    out.set(bytes, at + 32)
  },
  hash: (out, at, value) => out.set(keccak256(toBytes(value as Hex)), at),
}

function layoutOfArray(item: Layout): Layout {
  const itemsOf = (values: readonly unknown[]): Layout[] => new Array(values.length).fill(item)
  return {
    isDynamic: true,
    size: (value) => 32 + sizeOf(itemsOf(value as unknown[]), value as unknown[]),
    encode(out, at, value) {
      const values = value as readonly unknown[]
      writeUint(out, at, BigInt(values.length))
      encodeAll(out, at + 32, itemsOf(values), values)
    },
    hash: (out, at, value) => out.set(keccak256(hashAll(itemsOf(value as unknown[]), value as unknown[])), at),
  }
}

function layoutOfStruct(name: StructName, fields: readonly Field[]): Layout {
  const members = fields.map(([, type]) => layoutOf(type))
  const valuesOf = (value: unknown): unknown[] => fields.map(([field]) => (value as Record<string, unknown>)[field])
  const isDynamic = members.some((member) => member.isDynamic)
  return {
    isDynamic,
    size: isDynamic ? (value) => sizeOf(members, valuesOf(value)) : always(sizeOf(members, members)),
    encode: (out, at, value) => encodeAll(out, at, members, valuesOf(value)),
    hash: (out, at, value) => out.set(keccak256(hashAll(members, valuesOf(value), typeHash(name))), at),
  }
}

const always = (size: number) => () => size

const sizeOf = (members: readonly Layout[], values: readonly unknown[]): number =>
  members.reduce((sum, member, i) => sum + (member.isDynamic ? 32 : 0) + member.size(values[i]), 0)

/** Heads and tails of a sequence of values; its members share one base for offsets. */
function encodeAll(out: Uint8Array, base: number, members: readonly Layout[], values: readonly unknown[]): void {
  let head = base
  let tail = base + members.reduce((sum, member, i) => sum + (member.isDynamic ? 32 : member.size(values[i])), 0)
  for (const [i, member] of members.entries()) {
    const size = member.size(values[i])
    if (member.isDynamic) {
      writeUint(out, head, BigInt(tail - base))
      member.encode(out, tail, values[i])
      head += 32
      tail += size
    } else {
      member.encode(out, head, values[i])
      head += size
    }
  }
}

/** `first`, then the 32 bytes of each value. */
function hashAll(
  members: readonly Layout[],
  values: readonly unknown[],
  first: Uint8Array = new Uint8Array(),
): Uint8Array {
  const out = new Uint8Array(first.length + 32 * members.length)
  out.set(first)
  for (const [i, member] of members.entries()) member.hash(out, first.length + 32 * i, values[i])
  return out
}

/** `abi.encode(...values)`: types are atoms, structs of the table, or arrays of either. */
export function abiEncode(types: readonly string[], values: readonly unknown[]): Uint8Array {
  const members = types.map(layoutOf)
  const out = new Uint8Array(sizeOf(members, values))
  encodeAll(out, 0, members, values)
  return out
}

/** `Commit(uint64 epoch,...)Commitment(...)`: the struct first, then those it uses, by name (EIP-712, encodeType). */
export function encodeType(name: string): string {
  const used = new Set<string>()
  const visit = (type: string): void => {
    const base = elementOf(type) ?? type
    if (used.has(base) || !fieldsOf(base)) return
    used.add(base)
    for (const [, t] of fieldsOf(base) as readonly Field[]) visit(t)
  }
  visit(name)
  used.delete(name)
  return [name, ...[...used].sort()]
    .map((n) => `${n}(${(fieldsOf(n) as readonly Field[]).map(([field, type]) => `${type} ${field}`).join(',')})`)
    .join('')
}

const typeHashes = new Map<string, Uint8Array>()

/** keccak256 of {@link encodeType}. */
export function typeHash(name: StructName): Uint8Array {
  const known = typeHashes.get(name)
  if (known) return known
  const hash = keccak256(utf8(encodeType(name)))
  typeHashes.set(name, hash)
  return hash
}

const hashStructBytes = (name: StructName, value: unknown): Uint8Array => hashAll([layoutOf(name)], [value])

/** EIP-712 `hashStruct`. */
export const hashStruct = <Name extends StructName>(name: Name, value: Struct<Name>): Hex =>
  toHex(hashStructBytes(name, value))

const domainTypeHash = keccak256(
  utf8('EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)'),
)
const nameHash = toHex(keccak256(utf8('Bursar')))
const versionHash = toHex(keccak256(utf8('1')))

const domainMembers = ['bytes32', 'bytes32', 'uint64', 'address'].map(layoutOf)

/** What is signed: `keccak256(0x19 0x01 || domainSeparator || hashStruct)` (EIP-712). 32 bytes. */
export function digest<Name extends StructName>(domain: Domain, name: Name, value: Struct<Name>): Uint8Array {
  const values = [nameHash, versionHash, domain.chainId, domain.verifyingContract]
  const separator = keccak256(hashAll(domainMembers, values, domainTypeHash))
  return keccak256(concat(new Uint8Array([0x19, 0x01]), separator, hashStructBytes(name, value)))
}

/** `(uint64,bytes32,...)`: a struct as the ABI's tuple, for function selectors. */
export function tupleOf(type: string): string {
  const element = elementOf(type)
  if (element) return `${tupleOf(element)}[]`
  const fields = fieldsOf(type)
  return fields ? `(${fields.map(([, t]) => tupleOf(t)).join(',')})` : type
}
