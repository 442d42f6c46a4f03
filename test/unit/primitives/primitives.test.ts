import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toHex } from '../../../ledger/hex.ts'
import * as native from '../../../primitives/native.ts'
import * as portable from '../../../primitives/portable.ts'

const word = fc.uint8Array({ minLength: 32, maxLength: 32 })
const message = fc.uint8Array({ maxLength: 400 })
const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
const ofNumber = (value: bigint) => Uint8Array.from(Buffer.from(value.toString(16).padStart(64, '0'), 'hex'))

test('both have the same functions', () => {
  expect(Object.keys(native).sort()).toEqual(Object.keys(portable).sort())
})

describe('native and portable agree', () => {
  test('keccak256 and sha256', () => {
    fc.assert(
      fc.property(message, (bytes) => {
        expect(toHex(native.keccak256(bytes))).toBe(toHex(portable.keccak256(bytes)))
        expect(toHex(native.sha256(bytes))).toBe(toHex(portable.sha256(bytes)))
      }),
    )
    // Around the blocks of both hashes, and across the chunks in which WebAssembly is fed.
    for (const length of [0, 55, 56, 63, 64, 65, 135, 136, 137, 16_383, 16_384, 16_385, 40_000]) {
      const bytes = new Uint8Array(length).fill(length)
      expect(toHex(native.keccak256(bytes))).toBe(toHex(portable.keccak256(bytes)))
      expect(toHex(native.sha256(bytes))).toBe(toHex(portable.sha256(bytes)))
    }
  })

  test('toBase64, and fromBase64 of what it wrote; of anything else nothing that is written so again', () => {
    fc.assert(
      fc.property(message, fc.string(), (bytes, text) => {
        const written = portable.toBase64(bytes)
        expect(native.toBase64(bytes)).toBe(written)
        for (const { fromBase64 } of [native, portable]) {
          expect(fromBase64(written)).toEqual(bytes)
          const read = fromBase64(text)
          if (read && native.toBase64(read) === text) expect(portable.fromBase64(text)).toEqual(read)
        }
      }),
    )
    expect(portable.fromBase64('no base64!')).toBeUndefined()
  })

  test('sign: the same bytes, so both use the nonce of RFC 6979', () => {
    fc.assert(
      fc.property(word, word, (hash, key) => {
        fc.pre(portable.isSecretKey(key))
        const mine = native.sign(hash, key)
        const theirs = portable.sign(hash, key)
        expect([toHex(mine.rs), mine.parity]).toEqual([toHex(theirs.rs), theirs.parity])
        expect(toHex(native.publicKeyOf(key))).toBe(toHex(portable.publicKeyOf(key)))
      }),
      { numRuns: 60 },
    )
  })

  test('recoverPublicKey: of signatures, and of any bytes', () => {
    const keyOf = (made: Uint8Array | undefined) => made && toHex(made)
    fc.assert(
      fc.property(word, word, fc.integer({ min: 0, max: 1 }), fc.boolean(), (hash, key, parity, real) => {
        fc.pre(portable.isSecretKey(key))
        const rs = real ? portable.sign(hash, key).rs : Uint8Array.from([...key, ...hash])
        const signature = { rs, parity }
        expect(keyOf(native.recoverPublicKey(hash, signature))).toBe(keyOf(portable.recoverPublicKey(hash, signature)))
      }),
      { numRuns: 60 },
    )
  })

  test('recoverPublicKey: nothing from r or s of zero, of the order, above it', () => {
    const hash = new Uint8Array(32).fill(7)
    for (const part of [0n, order, order + 1n, 2n ** 256n - 1n])
      for (const [r, s] of [
        [part, 1n],
        [1n, part],
      ] as const) {
        const signature = { rs: Uint8Array.from([...ofNumber(r), ...ofNumber(s)]), parity: 0 }
        expect(native.recoverPublicKey(hash, signature)).toBeUndefined()
        expect(portable.recoverPublicKey(hash, signature)).toBeUndefined()
      }
  })

  test('isSecretKey: from one to the order less one', () => {
    const cases: [bigint, boolean][] = [
      [0n, false],
      [1n, true],
      [order - 1n, true],
      [order, false],
      [2n ** 256n - 1n, false],
    ]
    for (const { isSecretKey } of [native, portable]) {
      for (const [value, valid] of cases) expect(isSecretKey(ofNumber(value))).toBe(valid)
      expect(isSecretKey(new Uint8Array(31).fill(1))).toBe(false)
    }
  })
})
