/** The operator's API as codecs, for the daemon that writes it and the CLI that reads it. */
import { hex, list, nullable, object, oneOf, text, uint } from '../protocol/codec.ts'

/** A payee that gets nothing now, or not all, and why. */
const leftOut = list(
  object({ payee: hex(20), owedWei: uint(96), reason: text(64), detail: nullable(text(300)) }),
  1_000_000,
)

/** `GET /operator/payouts`: what the next commit would pay, were it made now. */
export const payoutPlanAnswer = object({
  payments: list(
    object({ payee: hex(20), rail: oneOf('direct', 'ticket'), amountWei: uint(96), totalWei: uint(96) }),
    1_000,
  ),
  leftOut,
  /** What the treasury holds, and what its window still lets go. */
  balanceWei: uint(256),
  roomWei: uint(256),
  /** Livepeer's round that the tickets would be of; 0 where there is none. */
  round: uint(64),
  /** At worst, without what Arbitrum takes for L1. */
  gas: uint(64),
})

/** `GET /operator/status`. */
export const operatorStatusAnswer = object({
  state: text(64),
  /** As last read; null before the contract was first seen. */
  chain: nullable(
    object({
      blockNumber: uint(64),
      treasuryWei: uint(256),
      roomWei: uint(256),
      gasAccountWei: uint(256),
      silentAt: nullable(uint(64)), // unix seconds from which on anyone may freeze; null before the first commit
    }),
  ),
  /** Payees that the last payout left out, and why. */
  leftOut,
})

/** Something that an operator should look at. */
const concern = object({
  kind: oneOf('daemon', 'money', 'left_out', 'discrepancy'),
  /** `NOT_OPEN`, `SILENCE_SHORT`, `GAS_LOW`, `TREASURY_SHORT`, `WINDOW_USED`, or why a payee was left out, or the code of a discrepancy. */
  code: text(64),
  payee: nullable(hex(20)),
  detail: text(300),
})

export type Concern = ReturnType<typeof concern.read>

/** Event `concerns` of `GET /operator/stream`: all that is wrong when the listener comes. */
export const concernsEvent = object({ concerns: list(concern, 1_000_000) })

/** Events `raised` and `cleared`. */
export const concernEvent = concern

const kmsTrial = object({
  keyId: text(2048),
  /** `open`: it would give the key to this host without an enclave. `other_key`: not the one that the configuration names. */
  verdict: oneOf('ok', 'refused', 'unreachable', 'open', 'other_key'),
  reason: text(300),
})

export type KmsTrial = ReturnType<typeof kmsTrial.read>

/** `GET /operator/kms`: in the order of the settings. */
export const kmsAnswer = object({ trials: list(kmsTrial, 8) })
