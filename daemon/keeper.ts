/**
 * Keeps a lane going beside others. What ends it and may be over soon (75) begins it anew, from what is on disk, as a new
 * process would: the store's generation fences off what is left of the old one. What starting again does not help (1) leaves
 * it down, loudly. A lane that has no others beside it ends with its process instead, whose supervisor does the same.
 */
import type { Logger } from 'pino'
import { Registry } from 'prom-client'
import type { Domain } from '../ledger/typedData.ts'
import type { LaneConfig } from './config.ts'
import { Fatal, NotOpen } from './errors.ts'
import { createLane, type Lane, type LaneOptions, type LaneParts } from './lane.ts'
import { observeNothing } from './metrics.ts'
import { createBackoff } from './pause.ts'
import type { State } from './services/session.ts'
import { storeErrorOf } from './store/database.ts'

export interface LaneOrder {
  readonly config: LaneConfig
  /** Called each time the lane begins, with its log. @throws Fatal, or what may be over soon */
  open(log: Logger): Promise<LaneParts>
}

export interface Keeper {
  /** Null where there are no lanes but this. */
  readonly name: string | null
  readonly domain: Domain
  /** What the lane does; `down` while it is to begin anew, `failed` where that would not help. */
  readonly state: State | 'down' | 'failed'
  /** The lane, while its answers are true. */
  readonly lane: Lane | undefined
  /** The lane's numbers. */
  readonly registry: Registry
  /** Settles when the lane answers, or has failed for the first time. */
  readonly settled: Promise<void>
  /** Runs until the signal aborts, then stops in good order. @throws what leaves the lane down */
  run(signal: AbortSignal): Promise<void>
}

/** What a lane shares with the others. */
export type Shared = Pick<LaneOptions, 'limits' | 'http' | 'places'> & { readonly log: Logger }

/** Pauses before a lane begins anew. */
const pauseMs = { first: 500, most: 60_000 }

export function createKeeper({ config, open }: LaneOrder, { log: logOfAll, ...shared }: Shared): Keeper {
  const { name } = config
  const log = name === null ? logOfAll : logOfAll.child({ lane: name })
  const backoff = createBackoff(pauseMs.first, pauseMs.most)
  const settled = Promise.withResolvers<void>()
  let without: 'starting' | 'down' | 'failed' = 'starting'
  let lane: Lane | undefined
  let registry = numbersOfNone(name)

  const live = async (signal: AbortSignal): Promise<void> => {
    const parts = await open(log)
    const numbers = emptyRegistry(name)
    try {
      const one = createLane({ ...parts, ...shared, config, log, registry: numbers })
      try {
        await one.prepare()
        ;[lane, registry] = [one, numbers]
        settled.resolve()
        await one.run(signal)
      } finally {
        ;[lane, registry] = [undefined, numbersOfNone(name)]
        await one.answered()
      }
    } finally {
      await parts.store.close()
    }
  }
  return {
    name,
    domain: config.rules.domain,
    get state() {
      return lane?.gate.state ?? without
    },
    get lane() {
      return lane
    },
    get registry() {
      return registry
    },
    settled: settled.promise,
    async run(signal) {
      while (!signal.aborted) {
        const startMs = performance.now()
        try {
          await live(signal)
        } catch (error) {
          if (name === null) throw error
          settled.resolve()
          const isFinal = error instanceof Fatal && error.exitCode === 1
          without = isFinal ? 'failed' : 'down'
          log.fatal(
            { err: error, code: storeErrorOf(error)?.code },
            isFinal ? 'the lane cannot go on' : 'the lane begins anew',
          )
          if (isFinal) throw error
          if (performance.now() - startMs > pauseMs.most) backoff.reset()
          await backoff.wait(signal).catch(() => undefined) // that it is over is seen above
        }
      }
    },
  }
}

/** The lane to which something is asked. @throws NotOpen while it does not answer */
export function laneOf({ lane, state }: Keeper): Lane {
  if (!lane) throw new NotOpen(state)
  return lane
}

function numbersOfNone(lane: string | null): Registry {
  const registry = emptyRegistry(lane)
  observeNothing(registry)
  return registry
}

function emptyRegistry(lane: string | null): Registry {
  const registry = new Registry()
  if (lane !== null) registry.setDefaultLabels({ lane })
  return registry
}
