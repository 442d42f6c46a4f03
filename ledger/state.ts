/**
 * The state of a ledger: a pure function of its log. Held mutable for speed; only `transition.ts` changes it.
 * What only ever grows: the log, every account's `earned`, every reporter's sequence and spent budget, every payee's number.
 */
import { Accounts } from './accounts.ts'
import { checkFirstConfiguration, listedRule, type Rules } from './config.ts'
import { entryLeaf } from './entry.ts'
import { append, emptyLog, type Frontier, leafHash, logRoot } from './eventLog.ts'
import type { Hex } from './hex.ts'
import type { Commitment, Configuration } from './structs.ts'
import { hashStruct } from './typedData.ts'

export interface Session {
  readonly payee: Hex
  readonly tariff: Hex
  /** The reporter's clock at the last event, ms. */
  readonly lastMs: bigint
  /** What division left over, in wei times milliseconds, for the next credit. */
  readonly remainder: bigint
}

export interface ReporterState {
  nextSequence: bigint
  /** Leaf hash and log position of its last batch: a repeat of it is answered, not refused. */
  last: { leafHash: Uint8Array; position: number } | undefined
  spentWei: bigint
  accountsBegun: bigint
  /** In the order of their last events. */
  readonly sessions: Map<Hex, Session>
}

export interface Ledger {
  rules: Rules
  /** Everyone who was ever listed: one that is removed and listed again goes on with its sequence. */
  readonly reporters: Map<Hex, ReporterState>
  readonly accounts: Accounts
  log: Frontier
  totalEarnedWei: bigint
}

/** A ledger under these rules of which nothing else is known yet. */
export function emptyLedger(rules: Rules): Ledger {
  const ledger: Ledger = {
    rules,
    reporters: new Map(),
    accounts: new Accounts(),
    log: emptyLog,
    totalEarnedWei: 0n,
  }
  listReporters(ledger)
  return ledger
}

/** The ledger whose log holds nothing but its first configuration. @throws Refusal `BAD_CONFIGURATION` */
export function createLedger(configuration: Configuration): Ledger {
  const ledger = emptyLedger(checkFirstConfiguration(configuration))
  ledger.log = append(emptyLog, leafHash(entryLeaf({ configuration, signatures: [] })))
  return ledger
}

/** Begins every reporter that the rules list for the first time. */
export function listReporters({ rules, reporters }: Ledger): void {
  for (const reporter of rules.reporters.keys()) {
    if (!reporters.has(reporter))
      reporters.set(reporter, {
        nextSequence: 0n,
        last: undefined,
        spentWei: 0n,
        accountsBegun: 0n,
        sessions: new Map(),
      })
  }
}

/** How and from which amount on a payee is paid: by its own preference, else by the configuration. Never the host's to say. */
export const payeeRule = (ledger: Ledger, payee: Hex): { readonly rail: number; readonly minimumWei: bigint } =>
  ledger.accounts.get(payee)?.preference ?? listedRule(ledger.rules, payee)

/** What a commit anchors of the present state; its EIP-712 hashStruct is the root. */
export const commitmentOf = (ledger: Ledger): Commitment => ({
  accountsRoot: ledger.accounts.tree.root(),
  logRoot: logRoot(ledger.log),
  logSize: BigInt(ledger.log.size),
  totalEarned: ledger.totalEarnedWei,
  configHash: ledger.rules.hash,
})

/** The root of a commitment. */
export const rootOf = (commitment: Commitment): Hex => hashStruct('Commitment', commitment)
