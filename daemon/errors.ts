/** What can stop or delay the daemon. Refusals of the core are `Refusal` of `protocol/`; problems for HTTP are in `problem.ts`. */

/** The process must end. Exit code 1: starting again does not help; 75: it may. */
export class Fatal extends Error {
  override readonly name = 'Fatal'
  readonly exitCode: 1 | 75

  constructor(message: string, exitCode: 1 | 75, options?: ErrorOptions) {
    super(message, options)
    this.exitCode = exitCode
  }
}

/** The connection to the core is gone. Whether a request that was under way took effect is not known. */
export class CoreLost extends Error {
  override readonly name = 'CoreLost'
  readonly outcome: 'unknown' | 'not_sent'

  constructor(message: string, outcome: 'unknown' | 'not_sent', options?: ErrorOptions) {
    super(message, options)
    this.outcome = outcome
  }
}

/** The daemon cannot do this now: bring-up is under way, or the head is another boot's. */
export class NotOpen extends Error {
  override readonly name = 'NotOpen'
  readonly state: string

  constructor(state: string) {
    super(`the ledger is not open yet: ${state}`)
    this.state = state
  }
}

/** Text of anything thrown, for logs and problems. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
