/** The one error of the HTTP client. */
import type { Facts } from '../ledger/refusal.ts'

/**
 * A request that did not succeed. `code` is the refusal's where the daemon gave one (`ledger/refusal.ts`, or its own),
 * otherwise one of the client's: `UNREACHABLE`, `TIMEOUT`, `HTTP_ERROR` (no problem document) or `BAD_ANSWER`.
 */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly code: string
  /** HTTP status; 0 where no answer came. */
  readonly status: number
  readonly facts: Facts

  constructor(code: string, message: string, options: { status?: number; facts?: Facts; cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.code = code
    this.status = options.status ?? 0
    this.facts = options.facts ?? {}
  }

  /** Whether the same request may succeed later, unchanged: nobody answered, the request came too slowly (a machine that was held up), or the other side is not able now. */
  get isTemporary(): boolean {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500
  }
}

/** Reads a problem document (RFC 9457) with the members `code` and `facts`; anything else is told by its status alone. */
export function toApiError(status: number, untrusted: unknown): ApiError {
  if (typeof untrusted !== 'object' || untrusted === null) return withoutDocument(status)
  const { code, detail, title, facts } = untrusted as Record<string, unknown>
  if (typeof code !== 'string') return withoutDocument(status)
  const sentence = [detail, title].find((text) => typeof text === 'string') ?? code
  return new ApiError(code, sentence as string, { status, facts: readFacts(facts) })
}

const withoutDocument = (status: number): ApiError =>
  new ApiError('HTTP_ERROR', `the server answered ${status}`, { status })

/** Keeps what is a string or a number: facts are shown to people. */
function readFacts(untrusted: unknown): Facts {
  if (typeof untrusted !== 'object' || untrusted === null) return {}
  const entries = Object.entries(untrusted).filter(
    ([, value]) => typeof value === 'string' || typeof value === 'number',
  )
  return Object.fromEntries(entries)
}
