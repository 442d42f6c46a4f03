/** The two ways to run the demonstration: until everything is paid and checked, or until someone ends it. */
import { setInterval } from 'node:timers/promises'
import { treasuryAbi } from '../abi/index.ts'
import { startRound } from './broker.ts'
import { type Feed, startFeed } from './feed.ts'
import { observe } from './observation.ts'
import { type Summary, summarize } from './summary.ts'
import { createView } from './view.ts'
import { waitFor } from './waiting.ts'
import { bringUp, type World, type WorldOptions } from './world.ts'

const onceEvents = 2_000
const onceEventsPerSecond = 400
const oncePayIntervalMs = 1_000
const onceCommitsMin = 3
const liveEventsPerSecond = 30
const livePayIntervalMs = 5_000
const roundCheckMs = 5_000

export interface Run {
  readonly world: Omit<WorldOptions, 'say' | 'payIntervalMs'>
  readonly out: NodeJS.WriteStream
  readonly writeSummary: (summary: Summary) => void
}

/** Pays for 2,000 events; the core is killed when half of them are given. @returns whether all books agree @throws Error, or the signal's reason */
export async function runOnce({ world: options, out, writeSummary }: Run): Promise<boolean> {
  const startedAt = performance.now()
  const say = (sentence: string): void => void out.write(`${sentence}\n`)
  const world = await bringUp({ ...options, say, payIntervalMs: oncePayIntervalMs })
  const feed = startFeed(world)
  try {
    say(`paying for ${onceEvents} events of ${world.payees.length} payees: ${world.url}`)
    await feed.runExactly(
      onceEvents,
      onceEventsPerSecond,
      disturb({ world, feed, say, signal: options.signal }),
      options.signal,
    )
    const { summary, found } = await summarize({ ...options, world, feed, startedAt, say })
    const shortfalls = [
      ...found,
      ...(world.core.restarts === 1 ? [] : [`the core was restarted ${world.core.restarts} times, not once`]),
      ...(summary.commits >= onceCommitsMin ? [] : [`${summary.commits} commits paid, not ${onceCommitsMin}`]),
    ]
    for (const shortfall of shortfalls) console.error(shortfall)
    writeSummary(summary)
    return shortfalls.length === 0
  } finally {
    await stopAll(world, feed)
  }
}

interface Disturbance {
  readonly world: World
  readonly feed: Feed
  readonly say: (sentence: string) => void
  readonly signal: AbortSignal
}

/**
 * What happens on the way: after each third of the usage the next payout is waited for, so that there are three at least on
 * any machine; and while the middle third is on its way the core is killed.
 */
function disturb({ world, feed, say, signal }: Disturbance): () => Promise<void> {
  const steps = [
    { at: onceEvents / 3, step: () => waitForPayout(world, signal) },
    {
      at: onceEvents / 2,
      step: async () => {
        say('killing the core')
        world.core.child.kill('SIGKILL')
      },
    },
    { at: (2 * onceEvents) / 3, step: () => waitForPayout(world, signal) },
  ]
  return async () => {
    while (steps[0] && feed.events >= steps[0].at) await steps.shift()?.step()
  }
}

async function waitForPayout({ wallet, deployment, home }: World, signal: AbortSignal): Promise<void> {
  const totalPaid = () =>
    wallet.chain.readContract({ address: deployment.treasury, abi: treasuryAbi, functionName: 'totalPaid' })
  const before = await totalPaid()
  const wait = { what: 'nobody is paid', timeoutMs: home.patienceMs, signal }
  await waitFor(wait, async () => ((await totalPaid()) > before ? true : undefined))
}

/** Goes on until the signal aborts. @throws Error, or the signal's reason */
export async function runLive({ world: options, out }: Run): Promise<never> {
  const { signal } = options
  const view = createView(out)
  const world = await bringUp({ ...options, say: view.say, payIntervalMs: livePayIntervalMs })
  const feed = startFeed(world)
  try {
    return await Promise.race([
      feed.runEndless(liveEventsPerSecond, signal),
      observe({ world, folder: options.folder, feed, show: view.show, signal }),
      keepRoundsGoing(world, signal),
    ])
  } finally {
    view.close()
    await stopAll(world, feed)
  }
}

/** Starts each round, as Livepeer's own nodes do on the real network. */
async function keepRoundsGoing({ wallet, deployment }: World, signal: AbortSignal): Promise<never> {
  for await (const _ of setInterval(roundCheckMs, undefined, { signal })) await startRound(wallet, deployment)
  throw signal.reason
}

async function stopAll(world: World, feed: Feed): Promise<void> {
  await feed.stop()
  await world.stop()
}
