/** The end of a run of `--once`: waits until everything is paid, holds all books against each other, says it in one object. */
import { join } from 'node:path'
import { reconciliationAnswer } from '../client/api.ts'
import type { Hex } from '../ledger/hex.ts'
import { findDiscrepancies } from './audit.ts'
import { startChain } from './chain.ts'
import { type ChainBooks, fetchChainBooks } from './chainBooks.ts'
import type { Children } from './children.ts'
import type { Feed } from './feed.ts'
import { fetchTicketCommit, measureBatch } from './ticketGas.ts'
import { waitFor } from './waiting.ts'
import type { World } from './world.ts'

const caughtUpWithinMs = 20_000

/** Amounts are decimal strings of wei. */
export interface Summary {
  readonly events: number
  /** Entries of the anchored log, without the configuration. */
  readonly batches: number
  /** Commits in all, and those among them that paid. */
  readonly anchors: number
  readonly commits: number
  readonly paidWei: string
  readonly owedWei: string
  readonly discrepancies: number
  /** Gas of the last commit with the most tickets, without its direct payments, by its number of tickets. */
  readonly gasPerTicket: number
  /** The same gas by that of the broker's own batch of the same tickets on the same state. */
  readonly gasRatioToBroker: number
  readonly seconds: number
}

export interface SummaryOptions {
  readonly children: Children
  readonly world: World
  readonly feed: Pick<Feed, 'events' | 'earnings'>
  readonly folder: string
  /** When the run began, by `performance.now()`. */
  readonly startedAt: number
  readonly say: (sentence: string) => void
  readonly signal: AbortSignal
}

/** Waits for the last payment and judges. @returns the summary and what its discrepancies are */
export async function summarize(options: SummaryOptions): Promise<{ summary: Summary; found: readonly string[] }> {
  const { world, feed, say, startedAt } = options
  say('waiting until everything is paid')
  const expected = feed.earnings()
  const chain = await waitUntilPaid(options, sum(expected.values()))
  say('reconciling')
  const found = [
    ...findDiscrepancies({ payees: world.payees, expected, chain, accounts: await fetchAccounts(options, chain.root) }),
    ...(await fetchReconciliation(options)),
  ]
  say('measuring gas')
  const { gasPerTicket, gasRatioToBroker } = await measureGas(options, chain)
  const { totalEarned = 0n, logSize = 1n } = chain.anchors.at(-1)?.commitment ?? {}
  const summary = {
    events: feed.events,
    batches: Number(logSize) - 1,
    anchors: chain.anchors.length,
    commits: new Set(chain.payments.map(({ counter }) => counter)).size,
    paidWei: `${chain.totalPaidWei}`,
    owedWei: `${totalEarned - chain.totalPaidWei}`,
    discrepancies: found.length,
    gasPerTicket,
    gasRatioToBroker,
    seconds: Math.round(performance.now() - startedAt) / 1000,
  }
  return { summary, found }
}

const sum = (amounts: Iterable<bigint>): bigint => [...amounts].reduce((a, b) => a + b, 0n)

/** The books of the chain once they show the whole sum as paid; or as they are when the time is up, for the audit to judge. */
async function waitUntilPaid({ world, say, signal }: SummaryOptions, wantedWei: bigint): Promise<ChainBooks> {
  const { wallet, deployment, payees, home } = world
  let books: ChainBooks | undefined
  const wait = { what: 'not everything is paid', timeoutMs: home.patienceMs, signal }
  const read = () => fetchChainBooks(wallet.chain, deployment, addressesOf(payees))
  try {
    await waitFor(wait, async () => {
      books = await read()
      return books.totalPaidWei === wantedWei ? true : undefined
    })
    // A node that is just mining answers some questions about the block before with the state after it. Nothing more is
    // paid from here on, so what showed the sum first is read once more, when that block is done.
    return await read()
  } catch (error) {
    if (!books || signal.aborted) throw error
    say(`not everything is paid after ${home.patienceMs / 1000} s`)
    return books
  }
}

const addressesOf = (payees: World['payees']): Hex[] => payees.map(({ address }) => address)

/** All accounts as the daemon tells them, with proofs, once it knows the last root. */
async function fetchAccounts({ world, signal }: SummaryOptions, root: Hex) {
  const { client, payees } = world
  const wait = { what: 'the daemon does not know the last anchor', timeoutMs: caughtUpWithinMs, signal }
  await waitFor(wait, async () => ((await client.ledgerHead({ signal })).anchored?.root === root ? true : undefined))
  const accounts = addressesOf(payees).map(async (address) => {
    const { payee, earnedWei, anchored } = await client.account(address, { signal })
    return [address, { earnedWei, anchored: anchored && { payee, ...anchored } }] as const
  })
  return new Map(await Promise.all(accounts))
}

/** What the daemon finds for itself, once it has seen the chain's last block. */
async function fetchReconciliation({ world, signal }: SummaryOptions): Promise<string[]> {
  const block = await world.wallet.chain.getBlockNumber({ cacheTime: 0 })
  const wait = { what: 'the daemon does not follow the chain', timeoutMs: caughtUpWithinMs, signal }
  const { discrepancies } = await waitFor(wait, async () => {
    const response = await fetch(`${world.url}/api/reconciliation`, { signal })
    const answer = reconciliationAnswer.read(await response.json(), '')
    return answer.checkedAtBlock >= block ? answer : undefined
  })
  return discrepancies.map(({ code, detail }) => `the daemon says ${code}: ${detail}`)
}

/** On a fork of the chain as it was just before the commit. */
async function measureGas(
  { children, world, folder, signal }: SummaryOptions,
  { payments }: ChainBooks,
): Promise<Pick<Summary, 'gasPerTicket' | 'gasRatioToBroker'>> {
  const { wallet, deployment } = world
  const counts = new Map<Hex, number>()
  for (const { isTicket, transactionHash } of payments)
    if (isTicket) counts.set(transactionHash, (counts.get(transactionHash) ?? 0) + 1)
  const most = Math.max(...counts.values())
  const hash = [...counts].findLast(([, count]) => count === most)?.[0]
  if (!hash) throw new Error('no ticket was paid')

  const own = await fetchTicketCommit(wallet.chain, deployment, hash)
  const source = { kind: 'fork', url: deployment.rpcUrl, block: own.blockNumber - 1n } as const
  const fork = await startChain({ children, source, logPath: join(folder, 'logs', 'fork.log'), signal })
  const batch = await measureBatch(fork.rpcUrl, deployment, own)
  await fork.child?.stop()
  return {
    gasPerTicket: Math.round(Number(own.ticketGas) / own.amounts.length),
    gasRatioToBroker: Math.round((Number(own.ticketGas) / Number(batch.gas)) * 1000) / 1000,
  }
}
