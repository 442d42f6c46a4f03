/** Errors as clients see them: RFC 9457 problem documents with a code and facts. What is not listed here is ours, and stays here. */
import { type Facts, Refusal, type RefusalCode } from '../ledger/refusal.ts'
import { CoreLost, NotOpen } from './errors.ts'
import { QueueFull } from './services/ingest.ts'
import { storeErrorOf } from './store/database.ts'

/** The HTTP status of every refusal; one that is forgotten does not compile. */
const statusOfRefusal = {
  BAD_CONFIGURATION: 422,
  BAD_SIGNATURE: 403,
  UNKNOWN_REPORTER: 403,
  REPORTER_CLOSED: 403,
  PREFERENCE_MALFORMED: 422,
  PREFERENCE_LIMIT: 422,
  IN_DEBT: 409,
  WRONG_VERSION: 409,
  WRONG_SIGNERS: 403,
  SEQUENCE_GAP: 409,
  SEQUENCE_REPEAT: 409,
  BATCH_TOO_LARGE: 422,
  KIND_UNKNOWN: 422,
  KIND_NOT_ALLOWED: 422,
  TARIFF_UNKNOWN: 422,
  TARIFF_NOT_ALLOWED: 422,
  EVENT_MALFORMED: 422,
  PAYEE_REFUSED: 422,
  AMOUNT_TOO_LARGE: 422,
  PAYEE_CAP_EXCEEDED: 422,
  BATCH_CAP_EXCEEDED: 422,
  BUDGET_EXCEEDED: 422,
  ACCOUNT_LIMIT: 422,
  SESSION_LIMIT: 422,
  MALFORMED_FRAME: 400,
  FRAME_TOO_LARGE: 413,
  UNKNOWN_METHOD: 400,
  BAD_PARAMS: 400,
  WRONG_PHASE: 503,
  HALTED: 503,
  FOREIGN_ROOT: 503,
  TOTAL_ABOVE_EARNED: 503,
  UNKNOWN_PAYEE: 503,
  DUPLICATE_PAYEE: 503,
  FEE_ABOVE_CAP: 503,
  NOT_OWN_SIGNATURE: 503,
  STATE_FOREIGN: 503,
  STATE_FORGED: 503,
  STATE_GAP: 503,
  STATE_INCOMPLETE: 503,
  NO_STATE_KEY: 503,
  NO_UNWRAP_REQUEST: 503,
  CIPHERTEXT_MALFORMED: 503,
  CIPHERTEXT_FOREIGN: 503,
  STATE_KEY_FOREIGN: 503,
  BIRTH_REFUSED: 503,
} as const satisfies Record<RefusalCode, number>

/** What the daemon itself says no to. */
const statusOfProblem = {
  UNAUTHORIZED: 401,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  BODY_TOO_LARGE: 413,
  NOT_JSON: 415,
  MALFORMED_JSON: 400,
  WRONG_CHAIN: 422,
  WRONG_CONTRACT: 422,
  TOO_MANY_REQUESTS: 429,
  NOT_OPEN: 503,
  BUSY: 503,
  CORE_LOST: 503,
  STORE_FAILED: 503,
  INTERNAL: 500,
} as const

export type ProblemCode = keyof typeof statusOfProblem | RefusalCode

const statusOf: Readonly<Record<ProblemCode, number>> = { ...statusOfProblem, ...statusOfRefusal }

/** Every code that a client can meet. */
export const problemCodes = Object.keys(statusOf)

/** A problem on its way to a client. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly code: ProblemCode
  readonly facts: Facts
  readonly status: number
  /** For the header `Retry-After`, seconds. */
  readonly retryAfterSeconds: number | undefined

  constructor(code: ProblemCode, message: string, facts: Facts = {}, retryAfterSeconds?: number) {
    super(message)
    this.code = code
    this.facts = facts
    this.status = statusOf[code]
    this.retryAfterSeconds = retryAfterSeconds ?? (this.status === 503 || this.status === 429 ? 1 : undefined)
  }

  /** The document of RFC 9457. */
  toJSON() {
    const { status, message: detail, code, facts } = this
    return { type: 'about:blank', title: code.toLowerCase().replaceAll('_', ' '), status, detail, code, facts }
  }
}

/** What a client hears of an error. Only what is meant for it: anything else becomes `INTERNAL` without details. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error
  if (error instanceof Refusal) return new Problem(error.code, error.message, error.facts)
  if (error instanceof NotOpen) return new Problem('NOT_OPEN', error.message, { state: error.state })
  if (error instanceof QueueFull) return new Problem('BUSY', error.message)
  if (error instanceof CoreLost)
    return new Problem('CORE_LOST', 'the core went away: send it again to learn what became of it', {
      outcome: error.outcome,
    })
  const failure = storeErrorOf(error)
  if (failure)
    return new Problem('STORE_FAILED', 'it could not be made durable: send it again to learn what became of it', {
      reason: failure.code,
    })
  return new Problem('INTERNAL', 'something went wrong here')
}
