import { describe, expect, test } from 'vitest'
import { addressOfKey } from '../../../client/batch.ts'
import { credit, sessionEnd, sessionHeartbeat, sessionStart, workload } from '../../../client/events.ts'
import { nameToBytes32 } from '../../../client/ids.ts'
import { checkFirstConfiguration } from '../../../ledger/config.ts'
import { authenticate } from '../../../ledger/entry.ts'
import { append, leafHash, logRoot } from '../../../ledger/eventLog.ts'
import { type Hex, zeroAddress, zeroHash } from '../../../ledger/hex.ts'
import { commitmentOf, createLedger, type Ledger, rootOf } from '../../../ledger/state.ts'
import type { Event } from '../../../ledger/structs.ts'
import { applyEntry } from '../../../ledger/transition.ts'
import { hashStruct } from '../../../ledger/typedData.ts'
import {
  broker,
  configuration,
  domain,
  expectUnchanged,
  forOthers,
  gpuSecond,
  keyOf,
  ledgerWith,
  payeeOf,
  reporter,
  reporterRule,
  send,
  sendNext,
  signed,
  snapshot,
} from './support.ts'

const [alice, bob] = [payeeOf(1), payeeOf(2)]
const units = (n: bigint, payee: Hex = alice): Event => workload({ id: 'job', payee, tariff: 'gpu-second', units: n })
const wei = (n: bigint, payee: Hex = alice): Event => credit({ id: 'bonus', payee, wei: n })
const start = (id: string, atMs = 0): Event => sessionStart({ id, payee: alice, tariff: 'stream-hour', atMs })
const earned = (ledger: Ledger, payee: Hex): bigint | undefined => ledger.accounts.get(payee)?.balance.earnedWei
const raw = (changes: Partial<Event>): Event => ({ ...units(1n), ...changes })

describe('an accepted batch', () => {
  test('default: credits units at their tariff and explicit amounts', () => {
    const ledger = createLedger(configuration())
    const outcome = sendNext(ledger, units(12n), wei(5n), units(1n, bob))
    const gains = new Map([
      [alice, 89n],
      [bob, 7n],
    ])
    expect(outcome).toEqual({ status: 'accepted', position: 1, odd: [], gains })
    expect(earned(ledger, alice)).toBe(12n * 7n + 5n)
    expect(earned(ledger, bob)).toBe(7n)
    expect(ledger.totalEarnedWei).toBe(12n * 7n + 5n + 7n)
  })

  test('behavior: is the next leaf of the log, and moves its reporter one on', () => {
    const ledger = createLedger(configuration())
    const before = ledger.log
    const batch = authenticate(checkFirstConfiguration(configuration()), signed(0n, [units(1n)]))
    applyEntry(ledger, batch)
    expect(logRoot(ledger.log)).toBe(logRoot(append(before, batch.leafHash)))
    expect(ledger.reporters.get(reporter)).toMatchObject({ nextSequence: 1n, spentWei: 7n, accountsBegun: 1n })
  })

  test('behavior: an empty one fills a sequence', () => {
    const ledger = createLedger(configuration())
    expect(sendNext(ledger)).toEqual({ status: 'accepted', position: 1, odd: [], gains: new Map() })
    expect(sendNext(ledger, units(1n))).toMatchObject({ position: 2 })
  })

  test('behavior: an account begins with the event that names it, even for nothing, in the order of events', () => {
    const ledger = createLedger(configuration())
    sendNext(ledger, units(0n, bob), start('s'), wei(1n, payeeOf(7)))
    expect([...ledger.accounts.values()]).toEqual([
      { index: 0, payee: bob, balance: { earnedWei: 0n, debtWei: 0n }, preference: undefined },
      { index: 1, payee: alice, balance: { earnedWei: 0n, debtWei: 0n }, preference: undefined },
      { index: 2, payee: payeeOf(7), balance: { earnedWei: 1n, debtWei: 0n }, preference: undefined },
    ])
  })

  test('behavior: commitmentOf says what was earned, under which log and configuration', () => {
    const ledger = createLedger(configuration())
    sendNext(ledger, units(3n))
    const commitment = commitmentOf(ledger)
    expect(commitment).toEqual({
      accountsRoot: ledger.accounts.tree.root(),
      logRoot: logRoot(ledger.log),
      logSize: 2n,
      totalEarned: 21n,
      configHash: hashStruct('Configuration', configuration()),
    })
    expect(rootOf(commitment)).toBe(hashStruct('Commitment', commitment))
  })

  test('behavior: a new ledger has its configuration as the first leaf and no accounts', () => {
    expect(commitmentOf(createLedger(configuration()))).toMatchObject({
      accountsRoot: zeroHash,
      logSize: 1n,
      totalEarned: 0n,
    })
  })
})

describe('sequences', () => {
  const first = signed(0n, [units(1n)])
  const second = signed(1n, [units(2n)])
  const afterTwo = (): Ledger => {
    const ledger = createLedger(configuration())
    send(ledger, first)
    send(ledger, second)
    return ledger
  }

  test('G6: a repeat of the last batch is answered with its position, and counts once', () => {
    const ledger = afterTwo()
    const before = snapshot(ledger)
    for (let i = 0; i < 3; i++) expect(send(ledger, second)).toEqual({ status: 'already_accepted', position: 2 })
    expect(snapshot(ledger)).toEqual(before)
  })

  test('G6: SEQUENCE_GAP', () => {
    const ledger = afterTwo()
    const act = () => send(ledger, signed(3n, [units(1n)]))
    expectUnchanged(ledger, act, 'SEQUENCE_GAP', { expected: '2', got: '3' })
  })

  test('G6: SEQUENCE_REPEAT: other events under the last sequence', () => {
    const ledger = afterTwo()
    const act = () => send(ledger, signed(1n, [units(3n)]))
    expectUnchanged(ledger, act, 'SEQUENCE_REPEAT', { expected: '2', got: '1' })
  })

  test('G6: SEQUENCE_REPEAT: a batch before the last', () => {
    const ledger = afterTwo()
    expectUnchanged(ledger, () => send(ledger, first), 'SEQUENCE_REPEAT', { expected: '2', got: '0' })
  })

  test('G6: after a refusal the reporter goes on with the same sequence', () => {
    const ledger = afterTwo()
    expectUnchanged(ledger, () => send(ledger, signed(2n, [raw({ kind: 9 })])), 'KIND_UNKNOWN', { event: 0, kind: 9 })
    expect(send(ledger, signed(2n, [units(1n)]))).toMatchObject({ status: 'accepted', position: 3 })
  })

  test('behavior: each reporter has its own', () => {
    const other = addressOfKey(keyOf(5))
    const ledger = createLedger(configuration({ reporters: [reporterRule(), reporterRule({ reporter: other })] }))
    send(ledger, first)
    expect(send(ledger, signed(0n, [units(1n)], keyOf(5)))).toEqual({
      status: 'accepted',
      position: 2,
      odd: [],
      gains: new Map([[payeeOf(1), 7n]]),
    })
    expect(send(ledger, first)).toEqual({ status: 'already_accepted', position: 1 })
  })
})

describe('G6: a refused batch consumes nothing', () => {
  /** The fault comes last, so that all before it would have been written by a ledger that writes as it reads. */
  const refused = (ledger: Ledger, events: readonly Event[], code: string, facts: Record<string, string | number>) => {
    sendNext(ledger, units(1n), start('open'))
    const nextSequence = ledger.reporters.get(reporter)?.nextSequence as bigint
    expectUnchanged(ledger, () => send(ledger, signed(nextSequence, events)), code, facts)
  }
  const harmless = [units(2n, bob), start('other'), sessionHeartbeat({ id: 'open', atMs: 9000 })]

  test('UNKNOWN_REPORTER', () => {
    const stranger = addressOfKey(keyOf(8))
    const ledger = createLedger(configuration())
    const act = () => send(ledger, signed(0n, [units(1n)], keyOf(8)))
    expectUnchanged(ledger, act, 'UNKNOWN_REPORTER', { reporter: stranger })
  })

  test('BATCH_TOO_LARGE', () => {
    const limits = { ...configuration().limits, batchEventsMax: 3n }
    const ledger = ledgerWith({}, { limits })
    refused(ledger, [...harmless, units(1n)], 'BATCH_TOO_LARGE', { max: '3', got: 4 })
    expect(sendNext(ledger, ...harmless)).toMatchObject({ status: 'accepted' })
  })

  test.each<[string, Event, string, Record<string, string | number>]>([
    ['a kind of no meaning', raw({ kind: 6 }), 'KIND_UNKNOWN', { event: 3, kind: 6 }],
    ['a kind whose bit wraps around', raw({ kind: 32 }), 'KIND_UNKNOWN', { event: 3, kind: 32 }],
    ['a tariff of no name', raw({ tariff: zeroHash }), 'TARIFF_UNKNOWN', { event: 3, tariff: zeroHash }],
    ['a tariff for others', raw({ tariff: forOthers }), 'TARIFF_NOT_ALLOWED', { event: 3, tariff: forOthers }],
    [
      'a session under no tariff',
      { ...start('x'), tariff: nameToBytes32('none') },
      'TARIFF_UNKNOWN',
      { event: 3, tariff: nameToBytes32('none') },
    ],
    ['a credit with a tariff', { ...wei(1n), tariff: gpuSecond }, 'EVENT_MALFORMED', { event: 3 }],
    ['a workload of time', { ...units(1n), tariff: nameToBytes32('stream-hour') }, 'EVENT_MALFORMED', { event: 3 }],
    ['a session of units', { ...start('x'), tariff: gpuSecond }, 'EVENT_MALFORMED', { event: 3 }],
    [
      'a heartbeat that names a payee',
      { ...sessionHeartbeat({ id: 'open', atMs: 1 }), payee: bob },
      'EVENT_MALFORMED',
      { event: 3 },
    ],
    [
      'an end that names a tariff',
      { ...sessionEnd({ id: 'open', atMs: 1 }), tariff: gpuSecond },
      'EVENT_MALFORMED',
      { event: 3 },
    ],
    ['the zero address', wei(1n, zeroAddress), 'PAYEE_REFUSED', { event: 3, payee: zeroAddress }],
    ['the contract', wei(1n, domain.verifyingContract), 'PAYEE_REFUSED', { event: 3, payee: domain.verifyingContract }],
    ['the broker', units(1n, broker), 'PAYEE_REFUSED', { event: 3, payee: broker }],
    ['a session for the broker', { ...start('x'), payee: broker }, 'PAYEE_REFUSED', { event: 3, payee: broker }],
    ['2^96 wei at once', units(2n ** 96n / 7n + 1n), 'AMOUNT_TOO_LARGE', { event: 3 }],
  ])('%s', (_, event, code, facts) => {
    refused(createLedger(configuration()), [...harmless, event], code, facts)
  })

  test.each([
    ['workload', units(1n), 0],
    ['session start', start('x'), 1],
    ['session heartbeat', sessionHeartbeat({ id: 'x', atMs: 1 }), 2],
    ['session end', sessionEnd({ id: 'x', atMs: 1 }), 3],
    ['credit', wei(1n), 4],
  ])('KIND_NOT_ALLOWED: %s', (_, event, kind) => {
    const ledger = ledgerWith({ kinds: 0b111111 & ~(1 << kind) })
    expectUnchanged(ledger, () => sendNext(ledger, event), 'KIND_NOT_ALLOWED', { event: 0, kind })
  })

  test('PAYEE_REFUSED: who is not listed, where payees are not open', () => {
    const ledger = ledgerWith({}, { payeesOpen: false, payees: [{ payee: alice, rail: 1, minimumWei: 0n }] })
    refused(ledger, [units(1n, bob)], 'PAYEE_REFUSED', { event: 0, payee: bob })
  })

  test('AMOUNT_TOO_LARGE: several events that together reach 2^96 for one payee', () => {
    const half = 2n ** 95n
    refused(ledgerWith({}), [wei(half), wei(half)], 'AMOUNT_TOO_LARGE', { event: 1 })
  })

  test('AMOUNT_TOO_LARGE: the total of all accounts', () => {
    const all = 2n ** 96n - 1n
    const rich = { batchMaxWei: all, payeeMaxWei: all, budgetWei: all }
    const other = addressOfKey(keyOf(5))
    const reporters = [reporterRule(rich), reporterRule({ ...rich, reporter: other })]
    const ledger = createLedger(configuration({ reporters }))
    sendNext(ledger, wei(all - 1n))
    expectUnchanged(ledger, () => send(ledger, signed(0n, [wei(2n)], keyOf(5))), 'AMOUNT_TOO_LARGE', {})
    send(ledger, signed(0n, [wei(1n)], keyOf(5)))
    expect(ledger.totalEarnedWei).toBe(all)
    expect(earned(ledger, alice)).toBe(all)
  })

  test('PAYEE_CAP_EXCEEDED: by one wei, over several events', () => {
    const ledger = ledgerWith({ payeeMaxWei: 100n })
    refused(ledger, [wei(60n), wei(100n, bob), wei(41n)], 'PAYEE_CAP_EXCEEDED', {
      payee: alice,
      max: '100',
      got: '101',
    })
    sendNext(ledger, wei(60n), wei(100n, bob), wei(40n))
  })

  test('BATCH_CAP_EXCEEDED: by one wei', () => {
    const ledger = ledgerWith({ batchMaxWei: 100n })
    refused(ledger, [wei(60n), wei(41n, bob)], 'BATCH_CAP_EXCEEDED', { max: '100', got: '101' })
    sendNext(ledger, wei(60n), wei(40n, bob))
  })

  test('BUDGET_EXCEEDED: by one wei, over all batches, for ever', () => {
    const ledger = ledgerWith({ budgetWei: 107n })
    refused(ledger, [wei(60n), wei(41n, bob)], 'BUDGET_EXCEEDED', { left: '100', got: '101' })
    sendNext(ledger, wei(100n))
    expectUnchanged(ledger, () => sendNext(ledger, wei(1n)), 'BUDGET_EXCEEDED', { left: '0', got: '1' })
    expect(sendNext(ledger, wei(0n))).toMatchObject({ status: 'accepted' })
  })

  test('ACCOUNT_LIMIT: accounts that others began do not count', () => {
    const other = addressOfKey(keyOf(5))
    const reporters = [reporterRule({ accountsMax: 2n }), reporterRule({ reporter: other })]
    const ledger = createLedger(configuration({ reporters }))
    send(ledger, signed(0n, [wei(1n, payeeOf(30))], keyOf(5)))
    refused(ledger, [wei(0n, bob), wei(0n, payeeOf(3))], 'ACCOUNT_LIMIT', { event: 1, max: '2' })
    sendNext(ledger, wei(1n, bob), wei(1n, bob), wei(1n, payeeOf(30)))
    expectUnchanged(ledger, () => sendNext(ledger, wei(0n, payeeOf(3))), 'ACCOUNT_LIMIT', { event: 0, max: '2' })
  })
})

test('behavior: the same log gives the same commitment, byte for byte', () => {
  const replay = () => {
    const ledger = createLedger(configuration())
    for (let i = 0n; i < 20n; i++) sendNext(ledger, units(i), wei(i, payeeOf(Number(i % 7n))), start(`s${i}`))
    return snapshot(ledger)
  }
  expect(replay()).toEqual(replay())
})

test('behavior: another configuration is another first leaf', () => {
  const [a, b] = [createLedger(configuration()), createLedger(configuration({ minimumWei: 1n }))]
  expect(commitmentOf(a).logRoot).not.toBe(commitmentOf(b).logRoot)
  expect(commitmentOf(a).configHash).not.toBe(commitmentOf(b).configHash)
  expect(logRoot(a.log)).not.toBe(logRoot({ size: 1, peaks: [leafHash(new Uint8Array())] }))
})
