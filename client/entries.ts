/**
 * What becomes a leaf of the log, as JSON: how it is sent over HTTP and kept in files. Chain and contract are named, so that
 * a stray one can be told what it is, not only that its signature does not fit.
 */
import { hex, list, object, struct, uint, type Value } from '../protocol/codec.ts'

const signature = hex(64)
const domain = { chainId: uint(64), verifyingContract: hex(20) }

/** A batch as its reporter sends it. */
export const signedBatch = object({ ...domain, batch: struct('Batch'), signature })

export type SentBatch = Value<typeof signedBatch>

/** What a payee says of how it wants to be paid. */
export const signedPreference = object({ ...domain, preference: struct('Preference'), signature })

export type SentPreference = Value<typeof signedPreference>

/** A configuration with the signatures of exactly the threshold of those in force. */
export const signedConfiguration = object({ configuration: struct('Configuration'), signatures: list(signature, 32) })
