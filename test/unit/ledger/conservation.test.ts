/** What holds of every ledger, whatever three reporters send in whatever order. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addressOfKey } from '../../../client/batch.ts'
import type { SentBatch } from '../../../client/entries.ts'
import { credit, sessionEnd, sessionHeartbeat, sessionStart, workload } from '../../../client/events.ts'
import { type Authentic, fromSealed } from '../../../ledger/entry.ts'
import { type Hex, zeroAddress } from '../../../ledger/hex.ts'
import { Refusal } from '../../../ledger/refusal.ts'
import { createLedger, type Ledger } from '../../../ledger/state.ts'
import type { Event } from '../../../ledger/structs.ts'
import { applyEntry, type Outcome } from '../../../ledger/transition.ts'
import { configuration, domain, keyOf, payeeOf, reporter, reporterRule, snapshot } from './support.ts'

const keys = [keyOf(0), keyOf(1), keyOf(2)]
const reporters = keys.map((key) =>
  reporterRule({ reporter: addressOfKey(key), budgetWei: 20_000n, sessionsMax: 3n, accountsMax: 4n }),
)
const newLedger = (): Ledger => createLedger(configuration({ reporters }))

const id = fc.constantFrom('a', 'b', 'c', 'd')
const payee = fc.oneof(
  { weight: 9, arbitrary: fc.nat(5).map(payeeOf) },
  { weight: 1, arbitrary: fc.constant(zeroAddress) },
)
const atMs = fc.nat(2_000_000)
const event: fc.Arbitrary<Event> = fc.oneof(
  fc.record({ id, payee, tariff: fc.constant('gpu-second'), units: fc.bigInt({ min: 0n, max: 300n }) }).map(workload),
  fc.record({ id, payee, tariff: fc.constantFrom('stream-hour', 'stream-hour', 'gpu-second'), atMs }).map(sessionStart),
  fc.record({ id, atMs }).map(sessionHeartbeat),
  fc.record({ id, atMs }).map(sessionEnd),
  fc.record({ id, payee, wei: fc.bigInt({ min: 0n, max: 3000n }) }).map(credit),
)
const step = fc.record({
  who: fc.nat(2),
  drift: fc.constantFrom(0n, 0n, 0n, 0n, -1n, 1n), // from the sequence that is expected
  events: fc.array(event, { maxLength: 6 }),
})

/** As it comes out of a record: signatures are the business of `batch.test.ts`, and cost more than all the rest. */
const unsigned = (reporter: Hex, sequence: bigint, events: readonly Event[]): Authentic<SentBatch> =>
  fromSealed({ ...domain, batch: { reporter, sequence, events }, signature: `0x${'00'.repeat(64)}` })

const applyNext = (ledger: Ledger, ...events: readonly Event[]): Outcome =>
  applyEntry(ledger, unsigned(reporter, ledger.reporters.get(reporter)?.nextSequence as bigint, events))

const sum = (values: Iterable<bigint>): bigint => [...values].reduce((total, value) => total + value, 0n)
const earnedOf = (ledger: Ledger): Map<Hex, bigint> =>
  new Map([...ledger.accounts.values()].map(({ payee, balance }) => [payee, balance.earnedWei]))

test('conservation: earned, in all, is the total and what the reporters spent; nothing falls; a refusal changes nothing', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const ledger = newLedger()
      const accepted: Authentic<SentBatch>[] = []
      for (const { who, drift, events } of steps) {
        const key = keys[who] as Uint8Array
        const sequence = (ledger.reporters.get(addressOfKey(key))?.nextSequence as bigint) + drift
        const batch = unsigned(addressOfKey(key), sequence < 0n ? 0n : sequence, events)
        const [before, earnedBefore] = [snapshot(ledger), earnedOf(ledger)]
        try {
          const outcome = applyEntry(ledger, batch)
          if (outcome.status === 'accepted') accepted.push(batch)
          else expect(snapshot(ledger)).toEqual(before)
        } catch (error) {
          if (!(error instanceof Refusal)) throw error
          expect(snapshot(ledger)).toEqual(before)
        }
        const earned = earnedOf(ledger)
        expect(sum(earned.values())).toBe(ledger.totalEarnedWei)
        expect(sum([...ledger.reporters.values()].map((r) => r.spentWei))).toBe(ledger.totalEarnedWei)
        for (const [payee, wei] of earnedBefore) expect((earned.get(payee) as bigint) >= wei).toBe(true)
        for (const { spentWei, sessions, accountsBegun } of ledger.reporters.values())
          expect(spentWei <= 20_000n && sessions.size <= 3 && accountsBegun <= 4n).toBe(true)
      }
      const replayed = newLedger()
      for (const batch of accepted) applyEntry(replayed, batch)
      expect(snapshot(replayed)).toEqual(snapshot(ledger))
      expect(ledger.log.size).toBe(1 + accepted.length)
    }),
    { numRuns: 100 },
  )
})

test('batching: events credit the same, one by one or in batches cut anywhere', () => {
  const free = configuration({ reporters: [reporterRule({ sessionsMax: 2n })] })
  fc.assert(
    fc.property(fc.array(event, { maxLength: 30 }), fc.array(fc.nat(7), { minLength: 1 }), (events, cuts) => {
      const single = createLedger(free)
      const kept = events.filter((one) => isAccepted(() => applyNext(single, one)))
      const cut = createLedger(free)
      for (let at = 0, i = 0; at < kept.length; i++) {
        const size = 1 + (cuts[i % cuts.length] as number)
        applyNext(cut, ...kept.slice(at, at + size))
        at += size
      }
      expect([...cut.accounts.values()]).toEqual([...single.accounts.values()])
      expect([...cut.reporters.values()].map((r) => new Map([...r.sessions].sort()))).toEqual(
        [...single.reporters.values()].map((r) => new Map([...r.sessions].sort())),
      )
    }),
    { numRuns: 150 },
  )
})

function isAccepted(act: () => unknown): boolean {
  try {
    act()
    return true
  } catch (error) {
    if (error instanceof Refusal) return false
    throw error
  }
}
