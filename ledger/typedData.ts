/** EIP-712 hashing and ABI encoding of the structs of `structs.ts`. Encodes only what it can encode exactly, and throws otherwise. */
import { keccak256 } from '#primitives'
import { concat, type Hex, toBytes, toHex, utf8 } from './hex.ts'
import { elementOf, type Field, fieldsOf, type Struct, type StructName } from './structs.ts'

/** The EIP-712 domain: a signature is for one contract on one chain. */
export interface Domain {
  readonly chainId: bigint
  readonly verifyingContract: Hex
}

const word = (value: bigint): Uint8Array => toBytes(`0x${value.toString(16).padStart(64, '0')}`)

/** One static value as its 32-byte word (Contract ABI specification, "Formal Specification of the Encoding"). */
function encodeAtom(type: string, value: unknown): Uint8Array {
  if (type === 'bool') return word(value ? 1n : 0n)
  if (type.startsWith('uint')) {
    const number = BigInt(value as bigint | number)
    if (number < 0n || number >> BigInt(type.slice(4))) throw new RangeError(`${number} is no ${type}`)
    return word(number)
  }
  const bytes = toBytes(value as Hex)
  if (type === 'bytes32' && bytes.length === 32) return bytes
  if (type === 'address' && bytes.length === 20) return concat(new Uint8Array(12), bytes)
  throw new RangeError(`${bytes.length} bytes are no ${type}`)
}

const isDynamic = (type: string): boolean =>
  type === 'bytes' || elementOf(type) !== undefined || (fieldsOf(type)?.some(([, t]) => isDynamic(t)) ?? false)

/** Heads and tails of a sequence of values; its members share one base for offsets. */
function encodeSequence(types: readonly string[], values: readonly unknown[]): Uint8Array {
  const parts = types.map((type, i) => encodeValue(type, values[i]))
  let offset = types.reduce((sum, type, i) => sum + (isDynamic(type) ? 32 : (parts[i] as Uint8Array).length), 0)
  const heads: Uint8Array[] = []
  const tails: Uint8Array[] = []
  for (const [i, part] of parts.entries()) {
    if (!isDynamic(types[i] as string)) {
      heads.push(part)
      continue
    }
    heads.push(word(BigInt(offset)))
    tails.push(part)
    offset += part.length
  }
  return concat(...heads, ...tails)
}

function encodeValue(type: string, value: unknown): Uint8Array {
  if (type === 'bytes') {
    const bytes = toBytes(value as Hex)
    return concat(word(BigInt(bytes.length)), bytes, new Uint8Array(-bytes.length & 31))
  }
  const element = elementOf(type)
  if (element) {
    const items = value as readonly unknown[]
    return concat(word(BigInt(items.length)), encodeSequence(new Array(items.length).fill(element), items))
  }
  const fields = fieldsOf(type)
  if (!fields) return encodeAtom(type, value)
  return encodeSequence(
    fields.map(([, t]) => t),
    fields.map(([name]) => (value as Record<string, unknown>)[name]),
  )
}

/** `abi.encode(...values)`: types are atoms, structs of the table, or arrays of either. */
export const abiEncode = (types: readonly string[], values: readonly unknown[]): Uint8Array =>
  encodeSequence(types, values)

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

function hashField(type: string, value: unknown): Uint8Array {
  if (type === 'bytes') return keccak256(toBytes(value as Hex))
  const element = elementOf(type)
  if (element) return keccak256(concat(...(value as readonly unknown[]).map((item) => hashField(element, item))))
  return fieldsOf(type) ? hashStructBytes(type as StructName, value) : encodeAtom(type, value)
}

function hashStructBytes(name: StructName, value: unknown): Uint8Array {
  const fields: readonly Field[] = fieldsOf(name) as readonly Field[]
  return keccak256(
    concat(
      typeHash(name),
      ...fields.map(([field, type]) => hashField(type, (value as Record<string, unknown>)[field])),
    ),
  )
}

/** EIP-712 `hashStruct`. */
export const hashStruct = <Name extends StructName>(name: Name, value: Struct<Name>): Hex =>
  toHex(hashStructBytes(name, value))

const domainTypeHash = keccak256(
  utf8('EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)'),
)
const nameHash = keccak256(utf8('Bursar'))
const versionHash = keccak256(utf8('1'))

/** What is signed: `keccak256(0x19 0x01 || domainSeparator || hashStruct)` (EIP-712). 32 bytes. */
export function digest<Name extends StructName>(domain: Domain, name: Name, value: Struct<Name>): Uint8Array {
  const separator = keccak256(
    concat(
      domainTypeHash,
      nameHash,
      versionHash,
      word(domain.chainId),
      encodeAtom('address', domain.verifyingContract),
    ),
  )
  return keccak256(concat(new Uint8Array([0x19, 0x01]), separator, hashStructBytes(name, value)))
}

/** `(uint64,bytes32,...)`: a struct as the ABI's tuple, for function selectors. */
export function tupleOf(type: string): string {
  const element = elementOf(type)
  if (element) return `${tupleOf(element)}[]`
  const fields = fieldsOf(type)
  return fields ? `(${fields.map(([, t]) => tupleOf(t)).join(',')})` : type
}
