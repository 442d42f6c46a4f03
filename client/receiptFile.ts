/** A receipt as a reporter keeps it: with the batch that it is for, without which it proves nothing. */
import { object } from '../protocol/codec.ts'
import { receipt } from './api.ts'
import { signedBatch } from './entries.ts'

export const receiptFile = object({ batch: signedBatch, receipt })
