/** Any value of any struct of the table, and the same table in viem's two notations. */
import fc from 'fast-check'
import type { AbiParameter } from 'viem'
import { type Hex, toHex } from '../../../ledger/hex.ts'
import { elementOf, fieldsOf, type StructName, structs } from '../../../ledger/structs.ts'

const hexOf = (minLength: number, maxLength = minLength): fc.Arbitrary<Hex> =>
  fc.uint8Array({ minLength, maxLength }).map(toHex)

/** Bounds come up as often as anything between: that is where encodings go wrong. */
function uintOf(bits: number): fc.Arbitrary<bigint> {
  const max = 2n ** BigInt(bits) - 1n
  return fc.oneof(fc.constantFrom(0n, 1n, max - 1n, max), fc.bigInt({ min: 0n, max }))
}

export function arbitraryOf(type: string): fc.Arbitrary<unknown> {
  const element = elementOf(type)
  if (element) return fc.array(arbitraryOf(element), { maxLength: 4 })
  const fields = fieldsOf(type)
  if (fields) return fc.record(Object.fromEntries(fields.map(([name, t]) => [name, arbitraryOf(t)])))
  if (type === 'bool') return fc.boolean()
  if (type === 'uint8') return uintOf(8).map(Number)
  if (type.startsWith('uint')) return uintOf(Number(type.slice(4)))
  if (type === 'bytes') return hexOf(0, 100)
  return hexOf(type === 'address' ? 20 : 32)
}

export const structNames = Object.keys(structs) as StructName[]

/** For `hashTypedData`. */
export const viemTypes: Record<string, { name: string; type: string }[]> = Object.fromEntries(
  structNames.map((name) => [name, structs[name].map(([field, type]) => ({ name: field, type }))]),
)

/** For `encodeAbiParameters`. */
export function viemParameter(type: string, name = ''): AbiParameter {
  const element = elementOf(type)
  const fields = fieldsOf(element ?? type)
  if (!fields) return { type, name }
  return { type: element ? 'tuple[]' : 'tuple', name, components: fields.map(([f, t]) => viemParameter(t, f)) }
}
