/** A payee in all lanes of a daemon at once. */
import type { Hex } from '../ledger/hex.ts'
import type { AccountAnswer, LaneShown } from './api.ts'
import { ApiError } from './apiError.ts'
import { type Client, type ClientOptions, createClient, type RequestOptions } from './client.ts'

/** The API of one lane. Its name makes the URL, never what the daemon says: nobody is led to another host. */
export const laneClient = ({ url, ...options }: ClientOptions, { name }: Pick<LaneShown, 'name'>): Client =>
  createClient({ ...options, url: name === null ? url : `${url.replace(/\/$/, '')}/lanes/${encodeURIComponent(name)}` })

/** What one lane says of a payee. */
export interface LaneAccount {
  readonly lane: LaneShown
  /** Null where nobody reported work for it. */
  readonly account: AccountAnswer | null
  /** Why it does not say. */
  readonly error?: ApiError
}

export interface LaneAccounts {
  readonly lanes: readonly LaneAccount[]
  /** Sums over the lanes, wei; null while one of them does not say, for then nobody knows. */
  readonly sum: { readonly earnedWei: bigint; readonly paidWei: bigint; readonly owedWei: bigint } | null
}

/** Asks every lane for the payee's account. Each is a claim of its own, to be verified in its lane. @throws ApiError where there is no list of lanes */
export async function fetchAccounts(
  options: ClientOptions,
  payee: Hex,
  request: RequestOptions = {},
): Promise<LaneAccounts> {
  const { lanes } = await createClient(options).lanes(request)
  const accounts = await Promise.all(
    lanes.map(async (lane): Promise<LaneAccount> => {
      try {
        return { lane, account: await laneClient(options, lane).account(payee, request) }
      } catch (error) {
        if (!(error instanceof ApiError)) throw error
        return error.code === 'NOT_FOUND' ? { lane, account: null } : { lane, account: null, error }
      }
    }),
  )
  const add = (member: 'earnedWei' | 'paidWei' | 'owedWei'): bigint =>
    accounts.reduce((sum, { account }) => sum + (account?.[member] ?? 0n), 0n)
  const isKnown = accounts.every(({ error }) => error === undefined)
  const sum = isKnown ? { earnedWei: add('earnedWei'), paidWei: add('paidWei'), owedWei: add('owedWei') } : null
  return { lanes: accounts, sum }
}
