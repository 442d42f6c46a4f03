/** P1 and P2: how much is taken in, beside what must be done, a plain daemon, and PostgreSQL. */
import { join } from 'node:path'
import { createChildren } from '../anvil/children.ts'
import { waitFor } from '../anvil/waiting.ts'
import { checkConfiguration } from '../ledger/config.ts'
import { createBound, prepare } from './baselines/bound.ts'
import { startPostgresLedger } from './baselines/postgresLedger.ts'
import { createSource, makeConfiguration } from './ledger.ts'
import { type Bench, cpuSeconds, cpuSecondsOf, inPairs, type Row, show } from './measure.ts'
import { makeBodies, makeJson, sendAll } from './send.ts'
import { createPoster, startWorld, type World } from './world.ts'

const reporters = 32
const pairs = 5
const accounts = 100_000

/** Events a CPU second of daemon and core, over HTTP, each acknowledged when it is durable. */
async function ourRate(
  world: World,
  bodies: readonly (readonly Uint8Array[])[],
  eventsPerBatch: number,
): Promise<number> {
  const { post, close } = createPoster(`${world.url}/api/batches`)
  const before = world.cpuSeconds()
  const { length } = await sendAll(bodies, post)
  const seconds = world.cpuSeconds() - before
  close()
  return (length * eventsPerBatch) / seconds
}

async function againstPostgres(world: World, order: { eventsPerBatch: number; eachOf: number }) {
  const { eventsPerBatch, eachOf } = order
  const { domain } = world
  const ours = createSource({ domain, reporters, eventsPerBatch, payees: accounts })
  const theirs = createSource({ domain, reporters, eventsPerBatch, payees: accounts })
  const postgres = await startPostgresLedger(
    checkConfiguration(makeConfiguration({ domain, reporters })),
    reporters,
    accounts,
  )
  const rateOfPostgres = async (): Promise<number> => {
    const batches = Array.from({ length: reporters }, (_, n) => Array.from({ length: eachOf }, () => theirs.next(n)))
    const before = postgres.cpuSeconds()
    const client = await cpuSeconds(() =>
      Promise.all(
        batches.map(async (own) => {
          for (const batch of own) await postgres.submit(batch)
        }),
      ),
    )
    return (reporters * eachOf * eventsPerBatch) / (client + postgres.cpuSeconds() - before)
  }
  const result = await inPairs(pairs, () => ourRate(world, makeBodies(ours, eachOf), eventsPerBatch), rateOfPostgres)
  await postgres.stop()
  return { ...result, source: ours }
}

export const hundreds: Bench = {
  name: 'hundreds',
  async run(say) {
    const eventsPerBatch = 100
    const world = await startWorld(reporters)
    try {
      say(`batches of ${eventsPerBatch} against PostgreSQL`)
      const postgres = await againstPostgres(world, { eventsPerBatch, eachOf: 8 })
      say('batches of 100 against what must be done')
      const bound = createBound()
      // Signed for the bound alone: what it takes never reaches the daemon.
      const strangers = createSource({ reporters, eventsPerBatch, payees: accounts })
      const must = await inPairs(
        pairs,
        () => ourRate(world, makeBodies(postgres.source, 8), eventsPerBatch),
        async () => {
          const groups = Array.from({ length: 8 }, () =>
            prepare(Array.from({ length: reporters }, (_, n) => strangers.next(n))),
          )
          const seconds = await cpuSeconds(() => groups.forEach(bound.take))
          return (8 * reporters * eventsPerBatch) / seconds
        },
      )
      bound.close()
      return [
        ratioRow('P1', 'batches of 100 beside what must be done', 0.5, must),
        ratioRow('P1', 'batches of 100 beside PostgreSQL', 8, postgres),
      ]
    } finally {
      await world.stop()
    }
  },
}

export const singles: Bench = {
  name: 'singles',
  async run(say) {
    const eventsPerBatch = 1
    const world = await startWorld(reporters)
    try {
      say('batches of one against PostgreSQL')
      const postgres = await againstPostgres(world, { eventsPerBatch, eachOf: 32 })
      say('batches of one against a plain daemon')
      const plain = await startPlainDaemon(world)
      const theirs = createSource({ domain: world.domain, reporters, eventsPerBatch, payees: accounts })
      const beside = await inPairs(
        pairs,
        () => ourRate(world, makeBodies(postgres.source, 32), eventsPerBatch),
        async () => {
          const bodies = makeJson(theirs, 4)
          const { post, close } = createPoster(plain.url)
          const before = cpuSecondsOf(plain.pid)
          const { length } = await sendAll(bodies, post)
          close()
          return length / (cpuSecondsOf(plain.pid) - before)
        },
      )
      await plain.stop()
      return [
        ratioRow('P2', 'batches of one beside a plain daemon', 40, beside),
        ratioRow('P2', 'batches of one beside PostgreSQL, 32 connections', 4, postgres),
      ]
    } finally {
      await world.stop()
    }
  },
}

async function startPlainDaemon({ folder, domain }: World) {
  let url: string | undefined
  const child = createChildren().start({
    name: 'plain',
    file: process.execPath,
    args: [join(import.meta.dirname, 'baselines/plainDaemon.ts'), `${domain.chainId}`, domain.verifyingContract],
    logPath: join(folder, 'plain.log'),
    onLine: (line) => {
      url ??= line
    },
  })
  const { signal } = new AbortController()
  const base = await waitFor({ what: 'the plain daemon does not listen', timeoutMs: 60_000, signal }, async () => url)
  return { url: base, pid: child.pid, stop: () => child.stop() }
}

const ratioRow = (
  id: string,
  what: string,
  least: number,
  { ours, theirs, ratio }: { ours: number; theirs: number; ratio: number },
): Row => ({
  id,
  what,
  goal: `at least ${least}`,
  measured: `${show(ratio)} (${show(ours)} against ${show(theirs)} events a CPU second)`,
  isReached: ratio >= least,
})
