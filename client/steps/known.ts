/** What every step takes: what the caller wants checked, and what the steps before it found. */
import type { Rules } from '../../ledger/config.ts'
import type { Hex } from '../../ledger/hex.ts'
import type { Domain } from '../../ledger/typedData.ts'
import type { StatusAnswer } from '../api.ts'
import type { Rpc } from '../chain/rpc.ts'
import type { Head, Treasury } from '../chain/treasury.ts'
import type { LogSight } from '../checks/claims.ts'
import type { ProvenAnchor } from '../checks/onChain.ts'
import type { Trust } from '../checks/trust.ts'
import type { Client } from '../client.ts'
import type { SentBatch } from '../entries.ts'
import type { Receipt } from '../receipt.ts'
import { NotChecked } from '../verdict.ts'

/** What is remembered from one time to the next. */
export interface LogMemory extends LogSight {
  readonly contract: Hex
}

export interface VerifyOptions {
  readonly client: Client
  readonly rpc: Rpc
  readonly trust: Trust
  /** Whose account is to be proved. */
  readonly payee?: Hex
  /** A receipt and the batch that it is for. */
  readonly receipt?: { readonly batch: SentBatch; readonly receipt: Receipt }
  /** The log as it was seen the last time. */
  readonly memory?: LogMemory
  /** 32 bytes that nobody could know before: what makes the attestation fresh. */
  readonly nonce: Uint8Array
  /** The caller's clock, ms since 1970: certificates must be valid now. */
  readonly nowMs: number
  /** How long to wait before a check is made again that only came a moment too early, ms. */
  readonly pauseMs?: number
  /** How far behind the chain a daemon may be before what it shows counts as old, seconds. */
  readonly lagSeconds?: number
}

/** What later checks need of earlier ones; undefined where those did not succeed. */
export interface Known {
  domain?: Domain
  treasury?: Treasury
  head?: Head
  status?: StatusAnswer
  anchor?: ProvenAnchor
  log?: LogSight
  configHashes?: readonly Hex[]
  /** Those in force, out of the log. */
  rules?: Rules
}

/** What an earlier check should have found. @throws NotChecked `NEEDS_EARLIER` */
export function need<K extends keyof Known>(known: Known, name: K): NonNullable<Known[K]> {
  const value = known[name]
  if (value === undefined) throw new NotChecked('NEEDS_EARLIER', 'this needs a check above that did not succeed')
  return value as NonNullable<Known[K]>
}
