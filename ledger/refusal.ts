/**
 * A refusal is the caller's to act on: a code from a closed list, a sentence, and facts that are public by construction.
 * It changed nothing. What is our own fault is an InvariantBroken instead, and halts the core.
 */
export type Facts = Readonly<Record<string, string | number>>

/** `docs/PROTOCOL.md` says what to do about each. */
const codes = {
  wire: ['MALFORMED_FRAME', 'FRAME_TOO_LARGE', 'UNKNOWN_METHOD', 'BAD_PARAMS', 'WRONG_PHASE', 'HALTED'],
  signatures: ['BAD_SIGNATURE', 'WRONG_SIGNERS', 'NOT_OWN_SIGNATURE'],
  order: ['SEQUENCE_GAP', 'SEQUENCE_REPEAT', 'WRONG_VERSION'],
  reporters: ['UNKNOWN_REPORTER', 'REPORTER_CLOSED', 'KIND_NOT_ALLOWED', 'TARIFF_NOT_ALLOWED'],
  events: ['KIND_UNKNOWN', 'EVENT_MALFORMED', 'TARIFF_UNKNOWN', 'PAYEE_REFUSED', 'AMOUNT_TOO_LARGE', 'BATCH_TOO_LARGE'],
  limits: ['PAYEE_CAP_EXCEEDED', 'BATCH_CAP_EXCEEDED', 'BUDGET_EXCEEDED', 'ACCOUNT_LIMIT', 'SESSION_LIMIT'],
  preferences: ['UNKNOWN_PAYEE', 'PREFERENCE_MALFORMED', 'PREFERENCE_LIMIT', 'IN_DEBT'],
  configurations: ['BAD_CONFIGURATION'],
  payouts: ['FOREIGN_ROOT', 'DUPLICATE_PAYEE', 'TOTAL_ABOVE_EARNED', 'FEE_ABOVE_CAP'],
  states: ['STATE_FORGED', 'STATE_FOREIGN', 'STATE_GAP', 'STATE_INCOMPLETE', 'BIRTH_REFUSED'],
  keys: ['NO_STATE_KEY', 'NO_UNWRAP_REQUEST', 'CIPHERTEXT_MALFORMED', 'CIPHERTEXT_FOREIGN', 'STATE_KEY_FOREIGN'],
} as const

export type RefusalCode = (typeof codes)[keyof typeof codes][number]

/** The closed list. */
export const refusalCodes: readonly RefusalCode[] = Object.values(codes).flat()

export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly code: RefusalCode
  readonly facts: Facts

  constructor(code: RefusalCode, message: string, facts: Facts = {}) {
    super(message)
    this.code = code
    this.facts = facts
  }
}

/** Throws a refusal. Facts are shown to whoever asked: never a secret among them. */
export function refuse(code: RefusalCode, message: string, facts: Facts = {}): never {
  throw new Refusal(code, message, facts)
}
