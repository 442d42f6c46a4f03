/** One after the other: whoever asks the core for a record keeps its turn until that record is stored. */

export interface Turns {
  /** Runs `work` after all that asked before. A failure is the caller's alone. */
  run<T>(work: () => Promise<T>): Promise<T>
}

export function createTurns(): Turns {
  let tail: Promise<unknown> = Promise.resolve()
  return {
    run(work) {
      const result = tail.then(work)
      tail = result.catch(() => undefined) // the caller has the failure; the next in turn has no part in it
      return result
    },
  }
}
