import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { variant } from '../../../client/variant.ts'
import { schemaOf } from '../../../daemon/schema.ts'
import type { Struct } from '../../../ledger/structs.ts'
import {
  base64,
  blob,
  bool,
  bytes,
  type Codec,
  count,
  facts,
  hex,
  int,
  list,
  nullable,
  object,
  oneOf,
  struct,
  text,
  uint,
} from '../../../protocol/codec.ts'
import { arbitraryOf, structNames } from '../ledger/structArbitraries.ts'
import { expectRefusal } from '../ledger/support.ts'

/** Refused at this path. What was expected instead is prose. */
function expectBad(codec: Codec<unknown>, untrusted: unknown, path: string): void {
  expectRefusal(() => codec.read(untrusted, ''), 'BAD_PARAMS', {
    path,
    expected: expect.any(String) as unknown as string,
  })
}

describe('uint', () => {
  test('default: decimal strings up to the last that fits', () => {
    for (const value of [0n, 1n, 10n, 2n ** 96n - 1n]) expect(uint(96).read(`${value}`, '')).toBe(value)
    expect(uint(256).read(`${2n ** 256n - 1n}`, '')).toBe(2n ** 256n - 1n)
    expect(uint(96).write(5n)).toBe('5')
  })

  test.each(['01', '00', '+1', '-1', '-0', '1.0', '1e3', '0x1', ' 1', '1 ', '1\n', '', '١', '1_000', `${2n ** 96n}`])(
    'error: %j',
    (untrusted) => {
      expectBad(uint(96) as Codec<unknown>, untrusted, '')
    },
  )

  test.each([1, 1n, null, undefined, true, ['1'], { value: '1' }])('error: what is no string: %s', (untrusted) => {
    expectBad(uint(96) as Codec<unknown>, untrusted, '')
  })

  test('error: a million digits are refused before they are a number', () => {
    const begun = performance.now()
    expectBad(uint(256) as Codec<unknown>, '9'.repeat(10_000_000), '')
    expect(performance.now() - begun).toBeLessThan(1000)
  })
})

describe('hex and bytes', () => {
  const two = hex(2)

  test('default: exactly so many bytes, in lower case; or at most so many', () => {
    expect(two.read('0x00ff', '')).toBe('0x00ff')
    expect(bytes(2).read('0x', '')).toBe('0x')
    expect(bytes(2).read('0xabcd', '')).toBe('0xabcd')
  })

  test.each(['0x00FF', '0X00ff', '00ff', '0x00f', '0x00f0f', '0x00fg', '0x00ff\n', '0x', '0x00ff00', '', 255, null])(
    'error: %j is not 2 bytes',
    (untrusted) => expectBad(two, untrusted, ''),
  )

  test('error: a byte more than at most', () => expectBad(bytes(2), '0xabcdef', ''))

  test('behavior: half a megabyte', () => {
    const long = `0x${'ab'.repeat(256 * 1024)}` as const
    expect(bytes(256 * 1024).read(long, '')).toBe(long)
    expectBad(bytes(256 * 1024), `${long}0g`, '')
  })
})

describe('base64', () => {
  test('default: any bytes, and back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (value) => {
        expect(base64(40).read(base64(40).write(value), '')).toEqual(value)
      }),
    )
  })

  test.each(['AA', 'AA=', 'AAA', 'AB==', 'A A=', 'AA==\n', '_-==', '-_8=', 'A', '=', 'AA==AA==', 'Ā'])(
    'error: %j, for there is one spelling of each',
    (untrusted) => expectBad(base64(40) as Codec<unknown>, untrusted, ''),
  )

  test('default: exactly so many', () => {
    for (const max of [1, 2, 3, 4])
      expect(base64(max).read(base64(max).write(new Uint8Array(max)), '')).toEqual(new Uint8Array(max))
  })

  test('error: a byte too many', () => {
    expectBad(base64(3) as Codec<unknown>, 'AAAAAA==', '')
    expectBad(base64(3) as Codec<unknown>, 5, '')
  })
})

describe('blob', () => {
  test('default: bytes as they are, up to so many', () => {
    for (const value of [new Uint8Array(), Uint8Array.of(1, 2, 3)]) {
      expect(blob(3).read(value, '')).toBe(value)
      expect(blob(3).write(value)).toBe(value)
    }
  })

  test.each([new Uint8Array(4), 'AAAA', [1, 2], { '': 3 }, 3, null])('error: %j', (untrusted) =>
    expectBad(blob(3) as Codec<unknown>, untrusted, ''),
  )
})

describe('facts', () => {
  const named = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`fact${i}`, i]))

  test('default: strings and numbers by name, as they are', () => {
    for (const some of [{}, { code: 'X', at: -1.5, long: 'x'.repeat(1000) }, named(32)])
      expect(facts.read(some, '')).toEqual(some)
  })

  test.each<[string, unknown]>([
    ['too many', named(33)],
    ['too long', { long: 'x'.repeat(1001) }],
    ['no string or number', { a: 1, b: null }],
    ['an object within', { a: {} }],
    ['a truth', { a: true }],
    ['a list', ['a']],
    ['an empty list', []],
    ['nothing', null],
    ['a string', 'facts'],
  ])('error: %s', (_, untrusted) => expectBad(facts as Codec<unknown>, untrusted, ''))
})

describe('int, bool, text, oneOf', () => {
  test.each([0, 7])('default: int %i', (value) => expect(int(7).read(value, '')).toBe(value))
  test.each([8, -1, 1.5, '1', Number.NaN, Number.POSITIVE_INFINITY, null, true])('error: int %s', (value) =>
    expectBad(int(7), value, ''),
  )
  test.each([1, 0, 'true', null])('error: bool %s', (value) => expectBad(bool, value, ''))
  test('default: a place or a number of things, up to 2^31', () => {
    expect(count.read(2 ** 31, '')).toBe(2 ** 31)
    expectBad(count, 2 ** 31 + 1, '')
  })
  test('default: text of exactly so many', () => expect(text(4).read('four', '')).toBe('four'))
  test.each(['four!', 4, null])('error: text of at most 4: %s', (value) => expectBad(text(4), value, ''))
  test.each(['c', 'A', '', 0, null, ['a']])('error: oneOf a, b: %s', (value) => expectBad(oneOf('a', 'b'), value, ''))
})

describe('list', () => {
  const codec = list(uint(8), 3)

  test('default', () => expect(codec.read(['1', '2', '3'], '')).toEqual([1n, 2n, 3n]))
  test('error: one item too many', () => expectBad(codec, ['1', '2', '3', '4'], ''))
  test('error: no list', () => {
    for (const untrusted of [{}, { length: 1, 0: '1' }, 'abc', null]) expectBad(codec, untrusted, '')
  })
  test('error: names the item', () => expectBad(object({ all: codec }), { all: ['1', '256'] }, 'all[1]'))
  test('error: a huge list is refused by its length, not item by item', () => {
    expectBad(list(list(uint(8), 1), 1000), new Array(5_000_000).fill(0), '')
  })
})

describe('object', () => {
  const inner = object({ oneName: uint(8) })
  const codec = object({ inner, maybe: nullable(bool) })
  const good = { inner: { one_name: '5' }, maybe: null }

  test('default: snake_case on the wire, camelCase here', () => {
    expect(codec.read(good, '')).toEqual({ inner: { oneName: 5n }, maybe: null })
    expect(codec.write({ inner: { oneName: 5n }, maybe: null })).toEqual(good)
  })

  test.each<[string, unknown, string]>([
    ['a member that is not known', { ...good, more: 1 }, 'more'],
    ['a member that is not known, deeper', { ...good, inner: { one_name: '5', more: 1 } }, 'inner.more'],
    ['our name instead of the one on the wire', { ...good, inner: { oneName: '5' } }, 'inner.oneName'],
    ['a missing member', { inner: good.inner }, 'maybe'],
    ['a missing member, deeper', { ...good, inner: {} }, 'inner.one_name'],
    ['a member that is wrong', { ...good, inner: { one_name: 5 } }, 'inner.one_name'],
    ['a member that is undefined', { ...good, maybe: undefined }, 'maybe'],
    ['a list', [], ''],
    ['null', null, ''],
    ['a string', 'inner', ''],
  ])('error: %s', (_, untrusted, path) => expectBad(codec, untrusted, path))

  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('error: %s is no member', (name) => {
    expectBad(codec, JSON.parse(`{"inner":{"one_name":"5"},"maybe":null,"${name}":{}}`), name)
  })

  test('error: what is inherited is missing', () => {
    expectBad(codec, Object.create(good), 'inner')
    expectBad(object({ toString: bool }), {}, 'to_string')
  })

  test('error: the name of a stray member is cut short, for it is shown', () => {
    expectBad(codec, { ...good, ['x'.repeat(10_000)]: 1 }, 'x'.repeat(64))
  })

  test('behavior: an answer may be read without what a later release added, at any depth; what is missing stays refused', () => {
    const answer = object({ rows: list(nullable(variant({ a: object({ a: bool }), b: object({ b: bool }) })), 2) })
    const newer = { rows: [{ a: true, more: 1 }, null], more: { deep: [] } }
    expect(answer.read(newer, '', 'ignored')).toEqual({ rows: [{ a: true }, null] })
    expectBad(answer, newer, 'more')
    expectBad(answer, { rows: newer.rows }, 'rows[0].more')
    expect(() => answer.read({ more: 1 }, '', 'ignored')).toThrow('rows')
  })

  test('error: JSON as deep as it likes', () => {
    const deep = JSON.parse(`${'['.repeat(5000)}${']'.repeat(5000)}`)
    expectBad(codec, deep, '')
    expectBad(codec, { ...good, maybe: deep }, 'maybe')
  })
})

test.each([
  ['payee', `0x${'ab'.repeat(19)}`],
  ['payee', `0x${'ab'.repeat(21)}`],
  ['id', `0x${'ab'.repeat(31)}`],
  ['id', '0x'],
])('error: %s of another length', (member, value) => {
  const event = { kind: 0, id: `0x${'11'.repeat(32)}`, payee: `0x${'22'.repeat(20)}`, tariff: `0x${'33'.repeat(32)}` }
  expectBad(struct('Event'), { ...event, value: '1', [member]: value }, member)
})

describe.each(structNames)('struct %s', (name) => {
  const codec = struct(name)
  const values = arbitraryOf(name) as fc.Arbitrary<Struct<typeof name>>

  test('behavior: through JSON and back', () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(codec.read(JSON.parse(JSON.stringify(codec.write(value))), '')).toEqual(value)
      }),
      { numRuns: 30 },
    )
  })

  test('error: a missing or an added member', () => {
    fc.assert(
      fc.property(values, fc.nat(), (value, n) => {
        const wire = codec.write(value) as Record<string, unknown>
        const names = Object.keys(wire)
        const missing = names[n % names.length] as string
        expectBad(codec, Object.fromEntries(Object.entries(wire).filter(([key]) => key !== missing)), missing)
        expectBad(codec, { ...wire, stray: 1 }, 'stray')
      }),
      { numRuns: 10 },
    )
  })

  test('behavior: the JSON Schema takes and refuses the same', () => {
    const isValid = new Ajv2020({ strict: false }).compile(schemaOf(codec.form))
    fc.assert(
      fc.property(values, fc.nat(), fc.constantFrom(null, -1, 'x', '0xAB', [], {}), (value, n, junk) => {
        const wire = codec.write(value) as Record<string, unknown>
        const member = Object.keys(wire)[n % Object.keys(wire).length] as string
        for (const untrusted of [wire, { ...wire, stray: 1 }, { ...wire, [member]: junk }])
          expect(isValid(untrusted)).toBe(canRead(codec, untrusted))
      }),
      { numRuns: 20 },
    )
  })
})

function canRead(codec: Codec<unknown>, untrusted: unknown): boolean {
  try {
    codec.read(untrusted, '')
    return true
  } catch {
    return false // that it refuses is the answer
  }
}
