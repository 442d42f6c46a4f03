/** Load at a steady rate: each batch is due at its time, whatever became of the one before. */
import { createHistogram } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { ApiError } from '../client/index.ts'

const microsecondsPerMs = 1000

/** Sends the next batch of one reporter. @throws ApiError */
export type SendNext = (signal: AbortSignal) => Promise<void>

export interface LoadOrder {
  /** One for each reporter, whose batches go one after another. */
  readonly reporters: readonly SendNext[]
  /** Of all reporters together. */
  readonly batchesPerSecond: number
  readonly seconds: number
  readonly onProgress?: (load: Load) => void
}

export interface Load {
  readonly seconds: number
  readonly batches: number
  /** Answers that were no acknowledgement, by code. */
  readonly refused: Readonly<Record<string, number>>
  /**
   * Milliseconds from the moment at which a batch was due to its acknowledgement. A batch that had to wait for the one before
   * counts its wait: else a daemon that stands still for a second would show one slow batch, not a hundred.
   */
  readonly latencyMs: Readonly<Record<'p50' | 'p90' | 'p99' | 'p999' | 'max', number>>
}

/** Sends until the time is over or the signal aborts. */
export async function runLoad(order: LoadOrder, signal: AbortSignal): Promise<Load> {
  const { reporters, batchesPerSecond, seconds, onProgress } = order
  const histogram = createHistogram()
  const refused: Record<string, number> = {}
  const startMs = performance.now()
  const everyMs = (1000 * reporters.length) / batchesPerSecond
  const load = (): Load => ({
    seconds: (performance.now() - startMs) / 1000,
    batches: histogram.count,
    refused,
    latencyMs: quantiles(histogram),
  })

  async function send(next: SendNext, index: number): Promise<void> {
    const firstMs = startMs + (index * everyMs) / reporters.length
    for (let dueMs = firstMs; dueMs < startMs + 1000 * seconds; dueMs += everyMs) {
      await pause(Math.max(0, dueMs - performance.now()), undefined, { signal })
      try {
        await next(signal)
        histogram.record(Math.max(1, Math.round((performance.now() - dueMs) * microsecondsPerMs)))
      } catch (error) {
        if (!(error instanceof ApiError)) throw error
        refused[error.code] = (refused[error.code] ?? 0) + 1
      }
    }
  }

  const told = setInterval(() => onProgress?.(load()), 1000)
  try {
    await Promise.all(reporters.map(send))
  } catch (error) {
    if (!signal.aborted) throw error // who stops early wants to see what there is
  } finally {
    clearInterval(told)
  }
  return load()
}

function quantiles(histogram: ReturnType<typeof createHistogram>): Load['latencyMs'] {
  const at = (percent: number): number =>
    histogram.count === 0 ? 0 : histogram.percentile(percent) / microsecondsPerMs
  return { p50: at(50), p90: at(90), p99: at(99), p999: at(99.9), max: at(100) }
}
