/** What the operator of the demonstration would decide: the ledger's configuration, and the daemon's. */

import { nameToBytes32 } from '../client/ids.ts'
import { eventKind, rail } from '../ledger/config.ts'
import { type Hex, zeroHash } from '../ledger/hex.ts'
import type { Configuration, Reporter, Tariff } from '../ledger/structs.ts'
import type { Deployment } from './deployment.ts'
import { prices } from './prices.ts'

const ether = 10n ** 18n
const gwei = 10n ** 9n

/** Someone who is paid, and how. */
export interface Payee {
  readonly name: string
  readonly address: Hex
  readonly isOrchestrator: boolean
}

/** Someone who reports usage. */
export interface ReporterAccount {
  readonly address: Hex
  readonly hasCredits: boolean
}

export interface ConfigurationOrder {
  readonly chainId: number
  readonly treasury: Hex
  readonly broker: Hex
  readonly reporters: readonly ReporterAccount[]
  readonly payees: readonly Payee[]
  readonly kmsKeys: readonly Hex[]
}

/** The ledger's configuration. Every payee is listed and paid from one wei on, so that a run can end with nothing owed. */
export const makeConfiguration = ({
  chainId,
  treasury,
  broker,
  reporters,
  payees,
  kmsKeys,
}: ConfigurationOrder): Configuration => ({
  version: 1n,
  previous: zeroHash,
  chainId: BigInt(chainId),
  verifyingContract: treasury,
  broker,
  kmsKeys,
  signers: [],
  threshold: 0,
  reporters: reporters.map(makeReporter),
  tariffs: Object.values(prices).map(toTariff),
  payeesOpen: false,
  payees: payees.map(({ address, isOrchestrator }) => ({
    payee: address,
    rail: isOrchestrator ? rail.ticket : rail.direct,
    minimumWei: 1n,
  })),
  rail: rail.direct,
  minimumWei: 1n,
  limits: { batchEventsMax: 1000n, sessionGapMs: 60_000n, sessionIdleMs: 600_000n, preferencesMax: 1_000n },
  feeCaps: { gas: 32_000_000n, maxFeePerGas: 100n * gwei, maxPriorityFeePerGas: 10n * gwei },
})

function makeReporter({ address, hasCredits }: ReporterAccount): Reporter {
  const { credit, ...others } = eventKind
  const kinds = [...Object.values(others), ...(hasCredits ? [credit] : [])]
  return {
    reporter: address,
    kinds: kinds.reduce<number>((bits, kind) => bits | (1 << kind), 0),
    tariffs: Object.values(prices).map(({ name }) => nameToBytes32(name)),
    batchMaxWei: ether,
    payeeMaxWei: ether,
    budgetWei: 30n * ether,
    accountsMax: 100n,
    sessionsMax: 100n,
  }
}

const toTariff = ({ name, weiPerUnit, unitMs }: (typeof prices)[keyof typeof prices]): Tariff => ({
  name: nameToBytes32(name),
  weiPerUnit,
  unitMs,
})

export interface DaemonOrder {
  readonly core: string
  readonly kms: readonly object[]
  readonly listen: string
  readonly operator: { readonly listen: string; readonly tokenFile: string }
  readonly store: string
  readonly configuration: string
  readonly noteKey: string
  /** Where the record of the deployment will lie. */
  readonly record: string
  readonly deployment: Pick<Deployment, 'rpcUrl' | 'roundsManager' | 'bondingManager'>
  readonly payIntervalMs: number
}

/** The daemon's configuration file. Anchors follow payouts, so that what no payout anchors does not stay open for long. */
export const makeDaemonConfiguration = ({ deployment, payIntervalMs, record, ...own }: DaemonOrder): object => ({
  ...own,
  deployment: record,
  rpcUrls: [deployment.rpcUrl],
  roundsManager: deployment.roundsManager,
  bondingManager: deployment.bondingManager,
  anchorIntervalMs: payIntervalMs * 2,
  payIntervalMs,
  pollMs: 200,
  confirmations: 0,
  transaction: { gas: '30000000', maxFeePerGas: `${100n * gwei}`, maxPriorityFeePerGas: `${10n * gwei}` },
  logLevel: 'info',
})
