/** The daemon's public HTTP API as codecs, shared by the daemon that writes it and everyone who reads it. `docs/PROTOCOL.md` explains it. */

import {
  bool,
  type Codec,
  count,
  hex,
  int,
  list,
  nullable,
  object,
  oneOf,
  struct,
  text,
  uint,
  type Value,
} from '../protocol/codec.ts'
import { methods, signedLogHead } from '../protocol/messages.ts'
import { signedPreference } from './entries.ts'
import type { Receipt } from './receipt.ts'

const hash = hex(32)
const address = hex(20)
const wei = uint(96)
const path = list(hash, 64)

export const receipt: Codec<Receipt> = object({ head: signedLogHead, position: count, path })

/** `POST /api/batches` -> 200. */
export const batchAnswer = object({
  status: oneOf('accepted', 'already_accepted'),
  odd: list(object({ index: int(1000), reason: text(64) }), 1000),
  receipt,
})

/** `GET /api/reporters/{address}`. */
export const reporterAnswer = object({ reporter: address, nextSequence: uint(64), spentWei: wei, budgetWei: wei })

/** The head of the contract as the daemon last read it. */
export const chainHead = object({
  epoch: uint(64),
  boot: hash,
  counter: uint(64),
  root: hash,
  committer: address,
  configHash: hash,
  committedAt: uint(64), // unix seconds
})

/** `GET /api/tee/status`. */
export const statusAnswer = object({
  core: nullable(methods.status.result),
  chainId: uint(64),
  verifyingContract: address,
  head: nullable(chainHead),
  isEpochOpen: bool, // whether the core's boot is the head's: only then are receipts let out
  state: text(64), // what the daemon is doing, in a word or two
  nextPayoutAt: nullable(uint(64)), // when it is next decided who is paid, unix seconds; null where this daemon does not decide
  waitsFor: nullable(text(300)), // why nothing is anchored though the epoch is open; null where it is
})

/** One lane of a daemon: a contract with its core and its reporters. */
export const laneShown = object({
  name: nullable(text(32)), // null where there is but one, without a name
  path: text(64), // of its API, on this listener
  chainId: uint(64),
  verifyingContract: address,
  state: text(64), // as in its status; `down` while it begins anew, `failed` where that would not help
  earnedWei: nullable(wei), // null while it does not answer
  paidWei: nullable(wei),
  owedWei: nullable(wei),
})

/** `GET /api/lanes`. */
export const lanesAnswer = object({ lanes: list(laneShown, 64) })

/** `GET /api/tee/attestation?nonce=0x..`. */
export const attestationAnswer = methods.attestation.result

/** `GET /api/ledger/head`. */
export const ledgerHeadAnswer = object({
  logSize: uint(64),
  logRoot: hash,
  totalEarnedWei: wei,
  totalPaidWei: wei,
  treasuryWei: nullable(uint(256)), // what the contract holds; null before it was first asked
  head: nullable(chainHead),
  anchored: nullable(
    object({
      counter: uint(64),
      root: hash,
      commitment: struct('Commitment'),
      transactionHash: hash,
      blockNumber: uint(64),
    }),
  ),
})

/** `GET /api/ledger/accounts/{address}`. */
export const accountAnswer = object({
  payee: address,
  rail: oneOf('direct', 'ticket'),
  minimumWei: wei,
  earnedWei: wei, // by the ledger, now
  paidWei: wei, // by the contract
  paidAtBlock: nullable(uint(64)), // the block at which it was; null before the first was read
  owedWei: wei,
  preference: nullable(object({ position: count, entry: signedPreference })), // the payee's own, where it has one
  waitsFor: nullable(object({ reason: text(64), detail: nullable(text(300)) })), // why the last payout left it out, or left some
  anchored: nullable(
    object({
      counter: uint(64),
      root: hash,
      commitment: struct('Commitment'),
      totalPaidWei: wei, // by the contract, when it was anchored: part of what `claim` must name
      earnedWei: wei,
      proof: path,
    }),
  ),
})

/** One batch that changed what a payee earned, or named it. */
const accountEntry = object({
  position: count,
  reporter: address,
  sequence: uint(64),
  gainWei: wei,
  /** Those that name the payee: a session names it at its start only. */
  events: list(struct('Event'), 1000),
})

/** `GET /api/ledger/accounts/{address}/entries?before=POSITION&limit=N`, newest first. */
export const accountEntriesAnswer = object({ entries: list(accountEntry, 100), next: nullable(text(64)) })

/** What a payee got from the contract, or failed to get. */
export const payout = object({
  payee: address,
  rail: oneOf('direct', 'ticket'),
  status: oneOf('paid', 'failed', 'claimed', 'exited'), // the last two: taken from the contract with a proof
  amountWei: wei,
  reason: nullable(text(200)),
  counter: nullable(uint(64)), // of the commit; null for what was claimed or exited
  transactionHash: hash,
  blockNumber: uint(64),
  at: uint(64), // the block's time, unix seconds
})

/** `GET /api/payouts?payee=0x..&before=CURSOR&limit=N`, newest first. */
export const payoutsAnswer = object({ payouts: list(payout, 1000), next: nullable(text(64)) })

/**
 * Where two books differ, or one shows what the others have no part in:
 * - `pending`, `failed`: not paid yet, or the last try failed, with the reason
 * - `claimed`, `exited`: the payee took it from the contract itself, before or after a freeze
 * - `gift`: a stranger's money on the core's deposit at the broker, or a ticket that drew on it
 * - `struck`: a commit that an `admit` took back, or what had left by such commits, in all and of each payee above its earnings
 * - `unknown_transaction`: a commit of this ledger, or a transaction of the core's account, that the store does not know: its
 *   disk was lost, or another has the key
 * - `unexplained`: must never be
 */
export const discrepancy = object({
  kind: oneOf('pending', 'failed', 'claimed', 'exited', 'gift', 'struck', 'unknown_transaction', 'unexplained'),
  code: text(64),
  detail: text(300),
  payee: nullable(address), // null where it is about a total
  amountWei: uint(256), // the distance between the two
})

/** `GET /api/reconciliation`. */
export const reconciliationAnswer = object({
  discrepancies: list(discrepancy, 1_000_000),
  accounts: count,
  earnedWei: wei,
  paidWei: wei,
  owedWei: wei,
  checkedAtBlock: uint(64),
})

export type LaneShown = Value<typeof laneShown>
export type LanesAnswer = Value<typeof lanesAnswer>
export type AttestationAnswer = Value<typeof attestationAnswer>
export type Discrepancy = Value<typeof discrepancy>
export type ReconciliationAnswer = Value<typeof reconciliationAnswer>
export type BatchAnswer = Value<typeof batchAnswer>
export type ReporterAnswer = Value<typeof reporterAnswer>
export type StatusAnswer = Value<typeof statusAnswer>
export type LedgerHeadAnswer = Value<typeof ledgerHeadAnswer>
export type AccountEntry = Value<typeof accountEntry>
export type AccountEntriesAnswer = Value<typeof accountEntriesAnswer>
export type AccountAnswer = Value<typeof accountAnswer>
export type Payout = Value<typeof payout>
export type PayoutsAnswer = Value<typeof payoutsAnswer>
