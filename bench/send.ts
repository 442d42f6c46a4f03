/** Reporters who send as fast as they are answered, each one batch at a time: its batches are numbered. */
import { signedBatch } from '../protocol/messages.ts'
import type { BatchSource } from './ledger.ts'

/** The bodies that each reporter sends, made before the clock runs. */
export const makeBodies = (source: BatchSource, eachOf: number): readonly (readonly string[])[] =>
  Array.from({ length: source.reporters }, (_, reporter) =>
    Array.from({ length: eachOf }, () => JSON.stringify(signedBatch.write(source.next(reporter)))),
  )

/** Sends all. @returns the latency of each, ms */
export async function sendAll(
  bodies: readonly (readonly string[])[],
  post: (body: string) => Promise<void>,
): Promise<readonly number[]> {
  const latencies: number[] = []
  await Promise.all(
    bodies.map(async (own) => {
      for (const body of own) {
        const startMs = performance.now()
        await post(body)
        latencies.push(performance.now() - startMs)
      }
    }),
  )
  return latencies
}
