/** Signed batches: how one is read off the wire, authenticated, and written into the log. */

import { leafHash } from './eventLog.ts'
import { concat, type Hex } from './hex.ts'
import { refuse } from './refusal.ts'
import { recoverAddress } from './signature.ts'
import type { Batch, Configuration } from './structs.ts'
import { abiEncode, type Domain, digest, typeHash } from './typedData.ts'

/** A batch as it is sent. Chain and contract are named so that a stray one can be told what it is, not only that it does not fit. */
export interface SignedBatch extends Domain {
  readonly batch: Batch
  /** EIP-712 signature by `batch.reporter`, 64 bytes (EIP-2098). */
  readonly signature: Hex
}

declare const authentic: unique symbol

/** A batch whose signature was checked, here or before it was sealed. Made only by the two functions below. */
export interface AuthenticBatch extends SignedBatch {
  readonly leafHash: Uint8Array
  readonly [authentic]: true
}

/** Bytes of a batch in the log: the type hash, then `abi.encode(batch, signature)`. */
export const batchLeaf = ({ batch, signature }: SignedBatch): Uint8Array =>
  concat(typeHash('Batch'), abiEncode(['Batch', 'bytes'], [batch, signature]))

/** Bytes of a configuration in the log: the type hash, then `abi.encode(configuration)`. */
export const configurationLeaf = (configuration: Configuration): Uint8Array =>
  concat(typeHash('Configuration'), abiEncode(['Configuration'], [configuration]))

/** @throws Refusal `WRONG_CHAIN`, `WRONG_CONTRACT`, `BAD_SIGNATURE` */
export function authenticate(domain: Domain, untrusted: SignedBatch): AuthenticBatch {
  if (untrusted.chainId !== domain.chainId)
    refuse('WRONG_CHAIN', 'the batch is for another chain', {
      expected: `${domain.chainId}`,
      got: `${untrusted.chainId}`,
    })
  if (untrusted.verifyingContract !== domain.verifyingContract)
    refuse('WRONG_CONTRACT', 'the batch is for another contract', {
      expected: domain.verifyingContract,
      got: untrusted.verifyingContract,
    })
  const signer = recoverAddress(digest(domain, 'Batch', untrusted.batch), untrusted.signature)
  if (signer !== untrusted.batch.reporter)
    refuse('BAD_SIGNATURE', 'the batch is not signed by its reporter for this chain and contract', {
      reporter: untrusted.batch.reporter,
    })
  return fromSealed(untrusted)
}

/** Takes a batch as authentic because it comes out of a record that this core sealed after checking it. */
export const fromSealed = (batch: SignedBatch): AuthenticBatch =>
  ({ ...batch, leafHash: leafHash(batchLeaf(batch)) }) as AuthenticBatch
