/**
 * Holds all books against each other: what the ledger says was earned, the contract's registers, its events, and the
 * broker's. Every difference gets a code and words; `unexplained` is the kind that must never occur.
 */
import type { Discrepancy, ReconciliationAnswer } from '../../client/api.ts'
import type { Hex } from '../../ledger/hex.ts'
import type { Chain } from '../chain/chain.ts'
import type { Books, PayeeBook } from './books.ts'
import type { Mirror } from './mirror.ts'
import type { Payer } from './payer.ts'

/** Registers asked for in one go. */
const payeesPerRead = 100

export interface ReconcilerOptions {
  readonly chain: Pick<Chain, 'paid' | 'totalPaid'>
  readonly mirror: Pick<Mirror, 'ledger'>
  readonly books: Books
  readonly payer: Pick<Payer, 'leftOut'>
}

export interface Reconciler {
  /** @throws what the chain throws */
  reconcile(): Promise<ReconciliationAnswer>
}

/** What all books say of one payee. */
export interface PayeeFacts {
  readonly payee: Hex
  /** By the ledger; 0 for a payee that it does not know. */
  readonly earnedWei: bigint
  /** The contract's register. */
  readonly paidWei: bigint
  readonly book: Readonly<PayeeBook> | undefined
  /** Why the payer left it out, in words. */
  readonly leftOut: string | undefined
}

export function createReconciler(options: ReconcilerOptions): Reconciler {
  let running: Promise<ReconciliationAnswer> | undefined
  return {
    // Whoever asks while it runs gets the same answer: asking often costs nothing.
    reconcile() {
      running ??= reconcile(options).finally(() => {
        running = undefined
      })
      return running
    },
  }
}

async function reconcile({ chain, mirror, books, payer }: ReconcilerOptions): Promise<ReconciliationAnswer> {
  const { block } = books
  const { accounts, totalEarnedWei } = mirror.ledger
  // All of the ledger and the books as they are at this moment; only the chain is asked afterwards, at the same block.
  const known = [...new Set([...accounts.keys(), ...[...books.all()].map(([payee]) => payee)])].map((payee) => ({
    payee,
    earnedWei: accounts.get(payee)?.balance.earnedWei ?? 0n,
    book: books.of(payee) && { ...(books.of(payee) as PayeeBook) },
    leftOut: wordsFor(payer, payee),
  }))
  if (block === undefined)
    return summary({
      facts: known.map((entry) => ({ ...entry, paidWei: 0n })),
      totalEarnedWei,
      totalPaidWei: 0n,
      block: 0,
    })

  const facts: PayeeFacts[] = []
  for (let at = 0; at < known.length; at += payeesPerRead) {
    const slice = known.slice(at, at + payeesPerRead)
    const paid = await chain.paid(
      slice.map((entry) => entry.payee),
      block,
    )
    facts.push(...slice.map((entry, i) => ({ ...entry, paidWei: paid[i] ?? 0n })))
  }
  return summary({ facts, totalEarnedWei, totalPaidWei: await chain.totalPaid(block), block })
}

interface AllFacts {
  readonly facts: readonly PayeeFacts[]
  readonly totalEarnedWei: bigint
  readonly totalPaidWei: bigint
  readonly block: number
}

function summary({ facts, totalEarnedWei, totalPaidWei, block }: AllFacts): ReconciliationAnswer {
  const sum = (of: (entry: PayeeFacts) => bigint): bigint => facts.reduce((total, entry) => total + of(entry), 0n)
  const discrepancies = facts.flatMap(decideDiscrepancies)
  const differ = (code: string, words: string, a: bigint, b: bigint): void => {
    if (a !== b)
      discrepancies.push({ kind: 'unexplained', code, detail: words, payee: null, amountWei: distance(a, b) })
  }
  const earnedWei = sum((entry) => entry.earnedWei)
  const paidWei = sum((entry) => entry.paidWei)
  differ('TOTAL_EARNED_DIFFERS', 'the accounts do not add up to what all have earned', earnedWei, totalEarnedWei)
  differ('TOTAL_PAID_DIFFERS', 'the registers do not add up to what the treasury says it paid', paidWei, totalPaidWei)
  const owedWei = sum(({ earnedWei: earned, paidWei: paid }) => (earned > paid ? earned - paid : 0n))
  const accounts = facts.filter((entry) => entry.earnedWei > 0n).length
  return { discrepancies, accounts, earnedWei, paidWei, owedWei, checkedAtBlock: BigInt(block) }
}

/** Everything about one payee that is not simply paid in full. Pure. */
export function decideDiscrepancies({ payee, earnedWei, paidWei, book, leftOut }: PayeeFacts): Discrepancy[] {
  const found: Discrepancy[] = []
  const add = (kind: Discrepancy['kind'], code: string, detail: string, amountWei: bigint): void => {
    found.push({ kind, code, detail: detail.slice(0, 300), payee, amountWei })
  }
  const eventsWei = book?.paidWei ?? 0n
  const ticketsWei = book?.ticketsWei ?? 0n
  const creditedWei = book?.creditedWei ?? 0n
  if (paidWei > earnedWei) add('unexplained', 'PAID_ABOVE_EARNED', 'more was paid than was earned', paidWei - earnedWei)
  if (eventsWei !== paidWei)
    add('unexplained', 'PAID_EVENTS_DIFFER', 'the events do not add up to the register', distance(eventsWei, paidWei))
  if (ticketsWei !== creditedWei)
    add(
      'unexplained',
      'TICKETS_DIFFER',
      'what the broker credited is not what the treasury paid by ticket',
      distance(ticketsWei, creditedWei),
    )
  const owedWei = earnedWei - paidWei
  if (owedWei > 0n && book?.failure !== undefined) add('failed', 'PAYMENT_FAILED', book.failure, owedWei)
  else if (owedWei > 0n) add('pending', 'PENDING', leftOut ?? 'to be paid with the next commits', owedWei)
  return found
}

function wordsFor({ leftOut }: Pick<Payer, 'leftOut'>, payee: Hex): string | undefined {
  const entry = leftOut.get(payee)
  return entry && (entry.detail === undefined ? entry.reason : `${entry.reason}: ${entry.detail}`)
}

const distance = (a: bigint, b: bigint): bigint => (a > b ? a - b : b - a)
