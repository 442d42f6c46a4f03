import fc from 'fast-check'
import { recoverAddress as viemRecoverAddress } from 'viem'
import { privateKeyToAddress, sign } from 'viem/accounts'
import { expect, test } from 'vitest'
import { addressOfKey } from '../../../client/batch.ts'
import { type Hex, toBytes, toHex } from '../../../ledger/hex.ts'
import { recoverAddress, signHash } from '../../../ledger/signature.ts'
import { keyOf } from './support.ts'

const hashes = fc.uint8Array({ minLength: 32, maxLength: 32 })
const keys = fc.integer({ min: 0, max: 250 }).map(keyOf)

test('signHash: r and yParityAndS as viem', async () => {
  await fc.assert(
    fc.asyncProperty(hashes, keys, async (hash, key) => {
      const { r, s, yParity } = await sign({ hash: toHex(hash), privateKey: toHex(key) })
      const vs = BigInt(s) | (BigInt(yParity as number) << 255n)
      expect(signHash(hash, key)).toBe(`${r}${vs.toString(16).padStart(64, '0')}`)
    }),
    { numRuns: 50 },
  )
})

test('addressOfKey, recoverAddress: the address that viem gives', () => {
  fc.assert(
    fc.property(hashes, keys, (hash, key) => {
      const address = privateKeyToAddress(toHex(key)).toLowerCase()
      expect(addressOfKey(key)).toBe(address)
      expect(recoverAddress(hash, signHash(hash, key))).toBe(address)
    }),
    { numRuns: 50 },
  )
})

test('recoverAddress: what is no signature has no signer', () => {
  const hash = new Uint8Array(32).fill(7)
  for (const signature of ['0x', `0x${'00'.repeat(64)}`, `0x${'ff'.repeat(64)}`, `0x${'01'.repeat(65)}`] as Hex[])
    expect(recoverAddress(hash, signature)).toBeUndefined()
})

test('recoverAddress: a high s that leaves the parity bit free is no signature', async () => {
  // Nearly every high s has the top bit set and cannot be written in 64 bytes; those just above half the order can.
  const hash = new Uint8Array(32).fill(7)
  const r = signHash(hash, keyOf(1)).slice(0, 66) as Hex
  const signature = `${r}7f${'ff'.repeat(31)}` as Hex
  const s: Hex = `0x${signature.slice(66)}`
  expect(await viemRecoverAddress({ hash: toHex(hash), signature: { r, s, yParity: 0 } })).toMatch(/^0x/)
  expect(recoverAddress(hash, signature)).toBeUndefined()
})

test('recoverAddress: half the order is the last low s, whatever r', () => {
  const hash = new Uint8Array(32).fill(7)
  const r = signHash(hash, keyOf(1)).slice(2, 66)
  const half = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n
  expect(recoverAddress(hash, `0x${r}${half.toString(16)}`)).toMatch(/^0x[0-9a-f]{40}$/)
  expect(recoverAddress(hash, `0x${r}${(half + 1n).toString(16)}`)).toBeUndefined()
})

test('recoverAddress: a flipped bit anywhere is no signature of the same key', () => {
  const hash = new Uint8Array(32).fill(7)
  const signature = toBytes(signHash(hash, keyOf(1)))
  for (let bit = 0; bit < 512; bit += 5) {
    const other = Uint8Array.from(signature)
    other[bit >> 3] = (other[bit >> 3] as number) ^ (1 << (bit & 7))
    expect(recoverAddress(hash, toHex(other))).not.toBe(addressOfKey(keyOf(1)))
  }
})

test('recoverAddress: leaves the bytes of the hash as they were', () => {
  const hash = new Uint8Array(32).fill(7)
  recoverAddress(hash, signHash(hash, keyOf(1)))
  expect(hash).toEqual(new Uint8Array(32).fill(7))
})
