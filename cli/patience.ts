/** Asks until there is an answer: a daemon that is away or busy is waited for, with growing pauses and one line about it. */
import { ApiError } from '../client/index.ts'
import { createBackoff } from '../daemon/pause.ts'

const [firstPauseMs, longestPauseMs] = [200, 30_000]

export type Patience = ReturnType<typeof createPatience>

export function createPatience({ notice }: { notice: (text: string) => void }) {
  let isAway = false

  return {
    /** The answer, or the error that another attempt would not change. @throws ApiError; the signal's reason */
    async ask<T>(question: () => Promise<T>, signal: AbortSignal): Promise<T> {
      const backoff = createBackoff(firstPauseMs, longestPauseMs)
      for (;;) {
        try {
          const answer = await question()
          if (isAway) notice('the daemon answers again')
          isAway = false
          return answer
        } catch (error) {
          if (!(error instanceof ApiError) || !error.isTemporary) throw error
          if (!isAway) notice(`waiting for the daemon: ${error.message} (${error.code}); nothing is lost meanwhile`)
          isAway = true
          await backoff.wait(signal)
        }
      }
    },
  }
}
