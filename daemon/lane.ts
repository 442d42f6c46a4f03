/** One after the other: whoever asks the core for a record holds the lane until that record is stored. */

export interface Lane {
  /** Runs `work` after all that asked before. A failure is the caller's alone. */
  run<T>(work: () => Promise<T>): Promise<T>
}

export function createLane(): Lane {
  let tail: Promise<unknown> = Promise.resolve()
  return {
    run(work) {
      const result = tail.then(work)
      tail = result.catch(() => undefined) // the caller has the failure; the next in the lane has no part in it
      return result
    },
  }
}
