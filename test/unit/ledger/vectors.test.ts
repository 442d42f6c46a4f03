/** The same file is read by forge: what is equal here and there is equal on both sides of the chain. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { type Hex, toHex } from '../../../ledger/hex.ts'
import type { StructName } from '../../../ledger/structs.ts'
import { digest, hashStruct } from '../../../ledger/typedData.ts'
import { struct } from '../../../protocol/codec.ts'

interface Vectors {
  domain: { name: string; version: string; chainId: string; verifyingContract: Hex }
  cases: { struct: StructName; value: unknown; hashStruct: Hex; digest: Hex }[]
}

const file = new URL('../../vectors/typedData.json', import.meta.url)
const { domain, cases }: Vectors = JSON.parse(readFileSync(file, 'utf8'))

test('the domain is ours', () => {
  expect(domain).toMatchObject({ name: 'Bursar', version: '1' })
})

test('every struct that the chain or a reporter sees has a case', () => {
  expect(new Set(cases.map((c) => c.struct))).toEqual(new Set(['Commitment', 'Open', 'Commit', 'LogHead', 'Batch']))
})

test.each(cases.map((c, i) => [`${i} ${c.struct}`, c] as const))('case %s', (_, vector) => {
  const value = struct(vector.struct).read(vector.value, '')
  const ours = { chainId: BigInt(domain.chainId), verifyingContract: domain.verifyingContract }
  expect(hashStruct(vector.struct, value)).toBe(vector.hashStruct)
  expect(toHex(digest(ours, vector.struct, value))).toBe(vector.digest)
})
