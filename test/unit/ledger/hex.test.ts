import { expect, test } from 'vitest'
import { toBytes, toHex } from '../../../ledger/hex.ts'

test('toHex, toBytes: lower case, and back', () => {
  expect(toHex(new Uint8Array([0, 0xab, 0xff]))).toBe('0x00abff')
  expect(toBytes('0x00ABff')).toEqual(new Uint8Array([0, 0xab, 0xff]))
})

test.each(['0x0', '0xzz', '0x0g'] as const)('toBytes: error: %s is no hex', (hex) => {
  expect(() => toBytes(hex)).toThrow()
})
