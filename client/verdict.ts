/** How a check can fail: a lie is proved, or the check could not be made. The two never pass for each other. */
import type { Facts } from '../ledger/refusal.ts'

/** What was claimed is false, by what the check rests on. Facts are what shows it. */
export class ProvedLie extends Error {
  override readonly name = 'ProvedLie'
  readonly code: string
  readonly facts: Facts

  constructor(code: string, message: string, facts: Facts = {}) {
    super(message)
    this.code = code
    this.facts = facts
  }
}

/** Something that the check needs is missing, or whoever should give it does not answer. Says nothing about the truth. */
export class NotChecked extends Error {
  override readonly name = 'NotChecked'
  readonly code: string
  readonly facts: Facts

  constructor(code: string, message: string, options: { readonly facts?: Facts; readonly cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.code = code
    this.facts = options.facts ?? {}
  }
}
