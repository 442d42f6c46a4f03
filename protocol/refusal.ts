/** Every code with which the core can refuse, in one closed list. */
import { type Facts, ledgerRefusalCodes, Refusal } from '../ledger/refusal.ts'

export const refusalCodes = [
  ...ledgerRefusalCodes,
  // The wire.
  'MALFORMED_FRAME',
  'FRAME_TOO_LARGE',
  'UNKNOWN_METHOD',
  'BAD_PARAMS',
  // The core.
  'WRONG_PHASE',
  'HALTED',
  'FOREIGN_ROOT',
  'TOTAL_ABOVE_EARNED',
  'DUPLICATE_PAYEE',
  'FEE_ABOVE_CAP',
  'NOT_OWN_SIGNATURE',
  'STATE_FOREIGN',
  'STATE_FORGED',
  'STATE_GAP',
  'STATE_INCOMPLETE',
  'NO_STATE_KEY',
  'NO_UNWRAP_REQUEST',
  'CIPHERTEXT_MALFORMED',
  'CIPHERTEXT_FOREIGN',
  'STATE_KEY_FOREIGN',
  'BIRTH_REFUSED',
] as const

export type RefusalCode = (typeof refusalCodes)[number]

export type { Facts }
export { Refusal }

/** Throws a refusal. Facts are shown to whoever asked: never a secret among them. */
export function refuse(code: RefusalCode, message: string, facts: Facts = {}): never {
  throw new Refusal(code, message, facts)
}

export const isRefusalCode = (code: string): code is RefusalCode => (refusalCodes as readonly string[]).includes(code)
