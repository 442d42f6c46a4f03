/**
 * The real stack under load for as long as is wanted, with parts of it killed or cut off in an order that a seed decides. In the
 * end everything must be paid, and all books must agree: the same audit as that of `npm start -- --once`.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { brokerOnArbitrum } from '../../anvil/broker.ts'
import type { Children } from '../../anvil/children.ts'
import { startFeed } from '../../anvil/feed.ts'
import { type Summary, summarize } from '../../anvil/summary.ts'
import { bringUp, type World } from '../../anvil/world.ts'
import { type FaultyRpc, startFaultyRpc } from '../chain/faultyRpc.ts'
import { heal, rpcFaults, setFaults } from './rpcFaults.ts'

export interface SoakOptions {
  readonly children: Children
  readonly seed: number
  readonly events: number
  readonly eventsPerSecond: number
  readonly disturbances: number
  readonly say: (sentence: string) => void
}

export interface SoakResult extends Summary {
  readonly seed: number
  /** What was done to it, and how often. */
  readonly disturbances: Readonly<Record<Disturbance, number>>
  /** What each part had in memory as the load began, in its middle and as it ended, MiB; of one that was just down: 0. */
  readonly residentMiB: Readonly<Record<Part, readonly number[]>>
  /** One sentence for each discrepancy. */
  readonly found: readonly string[]
}

const parts = ['daemon', 'core'] as const
type Part = (typeof parts)[number]

const disturbances = ['daemon', 'core', 'both', 'chain', 'rpc'] as const
type Disturbance = (typeof disturbances)[number]

const payIntervalMs = 2_000
/** How long the chain hangs, with open connections and no answer, or its server does what it should not. */
const hangsMsMax = 4_000

/** @throws Error where a part stays down, or not everything is paid in time; its folder is kept then */
export async function soak(options: SoakOptions): Promise<SoakResult> {
  const { children, seed, say } = options
  const startedAt = performance.now()
  const folder = mkdtempSync(join(tmpdir(), 'bursar-soak-'))
  say(`seed ${seed}, logs in ${folder}`)
  const stop = new AbortController()
  const { signal } = stop
  const cleaning: (() => void | Promise<void>)[] = []
  const proxied = Promise.withResolvers<FaultyRpc>()
  const between = async (rpcUrl: string): Promise<string> => {
    proxied.resolve(await startFaultyRpc(rpcUrl, (clean) => void cleaning.push(clean)))
    return (await proxied.promise).url
  }
  const world = await bringUp({
    between,
    children,
    source: { kind: 'local' },
    isEnclave: false,
    broker: brokerOnArbitrum,
    port: 0,
    folder,
    payIntervalMs,
    restartsMax: options.disturbances * 2 + 20,
    say,
    onFailure: (error) => stop.abort(error),
    signal,
  })
  const feed = startFeed(world)
  try {
    const { onTick: onTickOfPlan, done } = disturb(options, world, await proxied.promise, () => feed.events)
    const residentMiB: Record<Part, number[]> = { daemon: [], core: [] }
    const measure = (): void => {
      for (const part of parts) residentMiB[part].push(residentOf(world[part].child.pid))
    }
    const onTick = async (): Promise<void> => {
      if (residentMiB.daemon.length === 1 && feed.events * 2 >= options.events) measure()
      await onTickOfPlan()
    }
    measure()
    say(`${options.events} events, ${options.disturbances} disturbances`)
    await feed.runExactly(options.events, options.eventsPerSecond, onTick, signal)
    measure()
    const { summary, found } = await summarize({ children, world, feed, folder, startedAt, say, signal })
    if (found.length === 0) rmSync(folder, { recursive: true })
    return { ...summary, seed, disturbances: done, residentMiB, found }
  } finally {
    await feed.stop()
    await world.stop()
    for (const clean of cleaning) await clean()
  }
}

function residentOf(pid: number): number {
  try {
    const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return Math.round(Number(kibibytes ?? 0) / 1024)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0
    throw error
  }
}

/** Each disturbance comes when so many events have been given: the same seed, the same order. */
function disturb(
  { seed, events, disturbances: count, say }: SoakOptions,
  world: World,
  rpc: FaultyRpc,
  given: () => number,
) {
  const roll = createDice(seed)
  const plan = Array.from({ length: count }, (_, i) => ({
    at: Math.floor(((i + 0.5 + roll(100) / 200) * events) / (count + 1)),
    what: disturbances[roll(disturbances.length)] as Disturbance,
    hangsMs: 500 + roll(hangsMsMax - 500),
    fault: roll(faultNames.length),
  }))
  const done: Record<Disturbance, number> = { daemon: 0, core: 0, both: 0, chain: 0, rpc: 0 }
  const onTick = async (): Promise<void> => {
    while (plan[0] && given() >= plan[0].at) {
      const { at, what, hangsMs, fault } = plan.shift() as (typeof plan)[number]
      const name = faultNames[fault] as string
      const words = { chain: 'the chain hangs', rpc: name }
      say(`after ${at} events: ${what in words ? `${words[what as 'rpc']} for ${hangsMs} ms` : `killing ${what}`}`)
      done[what]++
      if (what === 'daemon' || what === 'both') world.daemon.child.kill('SIGKILL')
      if (what === 'core' || what === 'both') world.core.child.kill('SIGKILL')
      if (what === 'chain') await hang(world, hangsMs)
      if (what === 'rpc') await misbehave(rpc, name, hangsMs)
    }
  }
  return { onTick, done }
}

const faultNames = Object.keys(rpcFaults)

async function misbehave(rpc: FaultyRpc, name: string, ms: number): Promise<void> {
  setFaults(rpc, rpcFaults[name]?.() ?? {})
  await delay(ms)
  heal(rpc)
}

async function hang({ chain }: World, ms: number): Promise<void> {
  chain?.kill('SIGSTOP')
  await delay(ms)
  chain?.kill('SIGCONT')
}

/** xorshift32: the same seed, the same run. */
function createDice(seed: number): (sides: number) => number {
  let state = seed | 1
  return (sides) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % sides
  }
}
