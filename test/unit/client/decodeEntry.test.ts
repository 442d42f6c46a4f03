import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeEntry } from '../../../client/audit/decodeEntry.ts'
import { ProvedLie } from '../../../client/verdict.ts'
import { type Entry, entryLeaf } from '../../../ledger/entry.ts'
import { concat, toHex } from '../../../ledger/hex.ts'
import { arbitraryOf } from '../ledger/structArbitraries.ts'
import { configuration } from '../ledger/support.ts'

const signature = fc.uint8Array({ minLength: 64, maxLength: 64 }).map(toHex)

test('default: every entry comes out of its bytes as it went in', () => {
  const any = fc.oneof(
    fc.record({ batch: arbitraryOf('Batch'), signature }),
    fc.record({ preference: arbitraryOf('Preference'), signature }),
    fc.record({ configuration: arbitraryOf('Configuration'), signatures: fc.array(signature, { maxLength: 3 }) }),
  ) as fc.Arbitrary<Entry>
  fc.assert(
    fc.property(any, (entry) => {
      expect(decodeEntry(entryLeaf(entry))).toEqual(entry)
    }),
  )
})

test('error: bytes that no core wrote are refused, or are those of another entry', () => {
  const leaf = entryLeaf({ configuration: configuration(), signatures: [] })
  const refused = (bytes: Uint8Array): string => {
    try {
      return toHex(entryLeaf(decodeEntry(bytes))) === toHex(bytes) ? 'taken' : 'another leaf'
    } catch (error) {
      if (error instanceof ProvedLie) return error.code
      throw error
    }
  }
  expect(refused(leaf)).toBe('taken')
  expect(refused(leaf.subarray(0, 16))).toBe('ENTRY_MALFORMED')
  expect(refused(concat(new Uint8Array(32), leaf.subarray(32)))).toBe('ENTRY_MALFORMED')
  expect(refused(leaf.subarray(0, -32))).toBe('ENTRY_MALFORMED')
  expect(refused(concat(leaf, new Uint8Array(32)))).toBe('ENTRY_MALFORMED')
  fc.assert(
    fc.property(fc.nat(leaf.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const bytes = leaf.slice()
      bytes[at] = (bytes[at] as number) ^ change
      const fate = refused(bytes)
      if (fate === 'taken') expect(decodeEntry(bytes)).not.toEqual(decodeEntry(leaf))
      else expect(fate).toBe('ENTRY_MALFORMED')
    }),
    { numRuns: 500 },
  )
})
