/** Where `bursar report` leaves each receipt for `bursar verify` and `bursar evidence`: a file for each batch, by its sequence. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Receipt, SentBatch } from '../client/index.ts'
import { receiptFile } from '../client/receiptFile.ts'
import { Fault } from './fault.ts'

export type KeepReceipt = (batch: SentBatch, receipt: Receipt) => void

/** A receipt that is kept twice is the same file: a batch that was not acknowledged before a crash is sent again. */
export const keepReceiptsIn =
  (folder: string): KeepReceipt =>
  (batch, receipt) => {
    try {
      mkdirSync(folder, { recursive: true })
      writeFileSync(join(folder, `${batch.batch.sequence}.json`), JSON.stringify(receiptFile.write({ batch, receipt })))
    } catch (cause) {
      throw new Fault('RECEIPTS_UNWRITABLE', `a receipt cannot be written: ${(cause as Error).message}`, {
        next: 'name a folder on a disk with room with --receipts, then run again with the same input: nothing is lost',
        exitCode: 75,
        cause,
      })
    }
  }
