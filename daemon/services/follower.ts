/** Keeps mirror and books up with a store that another process writes: for the public reads, and to be ready to lead. */
import type { Logger } from 'pino'
import { createComplaints } from '../complaints.ts'
import { Fatal } from '../errors.ts'
import { pause } from '../pause.ts'
import type { Leadership } from '../store/store.ts'
import type { Books } from './books.ts'
import type { Mirror } from './mirror.ts'

export interface FollowerOptions {
  readonly mirror: Pick<Mirror, 'catchUp'>
  readonly books: Pick<Books, 'catchUp'>
  readonly pollMs: number
  readonly log: Logger
}

/** Follows until this process leads, and has all that was written before. @throws Fatal 1, or the signal's reason */
export async function followUntil(
  leading: Promise<Leadership>,
  { mirror, books, pollMs, log }: FollowerOptions,
  signal: AbortSignal,
): Promise<Leadership> {
  const complain = createComplaints(log)
  const leads = leading.then(() => true)
  leads.catch(() => undefined) // it is asked for below, unless something else ends this first
  for (;;) {
    try {
      // In this order: no commit pays for an entry that is not stored, so the mirror has all that the books know of.
      await books.catchUp()
      await mirror.catchUp()
    } catch (error) {
      if (error instanceof Fatal) throw error
      complain('cannot read the store', error)
    }
    if (await Promise.race([leads, pause(pollMs, signal).then(() => false)])) break
  }
  // Since the fence nobody else writes: what is read now is all there is.
  await mirror.catchUp()
  await books.catchUp()
  return leading
}
