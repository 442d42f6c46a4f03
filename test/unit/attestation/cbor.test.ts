/** The reader of CBOR against RFC 8949's examples, as far as documents have such values, and what it must not read. */
import { describe, expect, test } from 'vitest'
import { encodeCbor } from '../../../anvil/cbor.ts'
import { decodeCbor } from '../../../attestation/cbor.ts'
import { Rejection } from '../../../attestation/rejection.ts'
import { indefinite } from './campaign.ts'
import { judge, makeDocument, makeFields } from './maker.ts'

const decode = (hex: string) => decodeCbor(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
const isMalformed = (hex: string): boolean => {
  try {
    decode(hex)
    return false
  } catch (error) {
    return error instanceof Rejection && error.code === 'MALFORMED_CBOR'
  }
}

test.each([
  ['00', 0],
  ['17', 23],
  ['1818', 24],
  ['18ff', 255],
  ['190100', 256],
  ['19ffff', 65_535],
  ['1a00010000', 65_536],
  ['1a000f4240', 1_000_000],
  ['1affffffff', 4_294_967_295],
  ['1b0000000100000000', 4_294_967_296],
  ['1b000000e8d4a51000', 1_000_000_000_000],
  ['1b001fffffffffffff', 2 ** 53 - 1],
  ['f6', null],
  ['60', ''],
  ['6449455446', 'IETF'],
  ['62c3bc', 'ü'],
  ['64f0908591', '\ud800\udd51'],
  ['63efbbbf', '\ufeff'],
  ['80', []],
  ['8301820203820405', [1, [2, 3], [4, 5]]],
  ['a0', new Map()],
  [
    'a201020304',
    new Map([
      [1, 2],
      [3, 4],
    ]),
  ],
  [
    'bf01020304ff',
    new Map([
      [1, 2],
      [3, 4],
    ]),
  ],
  ['bfff', new Map()],
  [
    'a2 01 02 6131 03',
    new Map<unknown, number>([
      [1, 2],
      ['1', 3],
    ]),
  ],
  ['bf 61 61 bf ff ff', new Map([['a', new Map()]])],
  ['81818180', [[[[]]]]],
  ['a1 01 a1 01 a1 01 a1 01 00', new Map([[1, new Map([[1, new Map([[1, new Map([[1, 0]])]])]])]])],
])('%s', (hex, value) => expect(decode(hex)).toEqual(value))

test('bytes', () => {
  for (const length of [0, 1, 23, 24, 255, 256, 65_535, 65_536]) {
    const bytes = new Uint8Array(length).fill(length % 251)
    expect(decodeCbor(new Uint8Array(encodeCbor(bytes)))).toEqual(bytes)
  }
})

describe('error: not the CBOR of a document', () => {
  const rows: Record<string, string[]> = {
    'it ends too early': [
      '',
      '18',
      '19 01',
      '1a 000001',
      '1b 00000001000000',
      '41',
      '62 61',
      '81',
      '82 01',
      'a1',
      'a1 01',
      'bf',
      'bf 01',
      'bf 01 02',
      '9b 0000 0001 0000 0000',
      'bb 0000 0001 0000 0000 01',
    ],
    'something follows': ['00 00', 'f6 f6', 'a0 ff', 'bf ff ff'],
    'longer than needed': [
      '18 00',
      '18 17',
      '19 0000',
      '19 00ff',
      '1a 00000000',
      '1a 0000ffff',
      '1b 0000000000000000',
      '1b 00000000ffffffff',
      '58 01 00',
      '78 01 61',
      '98 01 00',
      'b8 00',
    ],
    'above 2^53': [
      '1b 0020000000000000',
      '1b 0020000000000001',
      '1b ffffffffffffffff',
      '5b ffffffffffffffff',
      '9b ffffffffffffffff',
    ],
    reserved: ['1c', '1d', '1e', '5c', 'fc', `1c ${'00'.repeat(16)}`, `5c ${'00'.repeat(16)}`, `1e ${'00'.repeat(64)}`],
    'indefinite, and no map': ['1f', '5f 41 00 ff', '7f 61 61 ff', '9f 00 ff', 'df'],
    'a break out of place': ['ff', '81 ff', 'a1 ff', 'bf 01 ff', 'a1 01 ff'],
    'other types': [
      '20',
      '3822',
      'c0 00',
      'd2 00',
      'd9d9f7 00',
      'f4',
      'f5',
      'f7',
      'f8 20',
      'f9 0000',
      'fa 00000000',
      'fb 0000000000000000',
    ],
    'not UTF-8': ['61 80', '61 ff', '62 c0 80', '63 ed a0 80', '62 c3 28'],
    'a key twice': ['a2 01 00 01 00', 'a2 6161 00 6161 01', 'bf 01 00 01 00 ff', 'bf 01 00 02 00 01 00 ff'],
    'a key of another type': ['a1 f6 00', 'a1 41 00 00', 'a1 80 00', 'a1 a0 00', 'bf f6 00 ff'],
    'too deep': [
      '81 81 81 81 81 00',
      'a1 01 a1 01 a1 01 a1 01 a1 01 00',
      '81'.repeat(10_000),
      'bf00'.repeat(10_000),
      'a1'.repeat(100_000),
      'bf'.repeat(100_000),
    ],
  }
  for (const [what, list] of Object.entries(rows))
    test(what, () => expect(list.filter((hex) => !isMalformed(hex))).toEqual([]))
})

describe('documents', () => {
  const fields = makeFields()
  const twice = (name: string): Uint8Array => {
    const entries = [...fields, [name, fields.get(name) ?? null] as const]
    return Buffer.concat([Buffer.from([0xbf]), ...entries.flat().map((it) => encodeCbor(it)), Buffer.from([0xff])])
  }
  test('a payload of indefinite length', () => expect(judge({ payload: indefinite(fields) })).toBe('accepted'))
  test('a payload without its end', () =>
    expect(judge({ payload: indefinite(fields).subarray(0, -1) })).toBe('MALFORMED_CBOR'))
  test('error: a field twice', () => {
    for (const name of fields.keys()) expect(judge({ payload: twice(name) })).toBe('MALFORMED_CBOR')
  })
  test('error: a byte behind the fields', () => {
    const payload = Buffer.concat([encodeCbor(fields), Buffer.from([0])])
    expect(judge(makeDocument({ payload }))).toBe('MALFORMED_CBOR')
  })
})
