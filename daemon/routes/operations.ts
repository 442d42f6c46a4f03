/** Every route of the public API and of the operator's, for people: what it is for, what it takes, and by which codec it answers. */
import * as api from '../../client/api.ts'
import { deployment } from '../../client/checks/deployment.ts'
import { signedBatch, signedConfiguration, signedPreference } from '../../client/entries.ts'
import * as logApi from '../../client/logApi.ts'
import * as operatorApi from '../../client/operatorApi.ts'
import type { Codec } from '../../protocol/codec.ts'
import type { Schema } from '../schema.ts'

export interface Operation {
  readonly summary: string
  /** Parameters of the path that are no addresses, and of the query. */
  readonly path?: Readonly<Record<string, Schema>>
  readonly query?: Readonly<Record<string, Schema>>
  readonly body?: Codec<never> | Codec<unknown>
  /** Whether the body may also be the bytes of an entry in the log. */
  readonly takesBytes?: boolean
  /** By codec, or, where it is no JSON of ours, its media type. */
  readonly answer: Codec<never> | Codec<unknown> | string
}

const number = { type: 'integer', minimum: 0 }
const limit = { type: 'integer', minimum: 1, maximum: 1000 }
const cursor = { type: 'string', description: 'the member `next` of an earlier answer' }
const address = { type: 'string', pattern: '^0x[0-9a-fA-F]{40}$' }
const nonce = { type: 'string', pattern: '^0x([0-9a-f]{2}){0,512}$' }

/** By method and path, in OpenAPI's spelling. */
export type Operations = Readonly<Record<string, Operation>>

export const operations: Operations = {
  'POST /api/batches': {
    summary:
      'Brings a signed batch into the log: JSON, or its bytes in the log. The same batch again is answered with its receipt again.',
    body: signedBatch as Codec<unknown>,
    takesBytes: true,
    answer: api.batchAnswer,
  },
  'POST /api/preferences': {
    summary: 'Brings into the log how a payee wants to be paid, signed by it.',
    body: signedPreference as Codec<unknown>,
    answer: api.batchAnswer,
  },
  'POST /api/configuration': {
    summary: 'Brings a new configuration into the log, signed by the threshold of the signers in force.',
    body: signedConfiguration as Codec<unknown>,
    answer: api.batchAnswer,
  },
  'GET /api/reporters/{address}': {
    summary: "A reporter's next sequence, and what it spent of its budget.",
    answer: api.reporterAnswer,
  },
  'GET /api/lanes': {
    summary:
      'The lanes of this daemon. Where they have names, all of this but the documents for machines is below the path of each.',
    answer: api.lanesAnswer,
  },
  'GET /api/tee/status': {
    summary: "The core, the contract's head, and what the daemon does.",
    answer: api.statusAnswer,
  },
  'GET /api/deployment': {
    summary: 'What the contract was deployed with, as its operator published it.',
    answer: deployment,
  },
  'GET /api/tee/attestation': {
    summary: "The core's attestation document, bound to a nonce of your own.",
    query: { nonce },
    answer: api.attestationAnswer,
  },
  'GET /api/ledger/head': { summary: 'The log now, totals, and the last anchor.', answer: api.ledgerHeadAnswer },
  'GET /api/ledger/accounts/{address}': {
    summary: 'What a payee earned and was paid, with a proof against the last anchor.',
    answer: api.accountAnswer,
  },
  'GET /api/ledger/accounts/{address}/entries': {
    summary: 'The batches behind a balance, newest first.',
    query: { before: cursor, limit: { ...limit, maximum: 100 } },
    answer: api.accountEntriesAnswer,
  },
  'GET /api/payouts': {
    summary: 'Payments made and failed, newest first.',
    query: { payee: address, before: cursor, limit },
    answer: api.payoutsAnswer,
  },
  'GET /api/reconciliation': {
    summary: 'Every difference between ledger, contract and broker, explained.',
    answer: api.reconciliationAnswer,
  },
  'GET /api/log': { summary: 'Size and root of the log, and the newest signed head.', answer: logApi.logAnswer },
  'GET /api/log/entries': {
    summary: 'Entries as the bytes that were hashed, each after its length in four bytes, big-endian.',
    query: { from: number, limit },
    answer: 'application/octet-stream',
  },
  'GET /checkpoint': {
    summary: 'The newest head that the core signed, as a signed note (C2SP tlog-checkpoint).',
    answer: 'text/plain',
  },
  'GET /tile/{level}/{path}': {
    summary: 'A tile of the tree (C2SP tlog-tiles), as 000, x001/234 or x001/234.p/7.',
    path: { level: number, path: { type: 'string' } },
    answer: 'application/octet-stream',
  },
  'GET /api/log/consistency': {
    summary: 'Proof that the log of one size is a prefix of that of another.',
    query: { from: number, to: number },
    answer: logApi.consistencyAnswer,
  },
  'GET /api/log/inclusion': {
    summary: 'Proof that an entry lies in the log of a size.',
    query: { position: number, size: number },
    answer: logApi.inclusionAnswer,
  },
  'GET /api/log/anchors': {
    summary: 'Every commit, oldest first.',
    query: { after: cursor, limit, last: limit },
    answer: logApi.anchorsAnswer,
  },
  'GET /api/log/boots': {
    summary: 'Every epoch that was opened, with its attestation document, oldest first.',
    query: { after: cursor, limit, last: limit },
    answer: logApi.bootsAnswer,
  },
  'GET /api/log/configurations': {
    summary: 'Every configuration, and where in the log it stands.',
    answer: logApi.configurationsAnswer,
  },
  'GET /api/log/accounts/{counter}': {
    summary: 'The accounts of an anchor, in the order of its tree.',
    path: { counter: { type: 'integer', minimum: 1 } },
    query: { from: number, limit },
    answer: logApi.accountsAnswer,
  },
  'GET /api/stream': {
    summary: 'Anchors, boots and payouts as they happen (server-sent events); resumes by Last-Event-ID.',
    query: { payee: address, after: { type: 'string', description: 'the id of an event' } },
    answer: 'text/event-stream',
  },
  'GET /': { summary: 'The page for people.', answer: 'text/html' },
  'GET /assets/{name}': {
    summary: 'What the page is made of.',
    path: { name: { type: 'string' } },
    answer: 'application/octet-stream',
  },
  'GET /api/openapi.json': { summary: 'This document.', answer: 'application/json' },
  'GET /healthz': {
    summary: '200 while batches are acknowledged, or another daemon is followed that does; else 503.',
    answer: 'application/json',
  },
  'GET /metrics': { summary: 'Numbers for Prometheus.', answer: 'text/plain' },
}

export const operatorOperations: Operations = {
  'GET /operator/status': {
    summary: 'What the daemon does, chain and balances as last read, and who was left out of the last payout, and why.',
    answer: operatorApi.operatorStatusAnswer,
  },
  'GET /operator/payouts': {
    summary: 'A dry run: what would be paid now, and why each other payee would not.',
    answer: operatorApi.payoutPlanAnswer,
  },
  'GET /operator/kms': {
    summary: 'Asks each KMS now whether it gives this image its key, and refuses everyone else.',
    answer: operatorApi.kmsAnswer,
  },
  'GET /operator/stream': {
    summary:
      'What is wrong: all of it (`concerns`), then what begins (`raised`) and is over (`cleared`), as server-sent events.',
    answer: 'text/event-stream',
  },
  'GET /operator/openapi.json': { summary: 'This document.', answer: 'application/json' },
}
