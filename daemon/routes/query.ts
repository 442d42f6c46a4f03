/** What routes read out of a query. */
import { refuse } from '../../ledger/refusal.ts'

/** No place in the log or in the chain of commits is above it. */
export const placeMax = 2 ** 31 - 1

interface Bounds {
  readonly least: number
  readonly most: number
  /** Where the query does not say; absent: it must. */
  readonly otherwise?: number
}

/** A whole number. @throws Refusal `BAD_PARAMS` naming it */
export function readNumber(untrusted: unknown, path: string, { least, most, otherwise }: Bounds): number {
  if (untrusted === undefined && otherwise !== undefined) return otherwise
  const value = typeof untrusted === 'string' && /^[0-9]{1,10}$/.test(untrusted) ? Number(untrusted) : Number.NaN
  if (value >= least && value <= most) return value
  const expected = `${least} to ${most}`
  return refuse('BAD_PARAMS', `${path}: expected ${expected}`, { path, expected })
}

export interface Cursor {
  readonly blockNumber: number
  readonly position: number
}

/** The place of a chain event, as a text that clients hand back. */
export const writeCursor = ({ blockNumber, position }: Cursor): string => `${blockNumber}.${position}`

/** Undefined where the query has none. @throws Refusal `BAD_PARAMS` */
export function readCursor(untrusted: unknown, path: string): Cursor | undefined {
  if (untrusted === undefined) return undefined
  const match = typeof untrusted === 'string' ? /^([0-9]{1,12})\.([0-9]{1,8})$/.exec(untrusted) : null
  if (match) return { blockNumber: Number(match[1]), position: Number(match[2]) }
  return refuse('BAD_PARAMS', `${path}: expected the member next of an earlier answer`, { path, expected: 'a cursor' })
}
