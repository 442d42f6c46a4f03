/** The ledger that everything is measured on: reporters that may do all, payees that are nobody. */

import type { SentBatch } from '../client/entries.ts'
import { addressOfKey, credit, type Event, signBatch } from '../client/index.ts'
import { type Hex, zeroAddress, zeroHash } from '../ledger/hex.ts'
import type { Configuration } from '../ledger/structs.ts'
import type { Domain } from '../ledger/typedData.ts'

const amountMax = 2n ** 95n

/** Key of the nth reporter. */
export const keyOf = (n: number): Uint8Array => new Uint8Array(32).fill(n + 1)
export const payeeOf = (n: number): Hex => `0x${(n + 1).toString(16).padStart(40, '0')}`

export const localDomain: Domain = { chainId: 31337n, verifyingContract: `0x${'c0'.repeat(20)}` }

export interface ConfigurationOrder {
  readonly domain: Domain
  readonly broker: Hex
  readonly reporters: number
  /** Paid by ticket, all from one wei on. */
  readonly ticketPayees: readonly Hex[]
}

/** A configuration under which nothing is refused, and nobody but the ticket payees is due. */
export const makeConfiguration = ({
  domain = localDomain,
  broker = zeroAddress,
  reporters = 1,
  ticketPayees = [],
}: Partial<ConfigurationOrder>): Configuration => ({
  version: 1n,
  previous: zeroHash,
  ...domain,
  broker,
  kmsKeys: [],
  signers: [],
  threshold: 0,
  reporters: Array.from({ length: reporters }, (_, n) => ({
    reporter: addressOfKey(keyOf(n)),
    kinds: 0b111111,
    tariffs: [],
    batchMaxWei: amountMax,
    payeeMaxWei: amountMax,
    budgetWei: amountMax,
    accountsMax: 10n ** 7n,
    sessionsMax: 0n,
  })),
  tariffs: [],
  payeesOpen: true,
  payees: ticketPayees.map((payee) => ({ payee, rail: 1, minimumWei: 1n })),
  rail: 0,
  minimumWei: amountMax,
  limits: { batchEventsMax: 1000n, sessionGapMs: 0n, sessionIdleMs: 0n, preferencesMax: 0n },
  feeCaps: { gas: 32_000_000n, maxFeePerGas: 10n ** 11n, maxPriorityFeePerGas: 10n ** 10n },
})

/** Makes one batch after another, of each reporter in its order. */
export interface BatchSource {
  readonly reporters: number
  next(reporter: number): SentBatch
}

export interface SourceOrder {
  readonly domain?: Domain
  readonly reporters?: number
  readonly eventsPerBatch: number
  /** Events go to so many payees, far apart from each other. */
  readonly payees: number
}

/** A prime, so that neighbours in time are strangers in the tree. */
const stride = 7_919

export function createSource({
  domain = localDomain,
  reporters = 1,
  eventsPerBatch,
  payees,
}: SourceOrder): BatchSource {
  const sequences = new Array<bigint>(reporters).fill(0n)
  let made = 0
  const nextEvent = (): Event => {
    const n = made++
    return credit({ id: `${n}`, payee: payeeOf((n * stride) % payees), wei: BigInt((n % 1000) + 1) })
  }
  return {
    reporters,
    next(reporter) {
      const sequence = sequences[reporter] as bigint
      sequences[reporter] = sequence + 1n
      const events = Array.from({ length: eventsPerBatch }, nextEvent)
      return signBatch({ domain, secretKey: keyOf(reporter), sequence, events })
    },
  }
}
