/** What a monitor can find, in two kinds that are never mixed: what must never be, and what keeps people waiting. */
import type { AuditCode } from '../../client/audit/auditor.ts'
import type { Facts } from '../../ledger/refusal.ts'

/** Liveness: it may pass by itself. Each is an alarm to wake the operator, none a proof of anything. */
export const livenessCodes = [
  'NODE_UNREACHABLE',
  'DAEMON_UNREACHABLE',
  'DAEMON_BEHIND',
  'EPOCH_NOT_OPEN',
  'ATTESTATION_NOT_CHECKED',
  'NO_ANCHOR',
  'SILENCE_RUNNING_OUT',
  'PAYOUT_STUCK',
] as const

/** Safety: each is a fact that stays, with evidence. Beside these, every code of an audit, and of a lie that a check proves. */
export const safetyCodes = [
  'LOG_FORKED',
  'LOG_SHRANK',
  'HEAD_NOT_SIGNED',
  'ENTRY_INVALID',
  'ROOT_DOES_NOT_REPLAY',
  'COMMIT_OUT_OF_ORDER',
  'UNKNOWN_PAYMENT',
  'PAID_ABOVE_EARNED',
  'TOTAL_PAID_DIFFERS',
  'UNADMITTED_CONFIGURATION',
  'INSOLVENT',
  'FROZEN',
  'ATTESTATION_FORGED',
  'MEASUREMENT_CHANGED',
  'CONFIGURATION_CHANGED',
  'COMMITTER_CHANGED',
] as const satisfies readonly (AuditCode | string)[]

export type MonitorCode = (typeof livenessCodes)[number] | (typeof safetyCodes)[number]

export interface MonitorFinding {
  readonly kind: 'safety' | 'liveness'
  readonly code: MonitorCode
  readonly said: string
  readonly facts: Facts
}

const isSafety = (code: MonitorCode): boolean => (safetyCodes as readonly string[]).includes(code)

export const finding = (code: MonitorCode, said: string, facts: Facts = {}): MonitorFinding => ({
  kind: isSafety(code) ? 'safety' : 'liveness',
  code,
  said,
  facts,
})
