/**
 * The state of a ledger: a pure function of its log. Held mutable for speed; only `transition.ts` changes it.
 * What only ever grows: the log, every account's `earned`, every reporter's sequence and spent budget.
 */
import { AccountsTree, accountLeaf } from './accountsTree.ts'
import { configurationLeaf } from './batch.ts'
import { checkConfiguration, type Rules } from './config.ts'
import { append, emptyLog, type Frontier, leafHash, logRoot } from './eventLog.ts'
import type { Hex } from './hex.ts'
import type { Commitment, Configuration } from './structs.ts'
import { hashStruct } from './typedData.ts'

export interface Account {
  /** Place of the leaf in the accounts tree: the order in which accounts began. */
  readonly index: number
  readonly payee: Hex
  earnedWei: bigint
}

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
  readonly sessions: Map<Hex, Session>
}

export interface Ledger {
  readonly rules: Rules
  readonly reporters: Map<Hex, ReporterState>
  readonly accounts: Map<Hex, Account>
  readonly tree: AccountsTree
  log: Frontier
  totalEarnedWei: bigint
}

/** The ledger whose log holds nothing but its first configuration. @throws Refusal `BAD_CONFIGURATION` */
export function createLedger(configuration: Configuration): Ledger {
  const rules = checkConfiguration(configuration)
  return {
    rules,
    reporters: new Map(
      [...rules.reporters.keys()].map((reporter) => [
        reporter,
        { nextSequence: 0n, last: undefined, spentWei: 0n, accountsBegun: 0n, sessions: new Map() },
      ]),
    ),
    accounts: new Map(),
    tree: new AccountsTree(),
    log: append(emptyLog, leafHash(configurationLeaf(configuration))),
    totalEarnedWei: 0n,
  }
}

/** Sets what an account has earned, beginning it if need be. Not for use outside `ledger/` and the loading of a snapshot. */
export function setEarned(ledger: Ledger, payee: Hex, earnedWei: bigint): void {
  const account = ledger.accounts.get(payee) ?? { index: ledger.accounts.size, payee, earnedWei }
  account.earnedWei = earnedWei
  ledger.accounts.set(payee, account)
  ledger.tree.set(account.index, () => accountLeaf(payee, account.earnedWei))
}

/** What a commit anchors of the present state; its EIP-712 hashStruct is the root. */
export const commitmentOf = (ledger: Ledger): Commitment => ({
  accountsRoot: ledger.tree.root(),
  logRoot: logRoot(ledger.log),
  logSize: BigInt(ledger.log.size),
  totalEarned: ledger.totalEarnedWei,
  configHash: ledger.rules.hash,
})

/** The root of a commitment. */
export const rootOf = (commitment: Commitment): Hex => hashStruct('Commitment', commitment)
