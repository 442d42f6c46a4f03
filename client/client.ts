/** The daemon's public API, typed. What it answers is a claim: receipts and proofs are for `verify.ts` to judge. */

import { entryLeaf, type SignedConfiguration } from '../ledger/entry.ts'
import type { Hex } from '../ledger/hex.ts'
import type { Codec } from '../protocol/codec.ts'
import * as api from './api.ts'
import { ApiError, toApiError } from './apiError.ts'
import { type Deployment, deployment } from './checks/deployment.ts'
import type { SentBatch, SentPreference } from './entries.ts'
import { signedConfiguration, signedPreference } from './entries.ts'
import { cutEntries } from './entryBytes.ts'
import * as logApi from './logApi.ts'

const timeoutMsDefault = 30_000

export interface ClientOptions {
  /** Where the daemon is, such as `http://localhost:8080`. */
  readonly url: string
  readonly fetch?: typeof globalThis.fetch
  /** How long one request may take, 30 seconds unless told. */
  readonly timeoutMs?: number
}

export interface RequestOptions {
  /** Ends the request early; its reason is thrown. */
  readonly signal?: AbortSignal
}

export interface PayoutsQuery {
  readonly payee?: Hex
  /** `next` of the answer before. */
  readonly before?: string
  readonly limit?: number
}

export interface PageQuery {
  /** `next` of the answer before. */
  readonly after?: string
  readonly limit?: number
  /** Instead of both: so many of the newest. */
  readonly last?: number
}

export type Client = ReturnType<typeof createClient>

/** Every method throws {@link ApiError}, or the reason of its signal. */
export function createClient({ url, fetch = globalThis.fetch, timeoutMs = timeoutMsDefault }: ClientOptions) {
  const base = url.endsWith('/') ? url.slice(0, -1) : url

  const request = <T>(answer: Codec<T>, path: string, options: RequestOptions, init: RequestInit = {}): Promise<T> =>
    ask(path, options, init, async (response) => read(answer, response.status, await response.text()))

  async function ask<T>(
    path: string,
    { signal }: RequestOptions,
    init: RequestInit,
    take: (response: Response) => Promise<T>,
  ): Promise<T> {
    const timeout = AbortSignal.timeout(timeoutMs)
    const either = signal ? AbortSignal.any([signal, timeout]) : timeout
    try {
      return await take(await fetch(base + path, { ...init, signal: either }))
    } catch (cause) {
      if (cause instanceof ApiError) throw cause
      signal?.throwIfAborted()
      if (timeout.aborted) throw new ApiError('TIMEOUT', `no answer within ${timeoutMs} ms`, { cause })
      throw new ApiError('UNREACHABLE', 'the daemon cannot be reached', { cause })
    }
  }

  const post = (path: string, body: unknown, options: RequestOptions): Promise<api.BatchAnswer> =>
    request(api.batchAnswer, path, options, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })

  return {
    /** Asks for anything that the daemon serves, such as the operator's own API. */
    ask: <T>(answer: Codec<T>, path: string, options: RequestOptions = {}): Promise<T> =>
      request(answer, path, options),

    /** Sends a batch. A repeat of one that was accepted is answered with its receipt again. */
    sendBatch: (batch: SentBatch, options: RequestOptions = {}): Promise<api.BatchAnswer> =>
      request(api.batchAnswer, '/api/batches', options, {
        method: 'POST',
        headers: { 'content-type': 'application/octet-stream' },
        body: new Uint8Array(entryLeaf(batch)),
      }),

    /** Sends how a payee wants to be paid. */
    sendPreference: (preference: SentPreference, options: RequestOptions = {}): Promise<api.BatchAnswer> =>
      post('/api/preferences', signedPreference.write(preference), options),

    /** Sends a new configuration with the signatures of its signers. */
    sendConfiguration: (configuration: SignedConfiguration, options: RequestOptions = {}): Promise<api.BatchAnswer> =>
      post('/api/configuration', signedConfiguration.write(configuration), options),

    /** A reporter's next sequence and what it spent of its budget. */
    reporter: (address: Hex, options: RequestOptions = {}): Promise<api.ReporterAnswer> =>
      request(api.reporterAnswer, `/api/reporters/${address}`, options),

    /** The core, and the chain and contract it works for. */
    status: (options: RequestOptions = {}): Promise<api.StatusAnswer> =>
      request(api.statusAnswer, '/api/tee/status', options),

    /** The lanes of the daemon; each has an API of its own, below its path. */
    lanes: (options: RequestOptions = {}): Promise<api.LanesAnswer> => request(api.lanesAnswer, '/api/lanes', options),

    /** What the contract was deployed with, as its operator published it. */
    deployment: (options: RequestOptions = {}): Promise<Deployment> => request(deployment, '/api/deployment', options),

    /** The log now, and the last anchor. */
    ledgerHead: (options: RequestOptions = {}): Promise<api.LedgerHeadAnswer> =>
      request(api.ledgerHeadAnswer, '/api/ledger/head', options),

    /** What a payee earned and was paid, with a proof against the last anchor. */
    account: (payee: Hex, options: RequestOptions = {}): Promise<api.AccountAnswer> =>
      request(api.accountAnswer, `/api/ledger/accounts/${payee}`, options),

    /** The batches behind a balance, newest first. */
    accountEntries: (
      payee: Hex,
      query: { readonly before?: string; readonly limit?: number } = {},
      options: RequestOptions = {},
    ): Promise<api.AccountEntriesAnswer> =>
      request(api.accountEntriesAnswer, `/api/ledger/accounts/${payee}/entries${queryOf(query)}`, options),

    /** Where the ledger, the contract and the broker differ; nothing unexplained, if all is well. */
    reconciliation: (options: RequestOptions = {}): Promise<api.ReconciliationAnswer> =>
      request(api.reconciliationAnswer, '/api/reconciliation', options),

    /** Payments, newest first. */
    payouts: (query: PayoutsQuery = {}, options: RequestOptions = {}): Promise<api.PayoutsAnswer> =>
      request(api.payoutsAnswer, `/api/payouts${queryOf(query)}`, options),

    /** A fresh attestation document and the birth certificate; a nonce of one's own makes the first a proof of freshness. */
    attestation: (nonce: Hex | null = null, options: RequestOptions = {}): Promise<api.AttestationAnswer> =>
      request(api.attestationAnswer, `/api/tee/attestation${queryOf({ nonce: nonce ?? undefined })}`, options),

    /** The log's size and root now, and the newest head that the core signed. */
    log: (options: RequestOptions = {}): Promise<logApi.LogAnswer> => request(logApi.logAnswer, '/api/log', options),

    /** The bytes of entries from this position on: at most `limit`, fewer where they are large, none at the end of the log. */
    entries: (from: number, limit: number, options: RequestOptions = {}): Promise<Uint8Array[]> =>
      ask(`/api/log/entries${queryOf({ from, limit })}`, options, {}, async (response) => {
        if (!response.ok) throw toApiError(response.status, parse(await response.text()))
        return cutEntries(new Uint8Array(await response.arrayBuffer()))
      }),

    /** Proof that the log of `from` entries is a prefix of that of `to`. */
    consistency: (from: number, to: number, options: RequestOptions = {}): Promise<readonly Hex[]> =>
      request(logApi.consistencyAnswer, `/api/log/consistency${queryOf({ from, to })}`, options).then((a) => a.proof),

    /** Leaf hash and path of an entry in the log of `size` entries. */
    inclusion: (position: number, size: number, options: RequestOptions = {}): Promise<logApi.InclusionAnswer> =>
      request(logApi.inclusionAnswer, `/api/log/inclusion${queryOf({ position, size })}`, options),

    /** Commits, oldest first. */
    anchors: (query: PageQuery = {}, options: RequestOptions = {}): Promise<logApi.AnchorsAnswer> =>
      request(logApi.anchorsAnswer, `/api/log/anchors${queryOf(query)}`, options),

    /** Opened epochs with their attestation documents, oldest first. */
    boots: (query: PageQuery = {}, options: RequestOptions = {}): Promise<logApi.BootsAnswer> =>
      request(logApi.bootsAnswer, `/api/log/boots${queryOf(query)}`, options),

    /** Every configuration that there was. */
    configurations: (options: RequestOptions = {}): Promise<logApi.ConfigurationsAnswer> =>
      request(logApi.configurationsAnswer, '/api/log/configurations', options),

    /** The accounts of an anchor in the order of its tree: enough to make one's own proof. */
    anchorAccounts: (
      counter: bigint,
      query: { readonly from?: number; readonly limit?: number } = {},
      options: RequestOptions = {},
    ): Promise<logApi.AccountsAnswer> =>
      request(logApi.accountsAnswer, `/api/log/accounts/${counter}${queryOf(query)}`, options),
  }
}

/** Members that are undefined are left out. */
function queryOf(members: object): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(members)) if (value !== undefined) query.set(name, `${value}`)
  return query.size === 0 ? '' : `?${query}`
}

function read<T>(answer: Codec<T>, status: number, body: string): T {
  const untrusted = parse(body)
  if (status < 200 || status > 299) throw toApiError(status, untrusted)
  try {
    return answer.read(untrusted, '', 'ignored') // a newer daemon may say more
  } catch (cause) {
    throw new ApiError('BAD_ANSWER', 'the answer is not what this version understands', { status, cause })
  }
}

/** The body as JSON; undefined where it is none, as a proxy's error page. */
function parse(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined // judged by whoever wanted a value: no codec and no problem document fits undefined
  }
}
