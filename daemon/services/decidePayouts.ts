/** Who is paid in the next commit, and why everyone else is not. Pure: what the chain says was asked before. */
import { rail } from '../../ledger/config.ts'
import type { Hex } from '../../ledger/hex.ts'
import { type Ledger, payeeRule } from '../../ledger/state.ts'

/**
 * What a transaction on Arbitrum holds when every payment is cold and succeeds. Where so many fail that it does not, the
 * commit reverts as a whole, and the next one has fewer: see `paymentsMax`.
 */
export const ticketsPerCommitMax = 60
export const directsPerCommitMax = 100

export type Reason =
  | 'BELOW_MINIMUM'
  | 'FAILED_RECENTLY'
  | 'NO_ROUNDS_MANAGER'
  | 'ROUND_NOT_INITIALIZED'
  | 'ORCHESTRATOR_INACTIVE'
  | 'PAYEE_REFUSES'
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

export interface LeftOut {
  readonly payee: Hex
  readonly owedWei: bigint
  readonly reason: Reason
  /** What the chain said, where it said anything. */
  readonly detail?: string
}

export interface Decision {
  readonly payments: readonly Debt[]
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
}

/** Those who are owed enough to be paid, longest untried first: so that a payee that always fails is behind all others. */
export function decideDebts(ledger: Ledger, accounts: readonly AccountNow[]): { due: Debt[]; leftOut: LeftOut[] } {
  const due: Debt[] = []
  const leftOut: LeftOut[] = []
  const byAge = [...accounts].sort((a, b) => Number(a.lastTried - b.lastTried) || a.index - b.index)
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
}

/** Fills the next commit from those due, in their order. */
export function decidePayouts(due: readonly Debt[], now: Circumstances): Decision {
  const payments: Debt[] = []
  const leftOut: LeftOut[] = []
  const count = { tickets: 0, directs: 0 }
  const left = { balanceWei: now.balanceWei, roomWei: now.roomWei }
  for (const debt of due) {
    const owedWei = debt.earnedWei - debt.paidWei
    const why = objectionTo(debt, now) ?? limitFor(debt, now, { ...count, ...left, payments: payments.length })
    if (why) {
      leftOut.push({ payee: debt.payee, owedWei, ...why })
      continue
    }
    payments.push(debt)
    if (debt.isTicket) count.tickets++
    else count.directs++
    left.balanceWei -= owedWei
    left.roomWei -= owedWei
  }
  return { payments, leftOut }
}

type Why = Pick<LeftOut, 'reason' | 'detail'>

function objectionTo({ payee, isTicket }: Debt, { isRoundInitialized, objections }: Circumstances): Why | undefined {
  if (isTicket && isRoundInitialized === undefined) return { reason: 'NO_ROUNDS_MANAGER' }
  if (isTicket && !isRoundInitialized) return { reason: 'ROUND_NOT_INITIALIZED' }
  return objections.get(payee)
}

function limitFor(
  { isTicket, earnedWei, paidWei }: Debt,
  { paymentsMax }: Circumstances,
  so: Record<'tickets' | 'directs' | 'payments', number> & Record<'balanceWei' | 'roomWei', bigint>,
): Why | undefined {
  if (earnedWei - paidWei > so.balanceWei) return { reason: 'TREASURY_SHORT' }
  if (earnedWei - paidWei > so.roomWei) return { reason: 'WINDOW_USED' }
  const isRailFull = isTicket ? so.tickets >= ticketsPerCommitMax : so.directs >= directsPerCommitMax
  return isRailFull || so.payments >= paymentsMax ? { reason: 'COMMIT_FULL' } : undefined
}
