import { expect, test } from 'vitest'
import { nameToBytes32, toBytes, toHex } from '../../../ledger/hex.ts'

test('toHex, toBytes: lower case, and back', () => {
  expect(toHex(new Uint8Array([0, 0xab, 0xff]))).toBe('0x00abff')
  expect(toBytes('0x00ABff')).toEqual(new Uint8Array([0, 0xab, 0xff]))
})

test.each(['0x0', '0xzz', '0x0g'] as const)('toBytes: error: %s is no hex', (hex) => {
  expect(() => toBytes(hex)).toThrow()
})

test('nameToBytes32: as Solidity writes a short literal', () => {
  expect(nameToBytes32('gpu-second')).toBe(`0x${Buffer.from('gpu-second').toString('hex').padEnd(64, '0')}`)
  expect(nameToBytes32('x'.repeat(31))).toBe(`0x${'78'.repeat(31)}00`)
})

test.each(['', 'x'.repeat(32), 'two words', 'a\n', 'ü', '\0'])('nameToBytes32: error: %j is no name', (name) => {
  expect(() => nameToBytes32(name)).toThrow(RangeError)
})
