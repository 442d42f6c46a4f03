/** The operator's API as codecs, for the daemon that writes it and the CLI that reads it. */
import { hex, list, nullable, object, text, uint, type Value } from '../protocol/codec.ts'

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
  leftOut: list(
    object({ payee: hex(20), owedWei: uint(96), reason: text(64), detail: nullable(text(300)) }),
    1_000_000,
  ),
})

export type OperatorStatusAnswer = Value<typeof operatorStatusAnswer>
