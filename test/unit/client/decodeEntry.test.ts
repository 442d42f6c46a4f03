import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeEntry } from '../../../client/audit/decodeEntry.ts'
import { ProvedLie } from '../../../client/verdict.ts'
import { type Entry, entryLeaf } from '../../../ledger/entry.ts'
import { concat, toHex } from '../../../ledger/hex.ts'
import { arbitraryOf } from '../ledger/structArbitraries.ts'
import { configuration, domain } from '../ledger/support.ts'

const signature = fc.uint8Array({ minLength: 64, maxLength: 64 }).map(toHex)

test('default: every entry comes out of its bytes as it went in', () => {
  const any = fc.oneof(
    fc.record({ batch: arbitraryOf('Batch'), signature }),
    fc.record({ preference: arbitraryOf('Preference'), signature }),
    fc.record({ configuration: arbitraryOf('Configuration'), signatures: fc.array(signature, { maxLength: 3 }) }),
  ) as fc.Arbitrary<Entry>
  fc.assert(
    fc.property(any, (entry) => {
      const whole = 'configuration' in entry ? entry : { ...domain, ...entry }
      expect(decodeEntry(entryLeaf(whole), domain)).toEqual(whole)
    }),
  )
})

test('error: bytes that no core wrote are refused, or lead to another leaf or to another entry', () => {
  const leaf = entryLeaf({ configuration: configuration(), signatures: [] })
  const refused = (bytes: Uint8Array): string => {
    try {
      return toHex(entryLeaf(decodeEntry(bytes, domain))) === toHex(bytes) ? 'taken' : 'another leaf'
    } catch (error) {
      if (error instanceof ProvedLie) return error.code
      if (error instanceof RangeError) return 'no value of its type'
      throw error
    }
  }
  expect(refused(leaf)).toBe('taken')
  expect(refused(leaf.subarray(0, 16))).toBe('ENTRY_MALFORMED')
  expect(refused(concat(new Uint8Array(32), leaf.subarray(32)))).toBe('ENTRY_MALFORMED')
  expect(refused(leaf.subarray(0, -32))).not.toBe('taken')
  expect(refused(concat(leaf, new Uint8Array(32)))).toBe('another leaf')
  fc.assert(
    fc.property(fc.nat(leaf.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const bytes = leaf.slice()
      bytes[at] = (bytes[at] as number) ^ change
      if (refused(bytes) === 'taken') expect(decodeEntry(bytes, domain)).not.toEqual(decodeEntry(leaf, domain))
    }),
    { numRuns: 500 },
  )
})
