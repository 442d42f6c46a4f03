import { expect, test } from 'vitest'
import { variant } from '../../../client/variant.ts'
import { bool, object, uint } from '../../../protocol/codec.ts'
import { expectRefusal } from '../ledger/support.ts'

const either = variant({ a: object({ a: bool }), b: object({ b: uint(8), more: bool }) })

test('default: known by the member that it is listed under', () => {
  expect(either.read({ a: true }, '')).toEqual({ a: true })
  expect(either.read({ b: '7', more: false }, '')).toEqual({ b: 7n, more: false })
  expect(either.write({ b: 7n, more: false })).toEqual({ b: '7', more: false })
})

test.each([null, 'a', 5, [], {}, { c: 1 }])('error: none of them: %s', (untrusted) => {
  expectRefusal(() => either.read(untrusted, 'it'), 'BAD_PARAMS', { path: 'it', expected: 'an object with a or b' })
})

test('error: as strict as what it chose', () => {
  expectRefusal(() => either.read({ a: true, b: '7' }, 'it'), 'BAD_PARAMS', {
    path: 'it.b',
    expected: 'nothing: no such member',
  })
})
