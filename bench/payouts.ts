/** P7, first half: payouts through daemon, core and chain, beside the chain taking the very same transactions, ready signed. */

import { setTimeout as pause } from 'node:timers/promises'
import {
  createTestClient,
  type Hex,
  http,
  publicActions,
  serializeTransaction,
  type TransactionSerializable,
  walletActions,
} from 'viem'
import { treasuryAbi } from '../abi/index.ts'
import { decodeEntry, type SignedBatch } from '../ledger/entry.ts'
import { createSource, payeeOf } from './ledger.ts'
import { type Bench, cpuSecondsOf, median, show } from './measure.ts'
import { makeBodies, sendAll } from './send.ts'
import { createPoster, startWorld, type World } from './world.ts'

/** In one batch, so that all are due at once; they fill four commits. */
const payees = 240
/** The first to warm up. */
const turns = 6
const least = 0.8
const pollMs = 50

export const payouts: Bench = {
  name: 'payouts',
  async run(say) {
    const ticketPayees = Array.from({ length: payees }, (_, n) => payeeOf(n))
    const world = await startWorld(1, { ticketPayees, payIntervalMs: pollMs, pollMs })
    const chain = createChain(world.rpcUrl)
    const { daemon, core, chain: anvil } = world.pids
    try {
      const snapshot = await chain.snapshot()
      say(`${turns} times ${payees} tickets, each paid before the next are reported`)
      const ours = await measure([daemon, core, anvil], createPaying(world, chain))
      const commits = await fetchCommits(world, chain)
      await world.stopProduct()
      await chain.revert({ id: snapshot })
      say(`the same ${commits.length} transactions again`)
      const eachTurn = Math.ceil(commits.length / turns)
      const theirs = await measure([anvil], (n) => sendOneByOne(chain, commits.slice(n * eachTurn, (n + 1) * eachTurn)))
      const ratio = theirs.ms / ours.ms
      const [rate, bare] = [ours, theirs].map(({ ms }) => show((1000 * payees) / ms))
      return [
        {
          id: 'P7',
          what: 'tickets decided, tried, signed, sent and confirmed, beside anvil taking the same transactions',
          goal: `at least ${least}`,
          measured: `${show(ratio)} (${rate} against ${bare} tickets a second)`,
          isReached: ratio >= least,
        },
        {
          id: 'P7',
          what: 'the same in CPU: ms a ticket of daemon, core and anvil; then of anvil alone',
          goal: 'told',
          measured: `${ours.cpuMs.map(show).join(', ')}; ${theirs.cpuMs.map(show)}`,
          isReached: undefined,
        },
      ]
    } finally {
      await world.stop()
    }
  },
}

const createChain = (url: string) =>
  createTestClient({ mode: 'anvil', transport: http(url), cacheTime: 0 })
    .extend(publicActions)
    .extend(walletActions)
type Chain = ReturnType<typeof createChain>

/** Medians of a turn's time, and CPU a ticket of each process, all turns counted. */
async function measure(pids: readonly number[], turn: (n: number) => Promise<void>) {
  const times: number[] = []
  const before = pids.map(cpuSecondsOf)
  for (let n = 0; n < turns; n++) {
    const startMs = performance.now()
    await turn(n)
    times.push(performance.now() - startMs)
  }
  const cpuMs = pids.map((pid, i) => (1000 * (cpuSecondsOf(pid) - (before[i] as number))) / (turns * payees))
  return { ms: median(times.slice(1)), cpuMs }
}

/** Reports a batch that credits every payee, and waits until the contract has paid all of it. */
function createPaying({ url, domain }: World, chain: Chain) {
  const source = createSource({ domain, eventsPerBatch: payees, payees })
  let dueWei = 0n
  return async () => {
    const bodies = makeBodies(source, 1)
    const { batch } = decodeEntry(bodies[0]?.[0] as Uint8Array) as SignedBatch
    for (const { value } of batch.events) dueWei += value
    const { post, close } = createPoster(`${url}/api/batches`)
    await sendAll(bodies, post)
    close()
    const treasury = { address: domain.verifyingContract, abi: treasuryAbi } as const
    while ((await chain.readContract({ ...treasury, functionName: 'totalPaid' })) < dueWei) await pause(pollMs)
  }
}

/** The raw transactions of all commits, in their order. */
async function fetchCommits({ domain }: World, chain: Chain): Promise<Hex[]> {
  const events = await chain.getContractEvents({
    address: domain.verifyingContract,
    abi: treasuryAbi,
    eventName: 'Committed',
    fromBlock: 0n,
  })
  return Promise.all(
    events.map(async ({ transactionHash: hash }) => {
      const { r, s, yParity, ...transaction } = await chain.getTransaction({ hash })
      return serializeTransaction({ ...transaction, data: transaction.input } as TransactionSerializable, {
        r,
        s,
        yParity: yParity as number,
      })
    }),
  )
}

/** Sends each when the one before has landed: none fits before. */
async function sendOneByOne(chain: Chain, raw: readonly Hex[]): Promise<void> {
  for (const serializedTransaction of raw) {
    const hash = await chain.sendRawTransaction({ serializedTransaction })
    const { status } = await chain.waitForTransactionReceipt({ hash, pollingInterval: pollMs })
    if (status !== 'success') throw new Error(`${hash} did not land again`)
  }
}
