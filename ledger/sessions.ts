/**
 * Sessions credit elapsed time by the reporter's own clock, in integers, the remainder carried to the next event.
 * An event that fits no session is odd: logged, named in the receipt, credits nothing.
 */
import { eventKind } from './config.ts'
import type { Session } from './state.ts'
import type { Event, Limits, Tariff } from './structs.ts'

/** Why an event credited nothing. */
export type Oddity = 'SESSION_ALREADY_OPEN' | 'SESSION_NOT_OPEN' | 'TIME_RAN_BACKWARDS' | 'TARIFF_GONE' | 'PAYEE_GONE'

export type SessionStep =
  | { readonly odd: 'TIME_RAN_BACKWARDS' }
  | { readonly odd?: never; readonly session: Session | undefined; readonly creditWei: bigint }

/** Whether a session has ended by silence, at its last event. */
export const isIdle = (session: Session, nowMs: bigint, limits: Limits): boolean =>
  nowMs - session.lastMs > limits.sessionIdleMs

/** What a heartbeat or an end makes of its session. Pure. */
export function decideSession(open: Session, event: Event, tariff: Tariff, limits: Limits): SessionStep {
  const nowMs = event.value
  if (nowMs < open.lastMs) return { odd: 'TIME_RAN_BACKWARDS' }

  const elapsedMs = nowMs - open.lastMs
  const due = elapsedMs > limits.sessionGapMs ? open.remainder : open.remainder + elapsedMs * tariff.weiPerUnit
  const session = { ...open, lastMs: nowMs, remainder: due % tariff.unitMs }
  return { session: event.kind === eventKind.sessionEnd ? undefined : session, creditWei: due / tariff.unitMs }
}
