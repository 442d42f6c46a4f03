import { describe, expect, test } from 'vitest'
import { addressOfKey } from '../../../client/batch.ts'
import { sessionEnd, sessionHeartbeat, sessionStart } from '../../../client/events.ts'
import { nameToBytes32 } from '../../../client/ids.ts'
import { createLedger, type Ledger } from '../../../ledger/state.ts'
import type { Event, Reporter } from '../../../ledger/structs.ts'
import {
  configuration,
  expectUnchanged,
  keyOf,
  ledgerWith,
  payeeOf,
  reporter,
  reporterRule,
  send,
  sendNext,
  signed,
} from './support.ts'

const [alice, bob] = [payeeOf(1), payeeOf(2)]
const [gapMs, idleMs] = [60_000, 300_000]
// Three wei for each seven milliseconds: nearly nothing divides evenly.
const awkward = { name: nameToBytes32('awkward'), weiPerUnit: 3n, unitMs: 7n }

const start = (id: string, atMs: number, payee = alice): Event => sessionStart({ id, payee, tariff: 'awkward', atMs })
const beat = (id: string, atMs: number): Event => sessionHeartbeat({ id, atMs })
const end = (id: string, atMs: number): Event => sessionEnd({ id, atMs })

const newLedger = (changes: Partial<Reporter> = {}): Ledger =>
  ledgerWith({ tariffs: [awkward.name], ...changes }, { tariffs: [awkward] })
const earned = (ledger: Ledger, payee = alice): bigint | undefined => ledger.accounts.get(payee)?.balance.earnedWei
const open = (ledger: Ledger): number | undefined => ledger.reporters.get(reporter)?.sessions.size

test('default: start, heartbeats and end credit the time between at the tariff', () => {
  const ledger = newLedger()
  sendNext(ledger, start('s', 1000))
  expect([earned(ledger), open(ledger)]).toEqual([0n, 1])
  sendNext(ledger, beat('s', 1007))
  expect(earned(ledger)).toBe(3n)
  sendNext(ledger, end('s', 1021))
  expect([earned(ledger), open(ledger)]).toEqual([9n, 0])
})

test('behavior: the remainder is carried, so heartbeats however many lose nothing', () => {
  const ledger = newLedger()
  sendNext(ledger, start('s', 0))
  for (let ms = 1; ms <= 100; ms++) sendNext(ledger, beat('s', ms))
  expect(earned(ledger)).toBe((100n * 3n) / 7n)
  sendNext(ledger, end('s', 100))
  expect(earned(ledger)).toBe((100n * 3n) / 7n)
})

test('behavior: the remainder of one session is not carried into the next of the same id', () => {
  const ledger = newLedger()
  for (let i = 0; i < 10; i++) sendNext(ledger, start('s', i * 10), end('s', i * 10 + 2)) // 6/7 of a wei each time
  expect(earned(ledger)).toBe(0n)
})

test('behavior: all in one batch is as each event in its own', () => {
  const events = [
    start('a', 0),
    start('b', 3, bob),
    beat('a', 5),
    beat('b', 6),
    end('a', 8),
    start('a', 9, bob),
    end('b', 20),
  ]
  const [one, many] = [newLedger(), newLedger()]
  sendNext(one, ...events)
  for (const event of events) sendNext(many, event)
  expect([...one.accounts.values()]).toEqual([...many.accounts.values()])
  expect(one.reporters.get(reporter)?.sessions).toEqual(many.reporters.get(reporter)?.sessions)
})

describe('silence', () => {
  test('up to the gap limit it is credited whole', () => {
    const ledger = newLedger()
    sendNext(ledger, start('s', 0), beat('s', gapMs))
    expect(earned(ledger)).toBe((BigInt(gapMs) * 3n) / 7n)
  })

  test('a millisecond more credits nothing for it, and keeps the remainder from before', () => {
    const ledger = newLedger()
    sendNext(ledger, start('s', 0), beat('s', 2)) // 6/7 carried
    sendNext(ledger, beat('s', 2 + gapMs + 1))
    expect([earned(ledger), open(ledger)]).toEqual([0n, 1])
    sendNext(ledger, beat('s', 2 + gapMs + 1 + 1)) // 9/7
    expect(earned(ledger)).toBe(1n)
  })

  test('up to the idle limit the session is still open', () => {
    const ledger = newLedger()
    sendNext(ledger, start('s', 0))
    expect(sendNext(ledger, beat('s', idleMs))).toMatchObject({ odd: [] })
  })

  test('a millisecond more has ended it: a heartbeat or an end is odd, and the session is gone', () => {
    for (const late of [beat, end]) {
      const ledger = newLedger()
      sendNext(ledger, start('s', 0))
      expect(sendNext(ledger, late('s', idleMs + 1))).toMatchObject({ odd: [{ index: 0, reason: 'SESSION_NOT_OPEN' }] })
      expect([earned(ledger), open(ledger)]).toEqual([0n, 0])
    }
  })

  test('a start after it opens the session anew, for another payee too', () => {
    const ledger = newLedger()
    sendNext(ledger, start('s', 0))
    expect(sendNext(ledger, start('s', idleMs + 1, bob), beat('s', idleMs + 8))).toMatchObject({ odd: [] })
    expect([earned(ledger, alice), earned(ledger, bob)]).toEqual([0n, 3n])
  })
})

describe('odd events are accepted, named, and credit nothing', () => {
  test('SESSION_ALREADY_OPEN: payee, tariff and clock stay those of the first start', () => {
    const ledger = newLedger()
    sendNext(ledger, start('s', 0))
    const outcome = sendNext(ledger, beat('x', 1), start('s', 7, bob), beat('s', 14))
    expect(outcome).toMatchObject({
      status: 'accepted',
      odd: [
        { index: 0, reason: 'SESSION_NOT_OPEN' },
        { index: 1, reason: 'SESSION_ALREADY_OPEN' },
      ],
    })
    expect([earned(ledger, alice), earned(ledger, bob)]).toEqual([6n, undefined])
  })

  test('SESSION_NOT_OPEN: never started, ended, or of another reporter', () => {
    const other = addressOfKey(keyOf(5))
    const reporters = [reporterRule({ tariffs: [awkward.name] }), reporterRule({ reporter: other, tariffs: [] })]
    const ledger = createLedger(configuration({ reporters, tariffs: [awkward] }))
    const odd = [{ index: 0, reason: 'SESSION_NOT_OPEN' }]
    expect(sendNext(ledger, beat('s', 1))).toMatchObject({ odd })
    sendNext(ledger, start('s', 1))
    expect(send(ledger, signed(0n, [end('s', 5)], keyOf(5)))).toMatchObject({ odd })
    sendNext(ledger, end('s', 8))
    expect(sendNext(ledger, end('s', 9))).toMatchObject({ odd })
    expect(earned(ledger)).toBe(3n)
  })

  test('TIME_RAN_BACKWARDS: the session goes on from its last good event', () => {
    const ledger = newLedger()
    sendNext(ledger, start('s', 100))
    for (const back of [beat('s', 99), end('s', 0)])
      expect(sendNext(ledger, back)).toMatchObject({ odd: [{ index: 0, reason: 'TIME_RAN_BACKWARDS' }] })
    sendNext(ledger, end('s', 107))
    expect(earned(ledger)).toBe(3n)
  })

  test('the same moment twice is not odd', () => {
    const ledger = newLedger()
    expect(sendNext(ledger, start('s', 5), beat('s', 5), end('s', 5))).toMatchObject({ odd: [] })
    expect(earned(ledger)).toBe(0n)
  })
})

describe('open sessions are limited', () => {
  const limited = (): Ledger => newLedger({ sessionsMax: 2n })

  test('SESSION_LIMIT: one more than may be open', () => {
    const ledger = limited()
    sendNext(ledger, start('a', 0), start('b', 0))
    expectUnchanged(ledger, () => sendNext(ledger, beat('a', 7), start('c', 9)), 'SESSION_LIMIT', {
      event: 1,
      max: '2',
    })
  })

  test('SESSION_LIMIT: within one batch', () => {
    const ledger = limited()
    const act = () => sendNext(ledger, start('a', 0), start('b', 0), start('c', 0))
    expectUnchanged(ledger, act, 'SESSION_LIMIT', { event: 2, max: '2' })
  })

  test('behavior: an end makes room, before and within a batch', () => {
    const ledger = limited()
    sendNext(ledger, start('a', 0), start('b', 0))
    sendNext(ledger, end('a', 1), start('c', 1), end('b', 2), start('a', 2))
    expect([...(ledger.reporters.get(reporter)?.sessions.keys() ?? [])].sort()).toEqual(
      ['a', 'c'].map(nameToBytes32).sort(),
    )
  })

  const openIds = (ledger: Ledger) => [...(ledger.reporters.get(reporter)?.sessions.keys() ?? [])]

  test('behavior: idle sessions make room, the quietest first, as many as are needed', () => {
    const ledger = limited()
    sendNext(ledger, start('a', 0), start('b', 0))
    sendNext(ledger, beat('a', 1))
    sendNext(ledger, start('c', idleMs + 2))
    expect(openIds(ledger)).toEqual(['a', 'c'].map(nameToBytes32))
    sendNext(ledger, start('d', idleMs + 2))
    expect(openIds(ledger)).toEqual(['c', 'd'].map(nameToBytes32))
  })

  test('SESSION_LIMIT: the quietest is not idle yet', () => {
    const ledger = limited()
    sendNext(ledger, start('a', 0), start('b', 0))
    const facts = { event: 0, max: '2' }
    expectUnchanged(ledger, () => sendNext(ledger, start('c', idleMs)), 'SESSION_LIMIT', facts)
    const touched = () => sendNext(ledger, beat('a', 5), start('c', idleMs + 1), start('d', idleMs + 1))
    expectUnchanged(ledger, touched, 'SESSION_LIMIT', { event: 2, max: '2' })
  })

  test('SESSION_LIMIT: of none', () => {
    const ledger = newLedger({ sessionsMax: 0n })
    expectUnchanged(ledger, () => sendNext(ledger, start('a', 0)), 'SESSION_LIMIT', { event: 0, max: '0' })
  })

  test('row 31: a start looks at no more sessions than its batch has events, however many are open', () => {
    const ledger = newLedger({ sessionsMax: 1000n })
    const many = (from: number, atMs: number) => Array.from({ length: 1000 }, (_, i) => start(`${from + i}`, atMs))
    sendNext(ledger, ...many(0, 0))
    const sessions = ledger.reporters.get(reporter)?.sessions
    if (!sessions) throw new Error('no such reporter')
    let looked = 0
    const walk = sessions.entries.bind(sessions)
    sessions[Symbol.iterator] = function* () {
      for (const entry of walk()) {
        looked++
        yield entry
      }
      return undefined
    }
    sendNext(ledger, start('one', idleMs + 1))
    expect(looked).toBe(1)
    sendNext(ledger, ...many(5000, 2 * (idleMs + 1)))
    expect(looked).toBeLessThanOrEqual(1 + (1000 * 1001) / 2)
  })

  test('behavior: idle sessions make room where they began in the same batch', () => {
    const ledger = limited()
    sendNext(ledger, start('a', 0), start('b', 0), start('c', idleMs + 1))
    expect(openIds(ledger)).toEqual(['b', 'c'].map(nameToBytes32))
  })

  test('behavior: of one batch too: what it ended makes no room twice, and its last event counts, not its first', () => {
    const ended = limited()
    sendNext(ended, start('a', 0))
    sendNext(ended, end('a', 1), start('b', 1), start('c', 1), start('d', idleMs + 2))
    expect(openIds(ended)).toEqual(['c', 'd'].map(nameToBytes32))
    const touched = limited()
    sendNext(touched, start('a', 0), start('b', 0), beat('a', 5), start('c', idleMs + 1))
    expect(openIds(touched)).toEqual(['a', 'c'].map(nameToBytes32))
  })

  test('behavior: a start that is odd needs no room', () => {
    const ledger = limited()
    sendNext(ledger, start('a', 0), start('b', 0))
    expect(sendNext(ledger, start('a', 1))).toMatchObject({ status: 'accepted' })
  })
})
