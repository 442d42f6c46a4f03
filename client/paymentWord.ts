/** The words in which the contract is told of payments, and tells of them. */
import type { Hex } from '../ledger/hex.ts'

export interface PaymentWord {
  readonly payee: Hex
  readonly wei: bigint
}

/** Splits a word into its first 20 bytes and its last 12: of a commit payee and total, of `TicketsPaid` payee and what was due. */
export const splitPayment = (word: Hex): PaymentWord => ({
  payee: word.slice(0, 42).toLowerCase() as Hex,
  wei: BigInt(`0x${word.slice(42)}`),
})
