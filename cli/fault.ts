/** What ends a command: a code, what was wrong, and what to do next. Never a stack, never a secret. */
export class Fault extends Error {
  override readonly name = 'Fault'
  readonly code: string
  readonly next: string
  /** 1: running it again does not help; 2: the input or the options are wrong; 75: running it again may help. */
  readonly exitCode: 1 | 2 | 75

  constructor(code: string, message: string, options: { next: string; exitCode?: 1 | 2 | 75; cause?: unknown }) {
    super(message, { cause: options.cause })
    this.code = code
    this.next = options.next
    this.exitCode = options.exitCode ?? 1
  }
}

/** What a person who meets a fault can answer with `--accept CODE`. */
export const acceptableCodes = ['INPUT_CHANGED', 'STATE_LOST', 'BATCHES_LOST', 'CORE_CHANGED'] as const
export type AcceptableCode = (typeof acceptableCodes)[number]
