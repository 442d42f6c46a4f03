import { Fatal, messageOf } from './errors.ts'
import { OutOfStep } from './store/sealedHeader.ts'

/**
 * Waits for a write to the store. Without it nothing may be acknowledged or sent: the process ends, and the next one
 * begins from what is on disk. A record that is out of step was not written, and is the caller's to heal.
 *
 * @throws Fatal 75, OutOfStep
 */
export async function durably<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (error instanceof OutOfStep) throw error
    throw new Fatal(`the store failed: ${messageOf(error)}`, 75, { cause: error })
  }
}
