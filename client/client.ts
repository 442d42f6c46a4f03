/** The daemon's public API, typed. What it answers is a claim: receipts and proofs are for `verify.ts` to judge. */
import type { SignedBatch } from '../ledger/entry.ts'
import type { Hex } from '../ledger/hex.ts'
import type { Codec } from '../protocol/codec.ts'
import { signedBatch } from '../protocol/messages.ts'
import * as api from './api.ts'
import { ApiError, toApiError } from './apiError.ts'

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

export type Client = ReturnType<typeof createClient>

/** Every method throws {@link ApiError}, or the reason of its signal. */
export function createClient({ url, fetch = globalThis.fetch, timeoutMs = timeoutMsDefault }: ClientOptions) {
  const base = url.endsWith('/') ? url.slice(0, -1) : url

  async function request<T>(
    answer: Codec<T>,
    path: string,
    { signal }: RequestOptions,
    init: RequestInit = {},
  ): Promise<T> {
    const timeout = AbortSignal.timeout(timeoutMs)
    const either = signal ? AbortSignal.any([signal, timeout]) : timeout
    try {
      const response = await fetch(base + path, { ...init, signal: either })
      return read(answer, response.status, await response.text())
    } catch (cause) {
      if (cause instanceof ApiError) throw cause
      signal?.throwIfAborted()
      if (timeout.aborted) throw new ApiError('TIMEOUT', `no answer within ${timeoutMs} ms`, { cause })
      throw new ApiError('UNREACHABLE', 'the daemon cannot be reached', { cause })
    }
  }

  return {
    /** Sends a batch. A repeat of one that was accepted is answered with its receipt again. */
    sendBatch: (batch: SignedBatch, options: RequestOptions = {}): Promise<api.BatchAnswer> =>
      request(api.batchAnswer, '/api/batches', options, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(signedBatch.write(batch)),
      }),

    /** A reporter's next sequence and what it spent of its budget. */
    reporter: (address: Hex, options: RequestOptions = {}): Promise<api.ReporterAnswer> =>
      request(api.reporterAnswer, `/api/reporters/${address}`, options),

    /** The core, and the chain and contract it works for. */
    status: (options: RequestOptions = {}): Promise<api.StatusAnswer> =>
      request(api.statusAnswer, '/api/tee/status', options),

    /** The log now, and the last anchor. */
    ledgerHead: (options: RequestOptions = {}): Promise<api.LedgerHeadAnswer> =>
      request(api.ledgerHeadAnswer, '/api/ledger/head', options),

    /** What a payee earned and was paid, with a proof against the last anchor. */
    account: (payee: Hex, options: RequestOptions = {}): Promise<api.AccountAnswer> =>
      request(api.accountAnswer, `/api/ledger/accounts/${payee}`, options),

    /** Where the ledger, the contract and the broker differ; nothing unexplained, if all is well. */
    reconciliation: (options: RequestOptions = {}): Promise<api.ReconciliationAnswer> =>
      request(api.reconciliationAnswer, '/api/reconciliation', options),

    /** Payments, newest first. */
    payouts: (
      { payee, before, limit }: PayoutsQuery = {},
      options: RequestOptions = {},
    ): Promise<api.PayoutsAnswer> => {
      const query = new URLSearchParams()
      if (payee !== undefined) query.set('payee', payee)
      if (before !== undefined) query.set('before', before)
      if (limit !== undefined) query.set('limit', `${limit}`)
      return request(api.payoutsAnswer, query.size > 0 ? `/api/payouts?${query}` : '/api/payouts', options)
    },
  }
}

function read<T>(answer: Codec<T>, status: number, body: string): T {
  const untrusted = parse(body)
  if (status < 200 || status > 299) throw toApiError(status, untrusted)
  try {
    return answer.read(untrusted, '')
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
