/** Says at every turn of a loop what is wrong, but loudly only when it is news. */
import type { Logger } from 'pino'
import { messageOf } from './errors.ts'

export type Complain = (what: string, error: unknown, facts?: Readonly<Record<string, unknown>>) => void

/** A warning for the first of many equal complaints, the others at level debug. */
export function createComplaints(log: Logger): Complain {
  const last = new Map<string, string>()
  return (what, error, facts = {}) => {
    const reason = messageOf(error)
    const isNews = last.get(what) !== reason
    last.set(what, reason)
    log[isNews ? 'warn' : 'debug']({ ...facts, reason }, what)
  }
}
