/** Who is paid in the next commit, and why everyone else is not. Pure: what the chain says was asked before. */
import { rail } from '../../ledger/config.ts'
import type { Hex } from '../../ledger/hex.ts'
import { type Ledger, payeeRule } from '../../ledger/state.ts'
import { type Count, gasOfCommit } from './gas.ts'

export type Reason =
  | 'BELOW_MINIMUM'
  | 'FAILED_RECENTLY'
  | 'NO_ROUNDS_MANAGER'
  | 'ROUND_NOT_INITIALIZED'
  | 'ORCHESTRATOR_INACTIVE'
  | 'PAYEE_REFUSES'
  | 'TICKET_FAILS'
  | 'TREASURY_SHORT'
  | 'WINDOW_USED'
  | 'COMMIT_FULL'

/** A payee with money coming. */
export interface Debt {
  readonly payee: Hex
  readonly isTicket: boolean
  readonly earnedWei: bigint
  readonly paidWei: bigint
}

/** A debt as it is paid: whole, or as far as money goes. */
export interface Payment extends Debt {
  /** Cumulative, with this payment; above `paidWei`, at most `earnedWei`. */
  readonly totalWei: bigint
}

/** A payee that gets nothing now, or not all. */
export interface LeftOut {
  readonly payee: Hex
  readonly owedWei: bigint
  readonly reason: Reason
  /** What the chain said, where it said anything. */
  readonly detail?: string
}

export interface Decision {
  readonly payments: readonly Payment[]
  readonly leftOut: readonly LeftOut[]
}

export interface AccountNow {
  readonly payee: Hex
  /** Order in which accounts began. */
  readonly index: number
  readonly earnedWei: bigint
  readonly paidWei: bigint
  /** Counter of the commit that last tried to pay; -1 if none did. */
  readonly lastTried: bigint
  /** Whether that failed. */
  readonly hasFailed: boolean
  /** Log size at which this daemon first saw the debt. */
  readonly owedSince: number
}

/** Those who are owed enough to be paid, oldest debt first; but a payee that failed is behind all others. */
export function decideDebts(ledger: Ledger, accounts: readonly AccountNow[]): { due: Debt[]; leftOut: LeftOut[] } {
  const due: Debt[] = []
  const leftOut: LeftOut[] = []
  const byAge = [...accounts].sort(
    (a, b) =>
      Number(a.hasFailed) - Number(b.hasFailed) ||
      a.owedSince - b.owedSince ||
      Number(a.lastTried - b.lastTried) ||
      a.index - b.index,
  )
  for (const { payee, earnedWei, paidWei } of byAge) {
    const owedWei = earnedWei - paidWei
    if (owedWei <= 0n) continue
    const rule = payeeRule(ledger, payee)
    if (owedWei < rule.minimumWei) leftOut.push({ payee, owedWei, reason: 'BELOW_MINIMUM' })
    else due.push({ payee, earnedWei, paidWei, isTicket: rule.rail === rail.ticket })
  }
  return { due, leftOut }
}

export interface Circumstances {
  /** Undefined where no RoundsManager is configured. */
  readonly isRoundInitialized: boolean | undefined
  /** Why a payee cannot be paid just now, by what the chain said. */
  readonly objections: ReadonlyMap<Hex, Pick<LeftOut, 'reason' | 'detail'>>
  readonly balanceWei: bigint
  /** What the contract's window still lets go. */
  readonly roomWei: bigint
  /** At most so many payments in all, after a commit that reverted. */
  readonly paymentsMax: number
  /** What the worst case of all payments together may take. */
  readonly gasMax: bigint
}

/**
 * Fills the next commit from those due, in their order. Where money is short, the first that it does not suffice for gets
 * what is left, and nobody behind it anything: small debts must not keep a large one waiting for ever.
 */
export function decidePayouts(due: readonly Debt[], now: Circumstances): Decision {
  const payments: Payment[] = []
  const leftOut: LeftOut[] = []
  let count: Count = { tickets: 0, directs: 0 }
  let leftWei = least(now.balanceWei, now.roomWei)
  for (const debt of due) {
    const owedWei = debt.earnedWei - debt.paidWei
    const leaveOut = (restWei: bigint, why: Why): void => {
      leftOut.push({ payee: debt.payee, owedWei: restWei, ...why })
    }
    const next = debt.isTicket ? { ...count, tickets: count.tickets + 1 } : { ...count, directs: count.directs + 1 }
    const isFull = payments.length >= now.paymentsMax || gasOfCommit(next) > now.gasMax
    const objection = objectionTo(debt, now) ?? (isFull ? { reason: 'COMMIT_FULL' } : undefined)
    if (objection) {
      leaveOut(owedWei, objection)
      continue
    }
    const amountWei = least(owedWei, leftWei)
    leftWei -= amountWei
    if (amountWei > 0n) {
      payments.push({ ...debt, totalWei: debt.paidWei + amountWei })
      count = next
    }
    if (amountWei < owedWei) leaveOut(owedWei - amountWei, { reason: shortage(now) })
  }
  return { payments, leftOut }
}

type Why = Pick<LeftOut, 'reason' | 'detail'>

const shortage = ({ balanceWei, roomWei }: Circumstances): Reason =>
  balanceWei <= roomWei ? 'TREASURY_SHORT' : 'WINDOW_USED'

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b)

function objectionTo({ payee, isTicket }: Debt, { isRoundInitialized, objections }: Circumstances): Why | undefined {
  if (isTicket && isRoundInitialized === undefined) return { reason: 'NO_ROUNDS_MANAGER' }
  if (isTicket && !isRoundInitialized) return { reason: 'ROUND_NOT_INITIALIZED' }
  return objections.get(payee)
}
