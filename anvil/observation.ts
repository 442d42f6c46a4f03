/** What the live view shows, asked from the daemon's public API each second. */
import { setTimeout as delay } from 'node:timers/promises'
import type { AccountAnswer, LedgerHeadAnswer, Payout } from '../client/api.ts'
import { ApiError } from '../client/apiError.ts'
import type { Feed } from './feed.ts'
import type { Payee } from './settings.ts'
import type { World } from './world.ts'

const periodMs = 1_000
const payoutsShown = 20

export interface Observation {
  readonly url: string
  readonly operatorUrl: string
  readonly rpcUrl: string
  /** Where logs and process ids of the run are. */
  readonly folder: string
  /** Events given to the reporters. */
  readonly events: number
  /** What the daemon says it is doing; undefined where it does not answer. */
  readonly state: string | undefined
  readonly epoch: bigint
  readonly ledger: LedgerHeadAnswer
  readonly accounts: readonly (Payee & Pick<AccountAnswer, 'paidWei' | 'owedWei'>)[]
  /** Newest first. */
  readonly payouts: readonly Payout[]
}

export interface ObserverOptions {
  readonly world: World
  readonly folder: string
  readonly feed: Pick<Feed, 'events'>
  readonly show: (observation: Observation) => void
  readonly signal: AbortSignal
}

/** Shows one observation after the other until the signal aborts. While the daemon does not answer, the last one stays. */
export async function observe({ world, folder, feed, show, signal }: ObserverOptions): Promise<never> {
  let last: Observation | undefined
  for (;;) {
    try {
      last = { ...(await ask(world, signal)), folder, events: feed.events }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      last = last && { ...last, events: feed.events, state: undefined }
    }
    if (last) show(last)
    await delay(periodMs, undefined, { signal })
  }
}

async function ask(world: World, signal: AbortSignal): Promise<Omit<Observation, 'folder' | 'events'>> {
  const { client, payees, url, operatorUrl, deployment } = world
  const [status, ledger, payouts, accounts] = await Promise.all([
    client.status({ signal }),
    client.ledgerHead({ signal }),
    client.payouts({ limit: payoutsShown }, { signal }),
    Promise.all(payees.map((payee) => fetchAccount(world, payee, signal))),
  ])
  return {
    url,
    operatorUrl,
    rpcUrl: deployment.rpcUrl,
    state: status.state,
    epoch: status.head?.epoch ?? 0n,
    ledger,
    accounts,
    payouts: payouts.payouts,
  }
}

/** An account that the ledger does not know yet has earned nothing. */
async function fetchAccount({ client }: World, payee: Payee, signal: AbortSignal): Promise<Observation['accounts'][0]> {
  try {
    const { paidWei, owedWei } = await client.account(payee.address, { signal })
    return { ...payee, paidWei, owedWei }
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return { ...payee, paidWei: 0n, owedWei: 0n }
    throw error
  }
}
