/** Waiting for what other processes do: by asking, never by guessing how long it takes. */
import { setTimeout as delay } from 'node:timers/promises'

const pollMs = 50

export interface Wait {
  /** What is waited for, in the words of the error when it does not come. */
  readonly what: string
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/** What `ask` answers once it is not undefined. What it throws counts as no answer yet. @throws Error when the time is up, or the signal's reason */
export async function waitFor<T>({ what, timeoutMs, signal }: Wait, ask: () => Promise<T | undefined>): Promise<T> {
  const end = performance.now() + timeoutMs
  let last: unknown
  while (performance.now() < end) {
    signal.throwIfAborted()
    try {
      const answer = await ask()
      if (answer !== undefined) return answer
    } catch (error) {
      last = error
    }
    await delay(pollMs, undefined, { signal }).catch(() => signal.throwIfAborted())
  }
  throw new Error(`${what}: waited ${timeoutMs / 1000} s in vain`, { cause: last })
}
