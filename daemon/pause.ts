/** Waiting that ends at once when the daemon stops. */
import { setTimeout as sleep } from 'node:timers/promises'

/** Waits so many milliseconds. @throws the signal's reason when aborted */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  try {
    await sleep(ms, undefined, { signal })
  } catch (error) {
    signal.throwIfAborted()
    throw error
  }
}

/** Resolves when the signal aborts. */
export const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })

/** Pauses that double from `firstMs` up to `mostMs`, until `reset`. */
export function createBackoff(firstMs: number, mostMs: number) {
  let nextMs = firstMs
  return {
    async wait(signal: AbortSignal): Promise<void> {
      const ms = nextMs
      nextMs = Math.min(nextMs * 2, mostMs)
      await pause(ms, signal)
    },
    reset(): void {
      nextMs = firstMs
    },
  }
}
