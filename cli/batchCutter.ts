/** Cuts the stream of usage into batches: as many events as a batch may hold, or what came within the flush time. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Event } from '../ledger/structs.ts'
import { Fault } from './fault.ts'
import type { InputPlace, InputReader } from './inputPlace.ts'
import { readUsageLine } from './usageLine.ts'

export interface Cut {
  readonly events: readonly Event[]
  /** Where the input stands behind the batch's last line. */
  readonly place: InputPlace
}

export interface CutterOptions {
  readonly lines: AsyncIterator<string, undefined>
  readonly input: InputReader
  readonly eventsMax: number
  /** How long the first event of a batch waits for more. */
  readonly flushMs: number
  /** Called for a line that is left out; without it such a line is a fault. */
  readonly skip: ((fault: Fault) => void) | undefined
  readonly signal: AbortSignal
}

type Next = IteratorResult<string, undefined> | 'cut'

/** Ends with the input, or when the signal comes, with what was read until then. @throws Fault `BAD_LINE`, `INPUT_CHANGED` */
export async function* cutBatches(options: CutterOptions): AsyncGenerator<Cut, undefined> {
  const { lines, input, eventsMax, flushMs, skip, signal } = options
  const stopped = new Promise<'cut'>((resolve) => {
    if (signal.aborted) resolve('cut')
    signal.addEventListener('abort', () => resolve('cut'), { once: true })
  })
  let upcoming: Promise<Next> | undefined
  let hasEnded = false

  while (!hasEnded && !signal.aborted) {
    const events: Event[] = []
    const timer = new AbortController()
    let flush: Promise<'cut'> | undefined
    while (events.length < eventsMax) {
      upcoming ??= lines.next()
      const next: Next = await Promise.race(flush ? [stopped, upcoming, flush] : [stopped, upcoming])
      if (next === 'cut') break
      upcoming = undefined
      if (next.done) {
        input.end()
        hasEnded = true
        break
      }
      const event = takeLine(next.value, input, skip)
      if (!event) continue
      events.push(event)
      flush ??= until(flushMs, timer.signal)
    }
    timer.abort()
    if (events.length > 0) yield { events, place: input.place as InputPlace }
  }
}

function takeLine(line: string, input: InputReader, skip: CutterOptions['skip']): Event | undefined {
  const isNew = input.take(line)
  if (!isNew || line.trim() === '') return undefined
  const { event, fault } = readUsageLine(line)
  if (event) return event
  const bad = new Fault('BAD_LINE', `line ${input.place?.lines}: ${fault}`, {
    next: 'correct the line and run again: lines before it are not sent twice; or leave such lines out with --skip-bad',
    exitCode: 2,
  })
  if (!skip) throw bad
  skip(bad)
  return undefined
}

async function until(ms: number, signal: AbortSignal): Promise<'cut'> {
  try {
    await sleep(ms, undefined, { signal })
  } catch (error) {
    if (!signal.aborted) throw error
  }
  return 'cut'
}
