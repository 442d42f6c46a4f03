/** EIP-712 hashing and ABI encoding of the structs of `structs.ts`. Encodes only what it can encode exactly, and throws otherwise. */
import { keccak256 } from '#primitives'
import { createLayouts, decodeAll, encodeAll, headOf, sizeOf, sourceOf } from './abi.ts'
import { concat, type Hex, toHex, utf8 } from './hex.ts'
import { elementOf, type Field, fieldsOf, type Struct, type StructName } from './structs.ts'

/** The EIP-712 domain: a signature is for one contract on one chain. */
export interface Domain {
  readonly chainId: bigint
  readonly verifyingContract: Hex
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

const layoutOf = createLayouts(typeHash)

/** `abi.encode(...values)`: types are atoms, structs of the table, or arrays of either. @throws RangeError */
export function abiEncode(types: readonly string[], values: readonly unknown[]): Uint8Array {
  const members = types.map(layoutOf)
  const out = new Uint8Array(sizeOf(members, values))
  encodeAll(out, 0, members, values)
  return out
}

/** The values of which these bytes are the encoding. @throws RangeError: they are the encoding of none */
export function abiDecode(types: readonly string[], bytes: Uint8Array): unknown[] {
  const members = types.map(layoutOf)
  const values = decodeAll(sourceOf(bytes), 0, members)
  if (sizeOf(members, values) !== bytes.length) throw new RangeError('there is more than was encoded')
  return values
}

/** EIP-712 `hashStruct` of the first of the values that `abiEncode` wrote. 32 bytes. */
export function hashFirst(types: readonly [StructName, ...string[]], bytes: Uint8Array): Uint8Array {
  const first = layoutOf(types[0])
  const hash = new Uint8Array(32)
  first.hash(hash, 0, sourceOf(bytes), first.isDynamic ? headOf(types.map(layoutOf)) : 0)
  return hash
}

const hashStructBytes = (name: StructName, value: unknown): Uint8Array => hashFirst([name], abiEncode([name], [value]))

/** EIP-712 `hashStruct`. */
export const hashStruct = <Name extends StructName>(name: Name, value: Struct<Name>): Hex =>
  toHex(hashStructBytes(name, value))

const domainTypeHash = keccak256(
  utf8('EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)'),
)
const nameHash = toHex(keccak256(utf8('Bursar')))
const versionHash = toHex(keccak256(utf8('1')))
const domainTypes = ['bytes32', 'bytes32', 'uint64', 'address']

/** What is signed of a struct with this hash: `keccak256(0x19 0x01 || domainSeparator || hashStruct)` (EIP-712). 32 bytes. */
export function digestOf({ chainId, verifyingContract }: Domain, structHash: Uint8Array): Uint8Array {
  const members = abiEncode(domainTypes, [nameHash, versionHash, chainId, verifyingContract])
  const separator = keccak256(concat(domainTypeHash, members))
  return keccak256(concat(new Uint8Array([0x19, 0x01]), separator, structHash))
}

/** What is signed of a struct. 32 bytes. */
export const digest = <Name extends StructName>(domain: Domain, name: Name, value: Struct<Name>): Uint8Array =>
  digestOf(domain, hashStructBytes(name, value))

/** `(uint64,bytes32,...)`: a struct as the ABI's tuple, for function selectors. */
export function tupleOf(type: string): string {
  const element = elementOf(type)
  if (element) return `${tupleOf(element)}[]`
  const fields = fieldsOf(type)
  return fields ? `(${fields.map(([, t]) => tupleOf(t)).join(',')})` : type
}
