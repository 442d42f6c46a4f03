import { describe, expect, test } from 'vitest'
import { signedBatch } from '../../../client/entries.ts'
import { credit } from '../../../client/events.ts'
import { refusalCodes } from '../../../ledger/refusal.ts'
import { methods } from '../../../protocol/messages.ts'
import { expectRefusal, payeeOf, signed } from '../ledger/support.ts'

const good = signed(7n, [credit({ id: 'c', payee: payeeOf(1), wei: 2n ** 96n - 1n })])
const wire = signedBatch.write(good) as Record<string, unknown>
const expected = expect.any(String) as unknown as string

describe.each(Object.entries(methods))('%s', (name, { params }) => {
  test('has a name in snake_case, and refuses parameters that it does not know', () => {
    expect(name).toMatch(/^[a-z]+(_[a-z]+)*$/)
    expectRefusal(() => params.read({ stray: 1 }, 'params'), 'BAD_PARAMS', { path: 'params.stray', expected })
  })

  test.each([null, undefined, [], 'x', 5])('refuses parameters that are no object: %s', (untrusted) => {
    expectRefusal(() => params.read(untrusted, 'params'), 'BAD_PARAMS', { path: 'params', expected })
  })
})

test('signedBatch: through JSON and back', () => {
  expect(signedBatch.read(JSON.parse(JSON.stringify(wire)), '')).toEqual(good)
})

test.each([
  ['signature', { ...wire, signature: `${good.signature}00` }],
  ['signature', { ...wire, signature: good.signature.toUpperCase().replace('X', 'x') }],
  ['chain_id', { ...wire, chain_id: 31337 }],
  ['batch.sequence', { ...wire, batch: { ...(wire.batch as object), sequence: `${2n ** 64n}` } }],
  ['batch.events', { ...wire, batch: { ...(wire.batch as object), events: new Array(1001).fill(null) } }],
  ['batch.events[0]', { ...wire, batch: { ...(wire.batch as object), events: [null] } }],
])('signedBatch: BAD_PARAMS at %s', (path, untrusted) => {
  expectRefusal(() => signedBatch.read(untrusted, ''), 'BAD_PARAMS', { path, expected })
})

test('refusalCodes: each once', () => {
  expect(new Set(refusalCodes).size).toBe(refusalCodes.length)
})
