/** The rules that the operator sets: checked whole, then indexed for the transition. */
import { type Hex, zeroAddress, zeroHash } from './hex.ts'
import { refuse } from './refusal.ts'
import type { Configuration, Reporter, Struct, Tariff } from './structs.ts'
import { type Domain, hashStruct } from './typedData.ts'

/** How a payee is paid: plain ETH, or a ticket at the Livepeer TicketBroker. */
export const rail = { direct: 0, ticket: 1 } as const

/** What an event can be; bit n of a reporter's `kinds` allows kind n. */
export const eventKind = { workload: 0, sessionStart: 1, sessionHeartbeat: 2, sessionEnd: 3, credit: 4 } as const
const allKinds = Object.values(eventKind).reduce<number>((bits, kind) => bits | (1 << kind), 0)

/** No batch is larger, whatever the configuration says: it bounds the work of one request. */
export const batchEventsCeiling = 1000n

/** A configuration that passed {@link checkConfiguration}, with its hash and its lists as maps. */
export interface Rules {
  readonly configuration: Configuration
  readonly hash: Hex
  readonly domain: Domain
  readonly reporters: ReadonlyMap<Hex, Reporter>
  readonly tariffs: ReadonlyMap<Hex, Tariff>
  readonly payees: ReadonlyMap<Hex, Struct<'Payee'>>
}

/** @throws Refusal `BAD_CONFIGURATION` with the fault in its facts. */
export function checkConfiguration(configuration: Configuration): Rules {
  const { reporters, tariffs, payees, limits } = configuration
  const must = (holds: boolean, fault: string): void => {
    if (!holds) refuse('BAD_CONFIGURATION', fault, { fault })
  }
  must(configuration.version === 1n, 'the first configuration has version 1')
  must(configuration.previous === zeroHash, 'the first configuration follows none')
  must(configuration.verifyingContract !== zeroAddress, 'verifying_contract is zero')
  must(configuration.chainId > 0n, 'chain_id is zero')
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

/** How and from which amount on a payee is paid. Never the host's to say. */
export function payeeRule(rules: Rules, payee: Hex): { rail: number; minimumWei: bigint } {
  return rules.payees.get(payee) ?? rules.configuration
}

/** Whether an event may name this payee. The contract and the broker would keep what they are paid. */
export function isPayeeAllowed({ configuration, payees }: Rules, payee: Hex): boolean {
  if (payee === zeroAddress || payee === configuration.verifyingContract || payee === configuration.broker) return false
  return configuration.payeesOpen || payees.has(payee)
}

const isRail = (value: number): boolean => value === rail.direct || value === rail.ticket
const areDistinct = (values: readonly Hex[]): boolean => new Set(values).size === values.length
