import fc from 'fast-check'
import { getAddress, keccak256, stringToBytes } from 'viem'
import { describe, expect, test } from 'vitest'
import { nameToBytes32 } from '../../../client/ids.ts'
import {
  credit,
  debit,
  idToBytes32,
  parseAddress,
  sessionEnd,
  sessionHeartbeat,
  sessionStart,
  workload,
} from '../../../client/index.ts'
import { eventKind } from '../../../ledger/config.ts'
import { toHex, zeroAddress, zeroHash } from '../../../ledger/hex.ts'
import { payeeOf } from '../ledger/support.ts'

const payee = payeeOf(1)
const tariff = nameToBytes32('gpu-second')
const id = nameToBytes32('job-1')

test('workload, sessionStart, credit: the event with its ids and names as bytes32', () => {
  const named = { id: 'job-1', payee, tariff: 'gpu-second' }
  expect(workload({ ...named, units: 12n })).toEqual({ kind: eventKind.workload, id, payee, tariff, value: 12n })
  expect(sessionStart({ ...named, atMs: 5 })).toEqual({ kind: eventKind.sessionStart, id, payee, tariff, value: 5n })
  expect(credit({ id: 'job-1', payee, wei: 7n })).toEqual({
    kind: eventKind.credit,
    id,
    payee,
    tariff: zeroHash,
    value: 7n,
  })
  expect(debit({ id: 'job-1', payee, wei: 7n })).toEqual({ ...credit({ id: 'job-1', payee, wei: 7n }), kind: 5 })
})

test('sessionHeartbeat, sessionEnd: name neither payee nor tariff, for the start fixed them', () => {
  const rest = { id, payee: zeroAddress, tariff: zeroHash, value: 9n }
  expect(sessionHeartbeat({ id: 'job-1', atMs: 9 })).toEqual({ kind: eventKind.sessionHeartbeat, ...rest })
  expect(sessionEnd({ id: 'job-1', atMs: 9 })).toEqual({ kind: eventKind.sessionEnd, ...rest })
})

test('error: time that is not whole, a tariff that is no name, an address that is none', () => {
  expect(() => sessionEnd({ id: 'x', atMs: 1.5 })).toThrow(RangeError)
  expect(() => workload({ id: 'x', payee, tariff: 'two words', units: 1n })).toThrow(RangeError)
  expect(() => credit({ id: 'x', payee: '0x1', wei: 1n })).toThrow(RangeError)
})

describe('idToBytes32', () => {
  test.each(['a', 'job-1', 'x'.repeat(31), '~!'])('default: %s stays readable', (text) => {
    expect(idToBytes32(text)).toBe(nameToBytes32(text))
  })

  test.each(['x'.repeat(32), 'two words', 'ü', 'a\n', '😀'.repeat(20)])('behavior: %j is hashed', (text) => {
    expect(idToBytes32(text)).toBe(keccak256(stringToBytes(text)))
  })

  test('error: nothing is no id', () => expect(() => idToBytes32('')).toThrow(RangeError))
})

describe('parseAddress', () => {
  const addresses = fc.uint8Array({ minLength: 20, maxLength: 20 }).map(toHex)

  test('default: any spelling that viem calls right, in lower case', () => {
    fc.assert(
      fc.property(addresses, (address) => {
        const upper = `0x${address.slice(2).toUpperCase()}`
        for (const spelling of [address, upper, getAddress(address)]) expect(parseAddress(spelling)).toBe(address)
      }),
    )
  })

  test('error: a mixed spelling with one letter of the other case', () => {
    fc.assert(
      fc.property(addresses, fc.nat(39), (address, place) => {
        const right = getAddress(address)
        const letter = right[place + 2] as string
        const other = letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase()
        const wrong = right.slice(0, place + 2) + other + right.slice(place + 3)
        const isOneCase = [address.slice(2), address.slice(2).toUpperCase()].includes(wrong.slice(2))
        if (wrong === right || isOneCase) return
        expect(() => parseAddress(wrong)).toThrow(RangeError)
      }),
    )
  })

  test.each([
    '',
    '0x',
    payee.slice(2),
    `${payee}0`,
    payee.slice(0, -1),
    `0X${payee.slice(2)}`,
    ` ${payee}`,
    `${payee}\n`,
  ])('error: %j', (text) => expect(() => parseAddress(text)).toThrow(RangeError))
})

test('nameToBytes32: as Solidity writes a short literal', () => {
  expect(nameToBytes32('gpu-second')).toBe(`0x${Buffer.from('gpu-second').toString('hex').padEnd(64, '0')}`)
  expect(nameToBytes32('x'.repeat(31))).toBe(`0x${'78'.repeat(31)}00`)
})

test.each(['', 'x'.repeat(32), 'two words', 'a\n', 'ü', '\0'])('nameToBytes32: error: %j is no name', (name) => {
  expect(() => nameToBytes32(name)).toThrow(RangeError)
})
