/** The rules that the operator sets: checked whole, then indexed for the transition. */
import { type Hex, zeroAddress, zeroHash } from './hex.ts'
import { refuse } from './refusal.ts'
import type { Configuration, Reporter, Struct, Tariff } from './structs.ts'
import { type Domain, hashStruct } from './typedData.ts'

/** How a payee is paid: plain ETH, or a ticket at the Livepeer TicketBroker. */
export const rail = { direct: 0, ticket: 1 } as const

/** What an event can be; bit n of a reporter's `kinds` allows kind n. */
export const eventKind = {
  workload: 0,
  sessionStart: 1,
  sessionHeartbeat: 2,
  sessionEnd: 3,
  credit: 4,
  debit: 5,
} as const
const allKinds = Object.values(eventKind).reduce<number>((bits, kind) => bits | (1 << kind), 0)

/** No batch is larger, whatever the configuration says: it bounds the work of one request. */
export const batchEventsCeiling = 1000n

/** No log knows more reporters, closed ones among them: all of them must fit a state that is loaded again. */
export const reportersEverMax = 1000

/** A configuration that passed {@link checkConfiguration}, with its hash and its lists as maps. */
export interface Rules {
  readonly configuration: Configuration
  readonly hash: Hex
  readonly domain: Domain
  readonly reporters: ReadonlyMap<Hex, Reporter>
  readonly tariffs: ReadonlyMap<Hex, Tariff>
  readonly payees: ReadonlyMap<Hex, Struct<'Payee'>>
}

function must(holds: boolean, fault: string): void {
  if (!holds) refuse('BAD_CONFIGURATION', fault, { fault })
}

/** Checks a configuration by itself. @throws Refusal `BAD_CONFIGURATION` with the fault in its facts */
export function checkConfiguration(configuration: Configuration): Rules {
  const { reporters, tariffs, payees, limits } = configuration
  must(configuration.verifyingContract !== zeroAddress, 'verifying_contract is zero')
  must(configuration.chainId > 0n, 'chain_id is zero')
  checkSigners(configuration)
  must(isRail(configuration.rail) && payees.every((p) => isRail(p.rail)), 'a rail is 0 (direct) or 1 (ticket)')
  must(reporters.length <= 256 && tariffs.length <= 256, 'at most 256 reporters and 256 tariffs are listed')
  must(
    reporters.every((r) => r.tariffs.length <= 64),
    'a reporter is allowed at most 64 tariffs',
  )
  must(areDistinct(reporters.map((r) => r.reporter)), 'a reporter is listed twice')
  must(areDistinct(tariffs.map((t) => t.name)), 'a tariff is listed twice')
  must(areDistinct(payees.map((p) => p.payee)), 'a payee is listed twice')
  must(limits.batchEventsMax > 0n && limits.batchEventsMax <= batchEventsCeiling, 'batch_events_max is 1 to 1000')
  must(limits.sessionGapMs <= limits.sessionIdleMs, 'session_gap_ms exceeds session_idle_ms')
  const named = new Set(tariffs.map((t) => t.name))
  must(
    reporters.every((r) => (r.kinds & ~allKinds) === 0),
    'kinds has a bit of no event kind',
  )
  must(
    reporters.every((r) => r.tariffs.every((t) => named.has(t))),
    'a reporter is allowed a tariff that is not listed',
  )
  return {
    configuration,
    hash: hashStruct('Configuration', configuration),
    domain: { chainId: configuration.chainId, verifyingContract: configuration.verifyingContract },
    reporters: new Map(reporters.map((r) => [r.reporter, r])),
    tariffs: new Map(tariffs.map((t) => [t.name, t])),
    payees: new Map(payees.map((p) => [p.payee, p])),
  }
}

function checkSigners({ kmsKeys, signers, threshold }: Configuration): void {
  must(kmsKeys.length <= 8 && kmsKeys.every((key) => key.length <= 2 + 2 * 256), 'kms_keys: at most 8 of 256 bytes')
  must(areDistinct(kmsKeys), 'a KMS key is listed twice')
  must(signers.length <= 32 && areAscending(signers), 'signers: at most 32, ascending, each once')
  must(threshold <= signers.length, 'threshold is above the number of signers')
  must(threshold > 0 || signers.length === 0, 'threshold is zero, yet there are signers')
}

/** The first configuration of a log follows none. @throws Refusal `BAD_CONFIGURATION` */
export function checkFirstConfiguration(configuration: Configuration): Rules {
  must(configuration.version === 1n, 'the first configuration has version 1')
  must(configuration.previous === zeroHash, 'the first configuration follows none')
  return checkConfiguration(configuration)
}

/**
 * Checks a configuration as the successor of the one in force: chain, contract and broker stay for ever, KMS keys as long
 * as the key of the core does (`isNewKey`: it comes with a key that was born for this log).
 *
 * @throws Refusal `WRONG_VERSION`, `BAD_CONFIGURATION`
 */
export function checkNextConfiguration(
  { configuration: before, hash }: Rules,
  next: Configuration,
  { isNewKey }: { readonly isNewKey: boolean },
): Rules {
  const expected = before.version + 1n
  if (next.version !== expected)
    refuse('WRONG_VERSION', 'a configuration has the version after the one in force', {
      expected: `${expected}`,
      got: `${next.version}`,
    })
  must(next.previous === hash, 'previous is not the hash of the configuration in force')
  must(next.chainId === before.chainId, 'chain_id never changes')
  must(next.verifyingContract === before.verifyingContract, 'verifying_contract never changes')
  must(next.broker === before.broker, 'broker never changes')
  must(isNewKey || next.kmsKeys.join() === before.kmsKeys.join(), 'kms_keys change only with the key of the core')
  return checkConfiguration(next)
}

/** How a payee is paid by what the operator lists. What the payee itself prefers comes before it: `payeeRule` in `state.ts`. */
export const listedRule = (rules: Rules, payee: Hex): { readonly rail: number; readonly minimumWei: bigint } =>
  rules.payees.get(payee) ?? rules.configuration

/** Whether an event may name this payee. The contract and the broker would keep what they are paid. */
export function isPayeeAllowed({ configuration, payees }: Rules, payee: Hex): boolean {
  if (payee === zeroAddress || payee === configuration.verifyingContract || payee === configuration.broker) return false
  return configuration.payeesOpen || payees.has(payee)
}

/** Whether a number names a rail. */
export const isRail = (value: number): boolean => value === rail.direct || value === rail.ticket
const areDistinct = (values: readonly Hex[]): boolean => new Set(values).size === values.length
const areAscending = (values: readonly Hex[]): boolean => values.every((v, i) => i === 0 || (values[i - 1] as Hex) < v)
