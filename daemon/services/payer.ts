/** Asks the chain what there is to know before payouts are decided. */
import { type Hex, zeroHash } from '../../ledger/hex.ts'
import type { Chain } from '../chain/chain.ts'
import type { Books } from './books.ts'
import {
  type AccountNow,
  type Circumstances,
  type Debt,
  type Decision,
  decideDebts,
  decidePayouts,
  directsPerCommitMax,
  type LeftOut,
  ticketsPerCommitMax,
} from './decidePayouts.ts'
import type { Mirror } from './mirror.ts'
import { createPatience } from './patience.ts'

export interface PayerOptions {
  readonly chain: Pick<Chain, 'paid' | 'round' | 'isActive' | 'tryDirect' | 'balance' | 'room'>
  readonly mirror: Pick<Mirror, 'ledger'>
  readonly books: Pick<Books, 'of'>
}

export interface Plan extends Decision {
  /** Of which the tickets are; zeros where there is none. */
  readonly round: { readonly number: bigint; readonly blockHash: Hex }
}

export interface Payer {
  /** Decides the next payouts. @throws what the chain throws */
  plan(paymentsMax: number): Promise<Plan>
  /** Why payees were left out of the last plan. */
  readonly leftOut: ReadonlyMap<Hex, LeftOut>
}

export function createPayer({ chain, mirror, books }: PayerOptions): Payer {
  const patience = createPatience()
  let leftOut: ReadonlyMap<Hex, LeftOut> = new Map()

  const accounts = (): AccountNow[] =>
    [...mirror.ledger.accounts.values()].map(({ payee, index, balance: { earnedWei } }) => {
      const book = books.of(payee)
      return { payee, index, earnedWei, paidWei: book?.paidWei ?? 0n, lastTried: book?.lastTried ?? -1n }
    })

  /** Those who may be tried now, and those who failed too lately. */
  const sift = (due: readonly Debt[]) => {
    const now: Debt[] = []
    const later: LeftOut[] = []
    for (const debt of due) {
      const { payee, earnedWei, paidWei } = debt
      const book = books.of(payee)
      if (patience.mayTry(payee, book)) now.push(debt)
      else
        later.push({
          payee,
          owedWei: earnedWei - paidWei,
          reason: 'FAILED_RECENTLY',
          detail: book?.failure ?? 'unknown',
        })
    }
    return { now, later }
  }

  return {
    get leftOut() {
      return leftOut
    },
    async plan(paymentsMax) {
      const debts = decideDebts(mirror.ledger, accounts())
      const [round, balanceWei, roomWei] = await Promise.all([chain.round(), chain.balance(), chain.room()])
      const { now: tried, later } = sift(debts.due)
      const { due, objections } = await examine(chain, tried)
      const isRoundInitialized = round?.isInitialized && round.blockHash !== zeroHash
      const now: Circumstances = { isRoundInitialized, objections, balanceWei, roomWei, paymentsMax }
      const decided = decidePayouts(due, now)
      const all = [...debts.leftOut, ...later, ...decided.leftOut]
      leftOut = new Map(all.map((entry) => [entry.payee, entry]))
      const { number, blockHash } = round ?? { number: 0n, blockHash: zeroHash }
      return { payments: decided.payments, leftOut: all, round: { number, blockHash } }
    },
  }
}

/** What the chain says now about those due, for as many as may fill a commit; the others are let through to be counted. */
async function examine(chain: PayerOptions['chain'], due: readonly Debt[]) {
  const objections = new Map<Hex, Pick<LeftOut, 'reason' | 'detail'>>()
  const fresh: Debt[] = []
  const good = { tickets: 0, directs: 0 }
  for (let at = 0; at < due.length; at += directsPerCommitMax) {
    const isFull = good.tickets >= ticketsPerCommitMax && good.directs >= directsPerCommitMax
    const slice = due.slice(at, at + directsPerCommitMax)
    const judged = isFull ? slice : await refresh(chain, slice)
    fresh.push(...judged)
    if (isFull) continue
    const answers = await Promise.all(judged.map((debt) => objectionTo(chain, debt)))
    for (const [i, debt] of judged.entries()) {
      const objection = answers[i]
      if (objection) objections.set(debt.payee, objection)
      else if (debt.isTicket) good.tickets++
      else good.directs++
    }
  }
  return { due: fresh, objections }
}

/** With the contract's own registers in place of the books, which are behind it: a ticket is made for the exact difference. */
async function refresh(chain: PayerOptions['chain'], debts: readonly Debt[]): Promise<Debt[]> {
  const paid = await chain.paid(debts.map((debt) => debt.payee))
  return debts
    .map((debt, i) => ({ ...debt, paidWei: paid[i] ?? debt.paidWei }))
    .filter((debt) => debt.paidWei < debt.earnedWei)
}

async function objectionTo(
  chain: PayerOptions['chain'],
  debt: Debt,
): Promise<Pick<LeftOut, 'reason' | 'detail'> | undefined> {
  if (debt.isTicket) return (await chain.isActive(debt.payee)) ? undefined : { reason: 'ORCHESTRATOR_INACTIVE' }
  const detail = await chain.tryDirect(debt.payee, debt.earnedWei - debt.paidWei)
  return detail === undefined ? undefined : { reason: 'PAYEE_REFUSES', detail }
}
