/** Reporters who send as fast as they are answered, each one batch at a time: its batches are numbered. */
import { signedBatch } from '../client/entries.ts'
import { entryLeaf } from '../ledger/entry.ts'
import type { BatchSource } from './ledger.ts'

/** The same as JSON, for who reads nothing else. */
export const makeJson = (source: BatchSource, eachOf: number): readonly (readonly string[])[] =>
  Array.from({ length: source.reporters }, (_, reporter) =>
    Array.from({ length: eachOf }, () => JSON.stringify(signedBatch.write(source.next(reporter)))),
  )

/** The bodies that each reporter sends, as the SDK sends them, made before the clock runs. */
export const makeBodies = (source: BatchSource, eachOf: number): readonly (readonly Uint8Array[])[] =>
  Array.from({ length: source.reporters }, (_, reporter) =>
    Array.from({ length: eachOf }, () => entryLeaf(source.next(reporter))),
  )

/** Sends all. @returns the latency of each, ms */
export async function sendAll<Body extends Uint8Array | string>(
  bodies: readonly (readonly Body[])[],
  post: (body: Body) => Promise<void>,
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
