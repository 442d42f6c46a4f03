/** A small world for the ledger's tests: keys, a configuration in which every limit is within reach, and snapshots to compare. */
import { expect } from 'vitest'
import { addressOfKey, signBatch } from '../../../client/batch.ts'
import type { SentBatch } from '../../../client/entries.ts'
import { nameToBytes32 } from '../../../client/ids.ts'
import { authenticate } from '../../../ledger/entry.ts'
import { type Hex, toHex, zeroHash } from '../../../ledger/hex.ts'
import { type Facts, Refusal } from '../../../ledger/refusal.ts'
import { commitmentOf, createLedger, type Ledger } from '../../../ledger/state.ts'
import type { Configuration, Event, Reporter } from '../../../ledger/structs.ts'
import { applyEntry, type Outcome } from '../../../ledger/transition.ts'
import type { Domain } from '../../../ledger/typedData.ts'

export const domain: Domain = { chainId: 31337n, verifyingContract: `0x${'c0'.repeat(20)}` }
export const broker: Hex = `0x${'b0'.repeat(20)}`

/** A secret key that is never zero nor above the order. */
export const keyOf = (n: number): Uint8Array => new Uint8Array(32).fill(n + 1)
export const payeeOf = (n: number): Hex => `0x${(n + 1).toString(16).padStart(40, '0')}`
export const reporterKey = keyOf(0)
export const reporter = addressOfKey(reporterKey)

export const gpuSecond = nameToBytes32('gpu-second')
export const streamHour = nameToBytes32('stream-hour')
/** In the configuration, but not among the tariffs that the reporter may use. */
export const forOthers = nameToBytes32('for-others')

export const reporterRule = (changes: Partial<Reporter> = {}): Reporter => ({
  reporter,
  kinds: 0b111111,
  tariffs: [gpuSecond, streamHour],
  batchMaxWei: 10n ** 21n,
  payeeMaxWei: 10n ** 20n,
  budgetWei: 10n ** 22n,
  accountsMax: 1000n,
  sessionsMax: 1000n,
  ...changes,
})

export const configuration = (changes: Partial<Configuration> = {}): Configuration => ({
  version: 1n,
  previous: zeroHash,
  ...domain,
  broker,
  kmsKeys: [],
  signers: [],
  threshold: 0,
  reporters: [reporterRule()],
  tariffs: [
    { name: gpuSecond, weiPerUnit: 7n, unitMs: 0n },
    { name: streamHour, weiPerUnit: 10n ** 6n, unitMs: 3_600_000n },
    { name: forOthers, weiPerUnit: 1n, unitMs: 0n },
  ],
  payeesOpen: true,
  payees: [],
  rail: 0,
  minimumWei: 0n,
  limits: { batchEventsMax: 1000n, sessionGapMs: 60_000n, sessionIdleMs: 300_000n, preferencesMax: 100n },
  feeCaps: { gas: 30_000_000n, maxFeePerGas: 10n ** 12n, maxPriorityFeePerGas: 10n ** 10n },
  ...changes,
})

/** A ledger in which the one reporter's rule is changed. */
export const ledgerWith = (changes: Partial<Reporter>, rest: Partial<Configuration> = {}): Ledger =>
  createLedger(configuration({ reporters: [reporterRule(changes)], ...rest }))

/** Signs, authenticates and applies, as the core does. */
export const send = (ledger: Ledger, batch: SentBatch): Outcome => applyEntry(ledger, authenticate(ledger.rules, batch))

export const signed = (sequence: bigint, events: readonly Event[], secretKey = reporterKey): SentBatch =>
  signBatch({ domain, secretKey, sequence, events })

/** Sends events under the reporter's next sequence. */
export const sendNext = (ledger: Ledger, ...events: readonly Event[]): Outcome =>
  send(ledger, signed(ledger.reporters.get(reporter)?.nextSequence ?? 0n, events))

/** Everything that a ledger holds, by value. */
export const snapshot = (ledger: Ledger): unknown => ({
  commitment: commitmentOf(ledger),
  log: { size: ledger.log.size, peaks: ledger.log.peaks.map(toHex) },
  totalEarnedWei: ledger.totalEarnedWei,
  accounts: [...ledger.accounts.values()],
  reporters: structuredClone([...ledger.reporters]),
})

/** The act is refused with this code and these facts. */
export function expectRefusal(act: () => unknown, code: string, facts: Facts): void {
  const thrown = caught(act)
  if (!(thrown instanceof Refusal)) throw new Error(`expected ${code}, not ${String(thrown)}`)
  expect({ code: thrown.code, facts: thrown.facts }).toEqual({ code, facts })
}

/** The act is refused, and leaves the ledger exactly as it was. */
export function expectUnchanged(ledger: Ledger, act: () => unknown, code: string, facts: Facts): void {
  const before = snapshot(ledger)
  expectRefusal(act, code, facts)
  expect(snapshot(ledger)).toEqual(before)
}

function caught(act: () => unknown): unknown {
  try {
    act()
  } catch (error) {
    return error
  }
  return undefined
}
