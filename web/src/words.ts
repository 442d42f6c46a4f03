/** Numbers as people read them. Amounts are exact: a rounded sum that a payee cannot find again is a complaint. */
import { ether as exactEther } from '../../client/ether.ts'
import type { Hex } from '../../ledger/hex.ts'

/** Wei as ether, every digit that is not a trailing zero, the whole of it in groups. */
export function ether(wei: bigint): string {
  const [whole = '', fraction] = exactEther(wei).split('.')
  return fraction === undefined ? grouped(whole) : `${grouped(whole)}.${fraction}`
}

/** 1234567 -> 1 234 567, with a space that does not break. */
export const grouped = (value: bigint | number | string): string => `${value}`.replace(/\B(?=(\d{3})+$)/g, '\u202f')

/** 0x1234...abcd. */
export const short = (hex: Hex): string => `${hex.slice(0, 8)}…${hex.slice(-6)}`

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })
const steps: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
]

/** How long ago, or ahead, a moment is. Both in seconds since 1970. */
export function ago(seconds: number, now = Date.now() / 1000): string {
  const distance = Math.round(seconds - now)
  const [unit, length] = steps.find(([, length]) => Math.abs(distance) >= length) ?? (['second', 1] as const)
  return relative.format(Math.trunc(distance / length), unit)
}

/** Where a transaction can be looked at by others' eyes; undefined on a chain that has no such place. */
export function explorerOf(chainId: bigint): string | undefined {
  if (chainId === 42_161n) return 'https://arbiscan.io'
  return chainId === 421_614n ? 'https://sepolia.arbiscan.io' : undefined
}

const exact = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' })

/** A moment in the visitor's own zone. Seconds since 1970. */
export const moment = (seconds: number): string => exact.format(seconds * 1000)

/** Why a payee was left out of a payout, as the daemon names it: to the payee, and to the operator. */
export const waits: Readonly<Record<string, string>> = {
  BELOW_MINIMUM: 'less is owed than is paid at a time',
  FAILED_RECENTLY: 'the last payment failed, so it is tried again a little later',
  NO_ROUNDS_MANAGER: 'the operator has not set up payments by Livepeer ticket',
  ROUND_NOT_INITIALIZED: "Livepeer's round has not begun yet",
  ORCHESTRATOR_INACTIVE: 'this address is no active Livepeer orchestrator now, and only those can be paid by ticket',
  PAYEE_REFUSES: 'the contract at this address refuses to take ETH',
  TICKET_FAILS: 'Livepeer would refuse the ticket',
  TREASURY_SHORT: 'there is not enough money in the treasury',
  WINDOW_USED: 'as much as may leave the treasury at a time has left it',
  COMMIT_FULL: 'this payout is full, and the next one follows',
}
