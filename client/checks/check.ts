/** One check as it is shown: what was checked, what the answer rests on, and how it came out. */
import { Rejection } from '../../attestation/rejection.ts'
import { type Facts, Refusal } from '../../ledger/refusal.ts'
import { ApiError } from '../apiError.ts'
import { NotChecked, ProvedLie } from '../verdict.ts'

export const checkIds = [
  'chain',
  'contract',
  'head',
  'log',
  'memory',
  'configuration',
  'attestation',
  'birth',
  'boot',
  'account',
  'preference',
  'receipt',
] as const
export type CheckId = (typeof checkIds)[number]

export interface Check {
  readonly id: CheckId
  /** `lie`: what the daemon claims is proved false. `unknown`: it could not be checked; that is no proof of anything. */
  readonly verdict: 'holds' | 'lie' | 'unknown'
  /** Why it does not hold; null where it does. */
  readonly code: string | null
  /** What was found, in a sentence. */
  readonly said: string
  readonly restsOn: string
  readonly facts: Facts
}

export interface Finding {
  readonly said: string
  readonly facts?: Facts
}

/** Makes a check of some work that returns what it found, or throws why not. Whatever is no verdict of ours is a fault of ours, and thrown. */
export async function runCheck(id: CheckId, restsOn: string, work: () => Promise<Finding>): Promise<Check> {
  try {
    const { said, facts = {} } = await work()
    return { id, verdict: 'holds', code: null, said, restsOn, facts }
  } catch (error) {
    return { id, restsOn, ...explain(error) }
  }
}

function explain(error: unknown): Omit<Check, 'id' | 'restsOn'> {
  if (error instanceof ProvedLie) return { ...words(error), verdict: 'lie' }
  if (error instanceof NotChecked) return { ...words(error), verdict: 'unknown' }
  // An answer that cannot be read proves nothing: it may be a proxy's, or another version's.
  if (error instanceof ApiError) return { ...words(error), verdict: 'unknown' }
  if (error instanceof Rejection || error instanceof Refusal)
    return { verdict: 'unknown', code: error.code, said: error.message, facts: {} }
  throw error
}

const words = ({ code, message, facts }: ProvedLie | NotChecked | ApiError) => ({ code, said: message, facts })

/** The worst of all: a lie before what could not be checked before what holds. */
export function verdictOf(checks: readonly Check[]): Check['verdict'] {
  if (checks.some(({ verdict }) => verdict === 'lie')) return 'lie'
  return checks.some(({ verdict }) => verdict === 'unknown') ? 'unknown' : 'holds'
}
