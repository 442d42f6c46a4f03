import { describe, expect, test } from 'vitest'
import { nameToBytes32 } from '../../../client/ids.ts'
import { checkConfiguration, checkFirstConfiguration, isPayeeAllowed, listedRule } from '../../../ledger/config.ts'
import { toHex, zeroAddress } from '../../../ledger/hex.ts'
import type { Configuration, Limits } from '../../../ledger/structs.ts'
import { hashStruct } from '../../../ledger/typedData.ts'
import { broker, configuration, domain, expectRefusal, payeeOf, reporter, reporterRule } from './support.ts'

const limits = (changes: Partial<Limits>): Partial<Configuration> => ({
  limits: { ...configuration().limits, ...changes },
})
const tariff = { name: nameToBytes32('a'), weiPerUnit: 1n, unitMs: 0n }
const payee = { payee: payeeOf(1), rail: 0, minimumWei: 0n }

const many = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i))

describe('checkConfiguration', () => {
  test('default: the configuration with its hash, its domain and its lists as maps', () => {
    const given = configuration({ payees: [payee] })
    const rules = checkConfiguration(given)
    expect(rules.configuration).toBe(given)
    expect(rules.hash).toBe(hashStruct('Configuration', given))
    expect(rules.domain).toEqual(domain)
    expect(rules.reporters.get(reporter)).toEqual(reporterRule())
    expect([...rules.tariffs.keys()]).toEqual(given.tariffs.map((t) => t.name))
    expect(rules.payees.get(payee.payee)).toEqual(payee)
  })

  test('behavior: the most that is allowed', () => {
    checkConfiguration(configuration(limits({ batchEventsMax: 1000n, sessionGapMs: 5n, sessionIdleMs: 5n })))
    checkConfiguration(configuration(limits({ batchEventsMax: 1n })))
    checkConfiguration(configuration({ reporters: [], tariffs: [], payees: [] }))
    checkConfiguration(
      configuration({
        signers: many(32, payeeOf),
        threshold: 32,
        kmsKeys: many(8, (i) => toHex(new Uint8Array(256).fill(i))),
      }),
    )
    checkConfiguration(configuration({ reporters: many(256, (i) => reporterRule({ reporter: payeeOf(i) })) }))
  })

  test.each<[string, Partial<Configuration>]>([
    ['the first configuration has version 1', { version: 0n }],
    ['the first configuration has version 1', { version: 2n }],
    ['the first configuration follows none', { previous: nameToBytes32('x') }],
    ['verifying_contract is zero', { verifyingContract: zeroAddress }],
    ['chain_id is zero', { chainId: 0n }],
    ['a rail is 0 (direct) or 1 (ticket)', { rail: 2 }],
    ['a rail is 0 (direct) or 1 (ticket)', { payees: [{ ...payee, rail: 2 }] }],
    [
      'at most 256 reporters and 256 tariffs are listed',
      { reporters: many(257, (i) => reporterRule({ reporter: payeeOf(i) })) },
    ],
    [
      'at most 256 reporters and 256 tariffs are listed',
      { tariffs: many(257, (i) => ({ ...tariff, name: nameToBytes32(`t${i}`) })) },
    ],
    [
      'a reporter is allowed at most 64 tariffs',
      { reporters: [reporterRule({ tariffs: many(65, () => tariff.name) })] },
    ],
    ['kms_keys: at most 8 of 256 bytes', { kmsKeys: many(9, (i) => toHex(new Uint8Array([i]))) }],
    ['kms_keys: at most 8 of 256 bytes', { kmsKeys: [toHex(new Uint8Array(257))] }],
    ['a KMS key is listed twice', { kmsKeys: ['0x01', '0x01'] }],
    ['signers: at most 32, ascending, each once', { signers: [payeeOf(2), payeeOf(1)], threshold: 1 }],
    ['signers: at most 32, ascending, each once', { signers: [payeeOf(1), payeeOf(1)], threshold: 1 }],
    ['signers: at most 32, ascending, each once', { signers: many(33, payeeOf), threshold: 1 }],
    ['threshold is above the number of signers', { signers: [payeeOf(1)], threshold: 2 }],
    ['threshold is zero, yet there are signers', { signers: [payeeOf(1)], threshold: 0 }],
    ['a reporter is listed twice', { reporters: [reporterRule(), reporterRule({ kinds: 1 })] }],
    ['a tariff is listed twice', { tariffs: [...configuration().tariffs, tariff, { ...tariff, unitMs: 5n }] }],
    ['a payee is listed twice', { payees: [payee, { ...payee, rail: 1 }] }],
    ['batch_events_max is 1 to 1000', limits({ batchEventsMax: 0n })],
    ['batch_events_max is 1 to 1000', limits({ batchEventsMax: 1001n })],
    ['session_gap_ms exceeds session_idle_ms', limits({ sessionGapMs: 6n, sessionIdleMs: 5n })],
    ['kinds has a bit of no event kind', { reporters: [reporterRule({ kinds: 0b1000000 })] }],
    ['kinds has a bit of no event kind', { reporters: [reporterRule({ kinds: 0xff })] }],
    ['a reporter is allowed a tariff that is not listed', { reporters: [reporterRule({ tariffs: [tariff.name] })] }],
  ])('BAD_CONFIGURATION: %s', (fault, changes) => {
    expectRefusal(() => checkFirstConfiguration(configuration(changes)), 'BAD_CONFIGURATION', { fault })
  })
})

test('isPayeeAllowed: anyone where payees are open, except who would keep what it is paid', () => {
  const rules = checkConfiguration(configuration())
  expect(isPayeeAllowed(rules, payeeOf(1))).toBe(true)
  for (const never of [zeroAddress, domain.verifyingContract, broker]) expect(isPayeeAllowed(rules, never)).toBe(false)
})

test('isPayeeAllowed: only who is listed where they are not open, and never the contract', () => {
  const listed = [payeeOf(1), domain.verifyingContract, broker, zeroAddress].map((p) => ({ ...payee, payee: p }))
  const rules = checkConfiguration(configuration({ payeesOpen: false, payees: listed }))
  expect(isPayeeAllowed(rules, payeeOf(1))).toBe(true)
  expect(isPayeeAllowed(rules, payeeOf(2))).toBe(false)
  for (const never of [zeroAddress, domain.verifyingContract, broker]) expect(isPayeeAllowed(rules, never)).toBe(false)
})

test("listedRule: the payee's own line, else the configuration's", () => {
  const own = { payee: payeeOf(1), rail: 1, minimumWei: 9n }
  const rules = checkConfiguration(configuration({ payees: [own], rail: 0, minimumWei: 4n }))
  expect(listedRule(rules, payeeOf(1))).toMatchObject({ rail: 1, minimumWei: 9n })
  expect(listedRule(rules, payeeOf(2))).toMatchObject({ rail: 0, minimumWei: 4n })
})
