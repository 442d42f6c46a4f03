/** What the daemon asks of the chain. Answers are an RPC server's word: nothing safe rests on them but staying up. */
import type { Hex } from '../../ledger/hex.ts'
import type { BlockPoint } from '../store/store.ts'
import type { ChainEvent } from './events.ts'

/** The head of the contract. */
export interface Head {
  readonly epoch: bigint
  readonly boot: Hex
  readonly counter: bigint
  readonly root: Hex
  readonly committer: Hex
  readonly configHash: Hex
  /** Unix seconds; 0 before the first commit. */
  readonly committedAt: bigint
  /** Entries in the anchored log; 0 before the first commit. */
  readonly logSize: bigint
}

export interface Fees {
  readonly maxFeePerGas: bigint
  readonly maxPriorityFeePerGas: bigint
}

/** Livepeer's round, and whether tickets can be redeemed in it. */
export interface Round {
  readonly number: bigint
  readonly blockHash: Hex
  readonly isInitialized: boolean
}

export interface Receipt {
  readonly status: 'success' | 'reverted'
  readonly blockNumber: number
}

export interface Block extends BlockPoint {
  /** Unix seconds. */
  readonly time: number
}

export interface EventRange {
  readonly from: number
  readonly to: number
  readonly committers: readonly Hex[]
}

/** Every function throws what viem throws when the server cannot be reached or answers with an error. */
export interface Chain {
  chainId(): Promise<bigint>
  /** The newest block, or the one of this number. */
  block(number?: number): Promise<Block>
  /** Whether the treasury has code. */
  isDeployed(atBlock?: number): Promise<boolean>
  head(atBlock?: number): Promise<Head>
  /** The contract's registers, wei. */
  paid(payees: readonly Hex[], atBlock?: number): Promise<readonly bigint[]>
  totalPaid(atBlock?: number): Promise<bigint>
  /** What the treasury holds, wei. */
  balance(): Promise<bigint>
  /** What the window still lets go by commits and claims, wei. */
  room(): Promise<bigint>
  /** Unix seconds from which on anyone may freeze, if nothing is committed before. */
  silentAt(): Promise<bigint>
  /** What an account has for gas, wei. */
  gasBalance(account: Hex): Promise<bigint>
  /** Events of the treasury, and those of the broker with one of these as sender of tickets, or with one admitted in the range, in order. */
  events(range: EventRange): Promise<readonly ChainEvent[]>

  /** Of the newest block: transactions that wait are not counted, for they may be forgotten. */
  nonce(account: Hex, atBlock?: number): Promise<number>
  fees(): Promise<Fees>
  send(raw: Hex): Promise<void>
  receipt(hash: Hex): Promise<Receipt | undefined>
  /** The calldata of a transaction that the node knows, mined or not. */
  calldata(hash: Hex): Promise<Hex | undefined>

  /** Undefined where no RoundsManager is configured. */
  round(): Promise<Round | undefined>
  /** Whether an orchestrator can be paid by ticket in this round. True where no BondingManager is configured. */
  isActive(payee: Hex): Promise<boolean>
  /** Tries a direct payment without making it. @returns why it would fail, or undefined */
  tryDirect(payee: Hex, amountWei: bigint): Promise<string | undefined>
  /** Tries what a ticket's redemption ends with. @returns why it would fail, or undefined, also where no BondingManager is configured */
  tryTicket(payee: Hex, amountWei: bigint, round: bigint): Promise<string | undefined>
  /** Gas that Arbitrum takes for posting such calldata to L1, on top of what is executed; 0 on other chains. */
  l1Gas(calldata: Hex): Promise<bigint>
}
