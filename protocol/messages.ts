/**
 * What crosses the wall: the closed list of requests and their replies. `docs/PROTOCOL.md` explains each.
 * Everything that the host sends is a claim; what the core makes of each claim is in `enclave/`.
 */
import { refusalCodes } from '../ledger/refusal.ts'
import {
  base64,
  blob,
  bool,
  bytes,
  type Codec,
  count,
  facts,
  hex,
  int,
  list,
  nullable,
  object,
  oneOf,
  struct,
  text,
  uint,
  type Value,
} from './codec.ts'

export const entriesPerRequestMax = 256
/** Of all entries of a request: a record of them must be a sealed thing that can be loaded again. */
export const entriesBytesMax = 2 * 1024 * 1024
export const paymentsPerCommitMax = 500
export const sealedBytesMax = 4 * 1024 * 1024
/** Of an entry as it is in the log. */
export const entryBytesMax = 1024 * 1024
/** Of an attestation document. */
export const documentBytesMax = 16_384
export const kmsKeysMax = 8

const signature = hex(64)
const hash = hex(32)
const address = hex(20)

export const signedLogHead = object({
  epoch: uint(64),
  boot: hash,
  size: uint(64),
  root: hash,
  signature,
})

/** Why an entry or a request was refused. */
export const problem = object({
  code: oneOf(...refusalCodes),
  message: text(500),
  facts,
})

/** What became of one entry of a request; members that do not apply are null. */
export const entryResult = object({
  status: oneOf('accepted', 'already_accepted', 'refused'),
  position: nullable(count),
  odd: list(object({ index: int(1000), reason: text(64) }), 1000),
  problem: nullable(problem),
})

/**
 * The head of the contract as the host tells it, with the proof that it is this core's own: the commit that made it with
 * this core's signature, and an RFC 6962 consistency proof from its log to the present one. Before the first commit
 * counter and root are zero and there is nothing to prove.
 */
export const headProof = object({
  epoch: uint(63), // and counter: below 2^63, so that the one after it is a number too
  boot: hash,
  counter: uint(63),
  root: hash,
  made: nullable(object({ commit: struct('Commit'), signature })),
  consistency: list(hash, 64),
})

/**
 * The state key for the holder of one KMS key; it may lie in the open. SPKI DER of the KMS key as the configuration has it
 * and of the other side of the agreement, with which KMS is asked.
 */
export const wrappedKey = object({ kmsKey: bytes(256), ephemeralKey: bytes(256), sealed: bytes(64) })

/** What the host wishes of a transaction; caps are in the configuration. */
export const transactionHints = object({
  nonce: uint(64),
  gas: uint(64),
  maxFeePerGas: uint(96),
  maxPriorityFeePerGas: uint(96),
})

/** A sealed record, and the raw EIP-1559 transaction that the core signed. */
const record = blob(sealedBytesMax)
const transaction = bytes(256 * 1024)

export const phases = ['empty', 'closed', 'open', 'halted'] as const
export type Phase = (typeof phases)[number]

const document = base64(documentBytesMax)
const wrappedKeys = list(wrappedKey, kmsKeysMax)

const none = object({})

export const methods = {
  status: {
    params: none,
    result: object({
      phase: oneOf(...phases),
      version: text(32),
      address: nullable(address),
      configHash: nullable(hash),
      epoch: uint(64),
      boot: hash,
      counter: uint(64),
      ledgerRoot: hash,
      anchored: object({ counter: uint(64), root: hash }),
      logSize: uint(64),
      logRoot: hash,
      record: object({ number: uint(64), hash }),
      warnings: list(text(200), 16),
    }),
  },
  attestation: {
    params: object({ nonce: nullable(bytes(512)) }),
    result: object({ documentB64: document, birthB64: document }),
  },
  genesis: {
    params: object({
      configuration: struct('Configuration'),
      logBegins: nullable(struct('Configuration')), // first entry of the log to go on with; null begins a new one
    }),
    result: object({
      address,
      configHash: hash,
      birthB64: document,
      wrappedKeys, // kept beside the sealed state; empty where the configuration names no KMS key
      sealed: list(blob(sealedBytesMax), 64),
    }),
  },
  unwrap_request: {
    params: none,
    result: object({ documentB64: document }),
  },
  load_state: {
    params: object({
      // With the first part alone. KMS's answer to the document of `unwrap_request`; null without KMS.
      key: nullable(object({ wrapped: wrappedKey, ciphertextB64: base64(8192) })),
      sealed: list(blob(sealedBytesMax), 4096),
      isLast: bool,
    }),
    result: object({ loaded: count }),
  },
  export_state: {
    params: object({ chunk: count }),
    result: object({ sealed: blob(sealedBytesMax), chunks: count, record: uint(64), wrappedKeys }),
  },
  open_epoch: {
    params: object({ head: headProof, hints: transactionHints }),
    result: object({ open: struct('Open'), signature, transaction, record }),
  },
  apply_event: {
    params: object({ entries: list(blob(entryBytesMax), entriesPerRequestMax) }), // each as the log will hold it
    result: object({
      results: list(entryResult, entriesPerRequestMax),
      head: nullable(signedLogHead), // none in `closed`: nothing is acknowledged before an epoch is open
      logSize: uint(64),
      logRoot: hash,
      record: nullable(record), // none where nothing was accepted
    }),
  },
  prepare_payouts: {
    params: object({
      head: headProof,
      round: object({ number: uint(64), blockHash: hash }),
      payments: list(object({ payee: address, total: uint(96), paid: uint(96) }), paymentsPerCommitMax),
      hints: transactionHints,
    }),
    result: object({
      payoutId: hash,
      commit: struct('Commit'),
      signature,
      leftOut: list(address, paymentsPerCommitMax),
      transaction,
      record,
    }),
  },
  sign_transaction: {
    params: object({
      open: nullable(struct('Open')),
      commit: nullable(struct('Commit')),
      signature,
      hints: transactionHints,
    }),
    result: object({ transaction }),
  },
  confirm_payout: {
    params: object({ commit: struct('Commit'), signature }),
    result: object({ counter: uint(64), root: hash }),
  },
} as const satisfies Record<string, { params: Codec<never> | Codec<unknown>; result: unknown }>

export type Method = keyof typeof methods
export type Params<M extends Method> = Value<(typeof methods)[M]['params']>
export type Result<M extends Method> = Value<(typeof methods)[M]['result']>
export type EntryResult = Value<typeof entryResult>
export type WrappedKey = Value<typeof wrappedKey>
export type HeadProof = Value<typeof headProof>
export type TransactionHints = Value<typeof transactionHints>
