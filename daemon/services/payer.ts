/** Asks the chain what there is to know before payouts are decided. */
import { type Hex, zeroHash } from '../../ledger/hex.ts'
import { paymentsPerCommitMax } from '../../protocol/messages.ts'
import type { Chain, Round } from '../chain/chain.ts'
import type { Books } from './books.ts'
import { type AccountNow, type Debt, type Decision, decideDebts, decidePayouts, type LeftOut } from './decidePayouts.ts'
import { type Count, fetchGasMax, gasOfCommit } from './gas.ts'
import type { Caps } from './hints.ts'
import type { Mirror } from './mirror.ts'
import { createPatience } from './patience.ts'

/** Payees that are asked about together: as many tickets as fill a commit. */
const payeesPerQuestion = 60

export interface PayerOptions {
  readonly chain: Pick<Chain, 'paid' | 'round' | 'isActive' | 'tryDirect' | 'tryTicket' | 'balance' | 'room' | 'l1Gas'>
  readonly mirror: Pick<Mirror, 'ledger' | 'tree'>
  readonly books: Pick<Books, 'of'>
  /** Those in force: a new configuration may change them. */
  readonly caps: () => Caps
}

export interface Plan extends Decision {
  /** Of which the tickets are; zeros where there is none. */
  readonly round: { readonly number: bigint; readonly blockHash: Hex }
  readonly balanceWei: bigint
  readonly roomWei: bigint
  /** The worst case of these payments. */
  readonly gas: bigint
}

export interface Payer {
  /** Decides the next payouts. @throws what the chain throws */
  plan(paymentsMax: number): Promise<Plan>
  /** What `plan` would decide now, and nothing else. @throws what the chain throws */
  dryRun(): Promise<Plan>
  /** Why payees were left out of the last plan. */
  readonly leftOut: ReadonlyMap<Hex, LeftOut>
  /** When whoever decides will do so next, ms since 1970: payees are told. Undefined where another process leads. */
  nextAtMs: number | undefined
}

type MayTry = (payee: Hex) => boolean

export function createPayer({ chain, mirror, books, caps }: PayerOptions): Payer {
  const patience = createPatience()
  const owedSince = new Map<Hex, number>()
  let leftOut: ReadonlyMap<Hex, LeftOut> = new Map()

  const accounts = (): AccountNow[] =>
    [...mirror.ledger.accounts.values()].map(({ payee, index, balance: { earnedWei } }) => {
      const book = books.of(payee)
      const { paidWei = 0n, lastTried = -1n } = book ?? {}
      if (earnedWei <= paidWei) owedSince.delete(payee)
      else if (!owedSince.has(payee)) owedSince.set(payee, mirror.tree.size)
      const age = { owedSince: owedSince.get(payee) ?? 0, hasFailed: book?.failure !== undefined }
      return { payee, index, earnedWei, paidWei, lastTried, ...age }
    })

  const failedRecently = ({ payee, earnedWei, paidWei }: Debt): LeftOut => {
    const detail = books.of(payee)?.failure ?? 'unknown'
    return { payee, owedWei: earnedWei - paidWei, reason: 'FAILED_RECENTLY', detail }
  }

  const decide = async (paymentsMax: number, mayTry: MayTry): Promise<Plan> => {
    const debts = decideDebts(mirror.ledger, accounts())
    const [round, balanceWei, roomWei, gasMax] = await Promise.all([
      chain.round(),
      chain.balance(),
      chain.room(),
      fetchGasMax(chain, caps()),
    ])
    const [tried, later]: [Debt[], LeftOut[]] = [[], []]
    for (const debt of debts.due) {
      if (mayTry(debt.payee)) tried.push(debt)
      else later.push(failedRecently(debt))
    }
    const isRoundInitialized = round?.isInitialized && round.blockHash !== zeroHash
    const now = { round: isRoundInitialized ? round : undefined, balanceWei, gasMax }
    const { due, objections } = await examine(chain, tried, now)
    const decided = decidePayouts(due, { isRoundInitialized, objections, balanceWei, roomWei, paymentsMax, gasMax })
    const { number, blockHash } = round ?? { number: 0n, blockHash: zeroHash }
    return {
      payments: decided.payments,
      leftOut: [...debts.leftOut, ...later, ...decided.leftOut],
      round: { number, blockHash },
      balanceWei,
      roomWei,
      gas: gasOfCommit(countOf(decided.payments)),
    }
  }

  return {
    nextAtMs: undefined,
    get leftOut() {
      return leftOut
    },
    async plan(paymentsMax) {
      const plan = await decide(paymentsMax, (payee) => patience.mayTry(payee, books.of(payee)))
      leftOut = new Map(plan.leftOut.map((entry) => [entry.payee, entry]))
      return plan
    },
    dryRun: () => decide(paymentsPerCommitMax, (payee) => patience.wouldTry(payee, books.of(payee))),
  }
}

export function countOf(payments: readonly Pick<Debt, 'isTicket'>[]): Count {
  const tickets = payments.filter((payment) => payment.isTicket).length
  return { tickets, directs: payments.length - tickets }
}

type Objection = Pick<LeftOut, 'reason' | 'detail'>

interface Now {
  /** In which tickets can be redeemed now; undefined where there is none. */
  readonly round: Round | undefined
  readonly balanceWei: bigint
  /** What the payments of one commit may need. */
  readonly gasMax: bigint
}

/** What the chain says now about those due, for as many as may fill a commit; the others are let through to be counted. */
async function examine(
  chain: PayerOptions['chain'],
  due: readonly Debt[],
  now: Now,
): Promise<{ due: Debt[]; objections: Map<Hex, Objection> }> {
  const objections = new Map<Hex, Objection>()
  const fresh: Debt[] = []
  const good: Debt[] = []
  for (let at = 0; at < due.length; at += payeesPerQuestion) {
    const slice = due.slice(at, at + payeesPerQuestion)
    const isFull = gasOfCommit(countOf([...good, ...slice.slice(0, 1)])) > now.gasMax
    const judged = isFull ? slice : await refresh(chain, slice)
    fresh.push(...judged)
    if (isFull) continue
    const answers = await Promise.all(judged.map((debt) => objectionTo(chain, debt, now)))
    for (const [i, debt] of judged.entries()) {
      const objection = answers[i]
      if (objection) objections.set(debt.payee, objection)
      else good.push(debt)
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
  { payee, isTicket, earnedWei, paidWei }: Debt,
  { round, balanceWei }: Now,
): Promise<Objection | undefined> {
  const owedWei = earnedWei - paidWei
  if (!isTicket) {
    // No more than there is: that the treasury is short is nothing against the payee.
    const detail = await chain.tryDirect(payee, owedWei < balanceWei ? owedWei : balanceWei)
    return detail === undefined ? undefined : { reason: 'PAYEE_REFUSES', detail }
  }
  if (!round) return undefined // no ticket is made at all, and that is the reason given
  if (!(await chain.isActive(payee))) return { reason: 'ORCHESTRATOR_INACTIVE' }
  const detail = await chain.tryTicket(payee, owedWei, round.number)
  return detail === undefined ? undefined : { reason: 'TICKET_FAILS', detail }
}
