import fc from 'fast-check'
import { encodeAbiParameters, hashTypedData, toFunctionSelector, hashStruct as viemHashStruct } from 'viem'
import { describe, expect, test } from 'vitest'
import { toHex, zeroHash } from '../../../ledger/hex.ts'
import type { Struct } from '../../../ledger/structs.ts'
import { abiDecode, abiEncode, digest, encodeType, hashStruct, tupleOf, typeHash } from '../../../ledger/typedData.ts'
import { arbitraryOf, structNames, viemParameter, viemTypes } from './structArbitraries.ts'
import { configuration, domain } from './support.ts'

const runs = { numRuns: 60 }
const atoms = ['bool', 'uint8', 'uint64', 'uint96', 'uint256', 'address', 'bytes32', 'bytes'] as const

describe.each(structNames)('%s', (name) => {
  const values = arbitraryOf(name) as fc.Arbitrary<Struct<typeof name>>

  test('hashStruct: as viem', () => {
    fc.assert(
      fc.property(values, (value) => {
        const data = value as Record<string, unknown>
        expect(hashStruct(name, value)).toBe(viemHashStruct({ data, primaryType: name, types: viemTypes }))
      }),
      runs,
    )
  })

  test('digest: as viem, for any chain and contract', () => {
    const domains = fc.record({
      chainId: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      contract: arbitraryOf('address'),
    })
    fc.assert(
      fc.property(values, domains, (message, { chainId, contract }) => {
        const verifyingContract = contract as `0x${string}`
        const expected = hashTypedData({
          domain: { name: 'Bursar', version: '1', chainId, verifyingContract },
          types: viemTypes,
          primaryType: name,
          message: message as Record<string, unknown>,
        })
        expect(toHex(digest({ chainId, verifyingContract }, name, message))).toBe(expected)
      }),
      runs,
    )
  })

  test('abiEncode: as viem', () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(toHex(abiEncode([name], [value]))).toBe(encodeAbiParameters([viemParameter(name)], [value]))
      }),
      runs,
    )
  })

  test('tupleOf: the type in a function selector', () => {
    const inputs = [viemParameter(name)]
    const abi = { type: 'function', name: 'f', inputs, outputs: [], stateMutability: 'view' } as const
    expect(toFunctionSelector(`f(${tupleOf(name)})`)).toBe(toFunctionSelector(abi))
  })
})

test('abiEncode: any sequence of atoms, structs and arrays is as viem', () => {
  const types = fc.constantFrom(...atoms, ...structNames, ...structNames.map((n) => `${n}[]`), 'bytes32[]', 'uint96[]')
  const sequences = fc
    .array(types, { maxLength: 5 })
    .chain((list) => fc.tuple(fc.constant(list), fc.tuple(...list.map(arbitraryOf))))
  fc.assert(
    fc.property(sequences, ([list, values]) => {
      const expected = encodeAbiParameters(
        list.map((type) => viemParameter(type)),
        values,
      )
      expect(toHex(abiEncode(list, values))).toBe(expected)
    }),
    { numRuns: 300 },
  )
})

test('error: a type that is none, whatever else it is the name of', () => {
  for (const type of ['int8', 'uint', 'constructor', 'toString'])
    expect(() => abiEncode([type], [1n]), type).toThrow(new RangeError(`no such type: ${type}`))
})

test('behavior: a struct that is read has its members and no other', () => {
  const limits = configuration().limits
  const [read] = abiDecode(['Limits'], abiEncode(['Limits'], [limits]))
  expect(read).toStrictEqual({ ...limits })
})

test('encodeType: the struct first, those it uses after it by name', () => {
  expect(encodeType('Batch')).toBe(
    'Batch(address reporter,uint64 sequence,Event[] events)Event(uint8 kind,bytes32 id,address payee,bytes32 tariff,uint96 value)',
  )
  const names = [...encodeType('Configuration').matchAll(/(\w+)\(/g)].map(([, name]) => name)
  expect(names).toEqual(['Configuration', 'FeeCaps', 'Limits', 'Payee', 'Reporter', 'Tariff'])
})

test('typeHash: no two structs share one', () => {
  expect(new Set(structNames.map((name) => toHex(typeHash(name)))).size).toBe(structNames.length)
})

describe('error: what cannot be encoded exactly is not encoded', () => {
  test.each([
    ['uint96', 2n ** 96n],
    ['uint64', 2n ** 64n],
    ['uint8', 256],
    ['uint64', -1n],
    ['address', zeroHash],
    ['bytes32', '0x00'],
    ['address', '0x'],
  ])('%s %s', (type, value) => {
    expect(() => abiEncode([type], [value])).toThrow(RangeError)
  })

  test('a number that is not whole, a type that is not known, hex of odd length', () => {
    expect(() => abiEncode(['uint8'], [1.5])).toThrow(RangeError)
    expect(() => abiEncode(['string'], ['0x00'])).toThrow(RangeError)
    expect(() => abiEncode(['bytes'], ['0x000'])).toThrow()
  })

  test('a struct with a member out of range, in its hash too', () => {
    const tooMuch = configuration({ minimumWei: 2n ** 96n })
    expect(() => hashStruct('Configuration', tooMuch)).toThrow(RangeError)
    expect(() => digest(domain, 'Configuration', tooMuch)).toThrow(RangeError)
  })
})
