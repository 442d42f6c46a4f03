/** Who failed lately waits longer each time: a payment that fails costs the gas of a payment. */
import type { Hex } from '../../ledger/hex.ts'
import type { PayeeBook } from './books.ts'

/** However often it failed, a payee is tried again after so many plans. */
const skippedMax = 63

interface Wait {
  /** The commit whose failure this wait is for. */
  readonly failedAt: bigint
  readonly failures: number
  left: number
}

export interface Patience {
  /** Whether this payee may be tried in this plan; to be asked once a plan. Skips 1, 3, 7 ... plans after each failure in a row. */
  mayTry(payee: Hex, book: Readonly<PayeeBook> | undefined): boolean
  /** What `mayTry` would say, without counting as a plan. */
  wouldTry(payee: Hex, book: Readonly<PayeeBook> | undefined): boolean
}

export function createPatience(): Patience {
  const waits = new Map<Hex, Wait>()
  return {
    wouldTry: (payee, book) => book?.failure === undefined || waitFor(waits.get(payee), book.lastTried).left <= 0,
    mayTry(payee, book) {
      if (book?.failure === undefined) {
        waits.delete(payee)
        return true
      }
      const wait = waitFor(waits.get(payee), book.lastTried)
      waits.set(payee, wait)
      return wait.left-- <= 0
    },
  }
}

function waitFor(known: Wait | undefined, failedAt: bigint): Wait {
  if (known?.failedAt === failedAt) return known
  const failures = (known?.failures ?? 0) + 1
  return { failedAt, failures, left: Math.min(2 ** failures - 1, skippedMax) }
}
