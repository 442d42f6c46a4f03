/** Batches from the reporter's side: signed here, recognised in the log by their leaf hash. */
import { publicKeyOf } from '#primitives'
import { entryLeaf, type SignedBatch } from '../ledger/entry.ts'
import { leafHash } from '../ledger/eventLog.ts'
import type { Hex } from '../ledger/hex.ts'
import { addressOf, signHash } from '../ledger/signature.ts'
import type { Event } from '../ledger/structs.ts'
import { type Domain, digest } from '../ledger/typedData.ts'
import type { SentBatch } from './entries.ts'

export interface BatchToSign {
  /** Chain and contract, as `status` names them; a reporter pins them at its first batch. */
  readonly domain: Domain
  /** The reporter's key, 32 bytes. */
  readonly secretKey: Uint8Array
  readonly sequence: bigint
  readonly events: readonly Event[]
}

/** The Ethereum address of a secret key of 32 bytes. */
export const addressOfKey = (secretKey: Uint8Array): Hex => addressOf(publicKeyOf(secretKey))

/** Signs a batch; the same input gives the same bytes, so a lost one can be made again. @throws RangeError: a value does not fit its type */
export function signBatch({ domain, secretKey, sequence, events }: BatchToSign): SentBatch {
  const batch = { reporter: addressOfKey(secretKey), sequence, events }
  return { ...domain, batch, signature: signHash(digest(domain, 'Batch', batch), secretKey) }
}

/** What a receipt proves to be in the log, for `verifyReceipt`. */
export const batchLeafHash = (batch: SignedBatch): Uint8Array => leafHash(entryLeaf(batch))
