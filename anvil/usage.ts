/**
 * Usage as gateways and job runners would report it: sessions with heartbeats, workloads, now and then a credit.
 * The same seed gives the same usage. Keeps books of its own, by simpler arithmetic than the ledger's, to hold against it.
 */
import type { Hex } from '../ledger/hex.ts'
import { prices } from './prices.ts'

const sessionsMax = 6
/** Well under the gap after which a session's time is not credited. */
const heartbeatWithinMs = 30_000

interface OpenSession {
  readonly id: string
  readonly payee: Hex
  readonly startMs: number
  lastMs: number
}

export interface UsageOptions {
  /** Distinguishes ids, and seeds the choices. */
  readonly reporter: number
  readonly payees: readonly Hex[]
  /** Whether this reporter may give credits. */
  readonly hasCredits: boolean
  /** The reporter's clock when it begins, unix ms. */
  readonly startMs: number
}

export interface Usage {
  /** The next event as a line for `bursar report`, without its end. With so many left, this one among them, all sessions end in time. */
  next(left?: number): string
  /** What the events so far are worth to each payee, wei. */
  earnings(): ReadonlyMap<Hex, bigint>
}

export function createUsage({ reporter, payees, hasCredits, startMs }: UsageOptions): Usage {
  const random = createRandom(reporter)
  const below = (n: number): number => Math.floor(random() * n)
  const sessions: OpenSession[] = []
  const earned = new Map<Hex, bigint>()
  let [nowMs, count] = [startMs, 0]

  const earn = (payee: Hex, wei: bigint): void => void earned.set(payee, (earned.get(payee) ?? 0n) + wei)
  const anyone = (): Hex => payees[below(payees.length)] as Hex
  const line = (event: object): string => JSON.stringify(event)
  const tick = (): string => {
    nowMs += 400 + below(1200)
    return `${reporter}-${count++}`
  }

  function start(id: string): string {
    const session = { id, payee: anyone(), startMs: nowMs, lastMs: nowMs }
    sessions.push(session)
    return line({ type: 'session_start', id, payee: session.payee, tariff: prices.session.name, at_ms: nowMs })
  }

  /** Of the session that was silent longest. */
  function heartbeat(): string {
    const session = sessions.shift() as OpenSession
    session.lastMs = nowMs
    sessions.push(session)
    return line({ type: 'session_heartbeat', id: session.id, at_ms: nowMs })
  }

  function end(): string {
    const { id, payee, startMs: from } = sessions.shift() as OpenSession
    earn(payee, sessionWei(nowMs - from))
    return line({ type: 'session_end', id, at_ms: nowMs })
  }

  function work(id: string): string {
    const [payee, units] = [anyone(), BigInt(100 + below(5000))]
    earn(payee, units * prices.workload.weiPerUnit)
    return line({ type: 'workload', id, payee, tariff: prices.workload.name, units: `${units}` })
  }

  function credit(id: string): string {
    const [payee, wei] = [anyone(), 10n ** 12n + BigInt(below(1e9))]
    earn(payee, wei)
    return line({ type: 'credit', id, payee, wei: `${wei}` })
  }

  return {
    next(left = Number.POSITIVE_INFINITY) {
      const id = tick()
      if (left <= sessions.length) return end()
      if (left === sessions.length + 1) return work(id)
      const choice = random()
      const silentMs = nowMs - (sessions[0]?.lastMs ?? nowMs)
      if (silentMs > heartbeatWithinMs) return heartbeat()
      if (choice < 0.15 && sessions.length < sessionsMax) return start(id)
      if (choice < 0.5 && sessions.length > 0) return heartbeat()
      if (choice < 0.6 && sessions.length > sessionsMax / 2) return end()
      return choice > 0.95 && hasCredits ? credit(id) : work(id)
    },
    earnings() {
      const all = new Map(earned)
      for (const { payee, startMs: from, lastMs } of sessions)
        all.set(payee, (all.get(payee) ?? 0n) + sessionWei(lastMs - from))
      return all
    },
  }
}

/** A session without gaps is worth its whole length, however often it was credited on the way. */
const sessionWei = (ms: number): bigint => (BigInt(ms) * prices.session.weiPerUnit) / prices.session.unitMs

/** Mulberry32: small, and the same everywhere. Numbers from 0 up to 1. */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
