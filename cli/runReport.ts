/**
 * Reads usage, keeps it as signed batches, brings them to the daemon. Each batch is on disk before it is first sent, so a
 * crash of either side at any point loses nothing and counts nothing twice: the sequence in the ledger settles the rest.
 */

import { signBatch } from '../client/batch.ts'
import { ApiError, createClient } from '../client/index.ts'
import { cutBatches } from './batchCutter.ts'
import { createDelivery } from './delivery.ts'
import { type AcceptableCode, Fault } from './fault.ts'
import { shakeHands } from './handshake.ts'
import { createInputReader } from './inputPlace.ts'
import type { Key } from './keyFile.ts'
import { readLines } from './lines.ts'
import { type Outbox, openOutbox } from './outbox.ts'
import { createPatience } from './patience.ts'
import type { Progress } from './progress.ts'
import type { KeepReceipt } from './receiptFolder.ts'

export interface ReportOptions {
  readonly key: Key
  readonly url: string
  readonly statePath: string
  readonly input: AsyncIterable<Uint8Array>
  readonly eventsMax: number
  readonly flushMs: number
  readonly isSkipping: boolean
  readonly accepted: readonly AcceptableCode[]
  readonly progress: Progress
  /** Told of each receipt before it is acknowledged in the state. */
  readonly keep?: KeepReceipt
}

/** Returns when all input is acknowledged, or when the signal came and the batch in flight is. @throws Fault */
export async function runReport(options: ReportOptions, signal: AbortSignal): Promise<void> {
  const outbox = openOutbox(options.statePath, options.key.address)
  try {
    await reportAll(options, outbox, signal)
  } catch (error) {
    throw signal.aborted && error === signal.reason ? interrupted() : toFault(error, options.url)
  } finally {
    outbox.close()
  }
}

async function reportAll(options: ReportOptions, outbox: Outbox, signal: AbortSignal): Promise<void> {
  const { key, progress, eventsMax, flushMs } = options
  const client = createClient({ url: options.url })
  const patience = createPatience({ notice: progress.notice })
  const isAccepted = (code: AcceptableCode): boolean => options.accepted.includes(code)
  const skip = options.isSkipping ? progress.skipped : undefined

  const pins = await shakeHands({ client, outbox, reporter: key.address, patience, isAccepted, signal })
  const delivery = createDelivery({
    client,
    outbox,
    pins,
    secretKey: key.secretKey,
    patience,
    keep: options.keep,
    onDelivered: progress.delivered,
    skip,
  })
  await delivery.deliverAll(signal)
  await forgetCovered()

  const input = createInputReader({ find: outbox.findInput, isAccepted })
  const lines = readLines(options.input)
  let batches = 0
  for await (const { events, place } of cutBatches({ lines, input, eventsMax, flushMs, skip, signal })) {
    outbox.add(signBatch({ ...pins, secretKey: key.secretKey, sequence: outbox.nextSequence(), events }), place)
    await delivery.deliverAll(signal)
    batches++
    if (batches % 64 === 0) await forgetCovered()
  }

  /** Coverage is the daemon's word: at worst a lie makes this reporter forget what the receipts still prove. */
  async function forgetCovered(): Promise<void> {
    const { anchored } = await patience.ask(() => client.ledgerHead(), signal)
    if (anchored) outbox.forgetCovered(anchored.commitment.logSize)
  }
}

const interrupted = (): Fault =>
  new Fault('INTERRUPTED', 'stopped before everything was acknowledged', {
    next: 'run again with the same key, state and input: what is stored is sent first',
    exitCode: 75,
  })

function toFault(error: unknown, url: string): unknown {
  if (error instanceof ApiError)
    return new Fault(error.code, `${url}: ${error.message}`, {
      next: 'check that --url is the address of a Bursar daemon of this version',
      cause: error,
    })
  if (error instanceof Error && 'code' in error && error.code === 'ERR_SQLITE_ERROR')
    return new Fault('STATE_UNWRITABLE', `the state cannot be written: ${error.message}`, {
      next: 'make room on its disk, then run again with the same input: what was stored is safe, and nothing else was sent',
      exitCode: 75,
      cause: error,
    })
  return error
}
