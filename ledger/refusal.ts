/**
 * A refusal is the caller's to act on: a code from a closed list, a sentence, and facts that are public by construction.
 * It changed nothing. What is our own fault is an InvariantBroken instead, and halts the core.
 */
export type Facts = Readonly<Record<string, string | number>>

/** What the ledger refuses. `protocol/refusal.ts` adds what the core and the wire refuse. */
export const ledgerRefusalCodes = [
  'BAD_CONFIGURATION',
  'WRONG_CHAIN',
  'WRONG_CONTRACT',
  'BAD_SIGNATURE',
  'UNKNOWN_REPORTER',
  'REPORTER_CLOSED',
  'SEQUENCE_GAP',
  'SEQUENCE_REPEAT',
  'BATCH_TOO_LARGE',
  'KIND_UNKNOWN',
  'KIND_NOT_ALLOWED',
  'TARIFF_UNKNOWN',
  'TARIFF_NOT_ALLOWED',
  'EVENT_MALFORMED',
  'PAYEE_REFUSED',
  'AMOUNT_TOO_LARGE',
  'PAYEE_CAP_EXCEEDED',
  'BATCH_CAP_EXCEEDED',
  'BUDGET_EXCEEDED',
  'ACCOUNT_LIMIT',
  'SESSION_LIMIT',
  'UNKNOWN_PAYEE',
  'PREFERENCE_MALFORMED',
  'PREFERENCE_LIMIT',
  'IN_DEBT',
  'WRONG_VERSION',
  'WRONG_SIGNERS',
] as const

export class Refusal<Code extends string = string> extends Error {
  override readonly name = 'Refusal'
  readonly code: Code
  readonly facts: Facts

  constructor(code: Code, message: string, facts: Facts = {}) {
    super(message)
    this.code = code
    this.facts = facts
  }
}

/** Throws a refusal of the ledger. */
export function refuse(code: (typeof ledgerRefusalCodes)[number], message: string, facts: Facts = {}): never {
  throw new Refusal(code, message, facts)
}
