/** What the doctor found: each line is well, or says the next step. */
import { stripCredentials } from '../../daemon/log.ts'

export interface Finding {
  readonly name: string
  /** `warn`: it works, and will not for ever. */
  readonly verdict: 'ok' | 'warn' | 'fail'
  readonly said: string
  /** What to do; absent where all is well. */
  readonly next?: string
}

export const ok = (name: string, said: string): Finding => ({ name, verdict: 'ok', said })
export const warn = (name: string, said: string, next: string): Finding => ({ name, verdict: 'warn', said, next })
export const fail = (name: string, said: string, next: string): Finding => ({ name, verdict: 'fail', said, next })

/** A check that could not be made is a finding too. */
export async function found(name: string, next: string, check: () => Promise<Finding>): Promise<Finding> {
  try {
    return await check()
  } catch (error) {
    return fail(name, messageOf(error), next)
  }
}

/** The first line says what went wrong; viem's others name the URL, and it can hold a key. */
export const messageOf = (error: unknown): string =>
  stripCredentials((error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '')
