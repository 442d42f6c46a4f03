/** A receipt as a reporter keeps it: with the batch that it is for, without which it proves nothing. */
import { object } from '../protocol/codec.ts'
import { signedBatch } from '../protocol/messages.ts'
import { receipt } from './api.ts'

export const receiptFile = object({ batch: signedBatch, receipt })
