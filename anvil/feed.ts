/** Gives the reporters their usage at a steady pace. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Hex } from '../ledger/hex.ts'
import type { Reporter } from './reporter.ts'
import { createUsage, type Usage } from './usage.ts'
import type { World } from './world.ts'

const tickMs = 100

export interface Feed {
  /** Events given so far. */
  readonly events: number
  /** Gives about so many events a second, until the signal aborts. */
  runEndless(eventsPerSecond: number, signal: AbortSignal): Promise<never>
  /** Gives exactly so many events, all sessions ended, and waits until all are acknowledged. Waits for `onTick` after each tick. */
  runExactly(events: number, eventsPerSecond: number, onTick: () => Promise<void>, signal: AbortSignal): Promise<void>
  /** What the events so far are worth to each payee, wei. */
  earnings(): Map<Hex, bigint>
  stop(): Promise<void>
}

interface Stream {
  readonly usage: Usage
  readonly reporter: Reporter
}

/** Starts the reporters, which have nothing to do yet. */
export function startFeed({ reporters, payees, startReporter }: World): Feed {
  const addresses = payees.map(({ address }) => address)
  const streams: Stream[] = reporters.map((place, reporter) => ({
    usage: createUsage({ reporter, payees: addresses, hasCredits: place.hasCredits, startMs: Date.now() }),
    reporter: startReporter(place),
  }))
  let events = 0

  const give = ({ usage, reporter }: Stream, left?: number): void => {
    reporter.send(usage.next(left))
    events++
  }

  return {
    get events() {
      return events
    },

    async runEndless(eventsPerSecond, signal) {
      const each = Math.ceil((eventsPerSecond * tickMs) / 1000 / streams.length)
      for (;;) {
        await delay(tickMs, undefined, { signal })
        for (const stream of streams) for (let i = 0; i < each; i++) give(stream)
      }
    },

    async runExactly(total, eventsPerSecond, onTick, signal) {
      const each = Math.ceil((eventsPerSecond * tickMs) / 1000 / streams.length)
      const left = streams.map((_, index) => Math.floor((total + index) / streams.length))
      while (left.some((rest) => rest > 0)) {
        await delay(tickMs, undefined, { signal })
        for (const [index, stream] of streams.entries()) {
          const rest = left[index] ?? 0
          for (let i = 0; i < Math.min(each, rest); i++) give(stream, rest - i)
          left[index] = Math.max(0, rest - each)
        }
        await onTick()
      }
      // A reporter that is down for good ends the run by the signal: it would never have finished.
      const aborted = Promise.withResolvers<never>()
      signal.addEventListener('abort', () => aborted.reject(signal.reason), { once: true })
      signal.throwIfAborted()
      await Promise.race([aborted.promise, Promise.all(streams.map(({ reporter }) => reporter.finish()))])
    },

    earnings() {
      const all = new Map<Hex, bigint>()
      for (const { usage } of streams)
        for (const [payee, wei] of usage.earnings()) all.set(payee, (all.get(payee) ?? 0n) + wei)
      return all
    },

    stop: async () => void (await Promise.all(streams.map(({ reporter }) => reporter.stop()))),
  }
}
