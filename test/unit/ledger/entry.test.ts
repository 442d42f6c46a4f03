/** An entry is its bytes in the log: for each there is one encoding, and what is none is refused. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeEntry, type Entry, entryLeaf } from '../../../ledger/entry.ts'
import { concat, toHex } from '../../../ledger/hex.ts'
import { createMutator } from '../attestation/mutator.ts'
import { arbitraryOf } from './structArbitraries.ts'
import { configuration, payeeOf, signed } from './support.ts'

const signature = fc.uint8Array({ minLength: 64, maxLength: 64 }).map(toHex)
const anyEntry = fc.oneof(
  fc.record({ batch: arbitraryOf('Batch'), signature }),
  fc.record({ preference: arbitraryOf('Preference'), signature }),
  fc.record({ configuration: arbitraryOf('Configuration'), signatures: fc.array(signature, { maxLength: 3 }) }),
) as fc.Arbitrary<Entry>

/** Whether these are the bytes of an entry; of one only, or the test fails. */
function isEntry(bytes: Uint8Array): boolean {
  let entry: Entry
  try {
    entry = decodeEntry(bytes)
  } catch (error) {
    expect(error).toBeInstanceOf(RangeError)
    return false
  }
  expect(toHex(entryLeaf(entry))).toBe(toHex(bytes))
  return true
}

test('default: every entry comes out of its bytes as it went in', () => {
  fc.assert(
    fc.property(anyEntry, (entry) => {
      expect(decodeEntry(entryLeaf(entry))).toEqual(entry)
    }),
  )
})

const events = [1, 2, 3].map((n) => ({
  kind: n,
  id: toHex(new Uint8Array(32).fill(n)),
  payee: payeeOf(n),
  tariff: toHex(new Uint8Array(32)),
  value: 2n ** 90n,
}))
const { batch, signature: one } = signed(0n, events)
const kmsKeys = [toHex(new Uint8Array(120).fill(7)), toHex(new Uint8Array(64).fill(8))]
const leaves = (
  [
    { batch, signature: one },
    { configuration: configuration({ kmsKeys, signers: [payeeOf(1)], threshold: 1 }), signatures: [one, one] },
  ] as Entry[]
).map(entryLeaf)

test('error: cut anywhere, or with anything behind it', () => {
  for (const leaf of leaves) {
    for (let end = 0; end < leaf.length; end++) expect(isEntry(leaf.subarray(0, end))).toBe(false)
    for (const more of [1, 31, 32, 64]) expect(isEntry(concat(leaf, new Uint8Array(more)))).toBe(false)
  }
})

test('error: of no kind that there is', () => {
  for (const leaf of leaves) expect(isEntry(concat(new Uint8Array(32), leaf.subarray(32)))).toBe(false)
})

test('behavior: a word that is made anything else is refused, or is that of another entry', () => {
  const words = [0n, 1n, 2n, 32n, 1001n, 2n ** 31n, 2n ** 64n, 2n ** 96n, 2n ** 160n, 2n ** 256n - 1n]
  for (const leaf of leaves)
    for (let at = 0; at < leaf.length; at += 32)
      for (const word of words)
        isEntry(
          concat(leaf.subarray(0, at), Buffer.from(word.toString(16).padStart(64, '0'), 'hex'), leaf.subarray(at + 32)),
        )
})

const seed = Date.now() % 2 ** 32
test(`behavior: no spoiled bytes are taken for what they are not (seed ${seed})`, () => {
  const spoil = createMutator(seed, leaves)
  for (let n = 0; n < 4000; n++) isEntry(spoil(leaves[n % leaves.length] as Uint8Array))
})
