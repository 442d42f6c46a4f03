/** Names every difference between the books, with a kind out of a closed list and words. Pure. */
import type { Discrepancy } from '../../client/api.ts'
import type { Hex } from '../../ledger/hex.ts'
import type { CommonBook, PayeeBook } from './books.ts'

/** What all books say of one payee. */
export interface PayeeFacts {
  readonly payee: Hex
  /** By the ledger; 0 for a payee that it does not know. */
  readonly earnedWei: bigint
  /** What the batches in the store brought it. */
  readonly gainedWei: bigint
  /** The contract's register. */
  readonly paidWei: bigint
  /** What of it left by commits that an admit took back. */
  readonly struckWei: bigint
  readonly book: Readonly<PayeeBook> | undefined
  /** Why the payer left it out, in words. */
  readonly leftOut: string | undefined
}

export interface AllFacts {
  readonly facts: readonly PayeeFacts[]
  readonly common: Readonly<CommonBook>
  readonly totalEarnedWei: bigint
  /** The contract's. */
  readonly totalPaidWei: bigint
}

/** Everything that is not simply paid in full, of each payee and in total. */
export function decideAll(all: AllFacts): Discrepancy[] {
  return [...all.facts.flatMap(ofPayee), ...ofTotals(all), ...ofDeposit(all)]
}

function ofPayee({ payee, earnedWei, gainedWei, paidWei, struckWei, book, leftOut }: PayeeFacts): Discrepancy[] {
  const { found, add } = listing(payee)
  const { ticketsWei = 0n, creditedWei = 0n, claimedWei = 0n, exitedWei = 0n, exitedTotalWei = 0n } = book ?? {}
  const eventsWei = book?.paidWei ?? 0n
  const odd = (code: string, detail: string, amountWei: bigint) => add('unexplained', code, detail, amountWei)
  odd('EARNED_DIFFERS', 'the stored batches do not add up to what was earned', distance(gainedWei, earnedWei))
  const excessWei = above(paidWei, earnedWei)
  odd('PAID_ABOVE_EARNED', 'more was paid than was earned', excessWei - struckWei)
  add(
    'struck',
    'PAID_BY_STRUCK',
    'paid by commits that an admit took back: it counts as lost',
    least(excessWei, struckWei),
  )
  odd('PAID_EVENTS_DIFFER', 'the events do not add up to the register', distance(eventsWei, paidWei))
  odd('EXIT_EVENTS_DIFFER', 'the exits do not add up to the last of them', distance(exitedWei, exitedTotalWei))
  odd('TICKETS_DIFFER', 'the broker credited less than was paid by ticket', ticketsWei - creditedWei)
  add('gift', 'TICKET_FROM_GIFT', "a ticket drew on a stranger's money at the broker", creditedWei - ticketsWei)
  add('claimed', 'CLAIMED', 'the payee took it from the contract itself', claimedWei)
  add('exited', 'EXITED', 'the payee took it from the contract after the freeze', exitedWei)
  const owedWei = earnedWei - paidWei - exitedWei
  if (book?.failure !== undefined) add('failed', 'PAYMENT_FAILED', book.failure, owedWei)
  else add('pending', 'PENDING', leftOut ?? 'to be paid with the next commits', owedWei)
  return found
}

function ofTotals({ facts, common, totalEarnedWei, totalPaidWei }: AllFacts): Discrepancy[] {
  const { found, add } = listing(null)
  const earnedWei = sumOf(facts, (entry) => entry.earnedWei)
  // What left by commits that were struck out counts as lost, not as paid.
  const paidWei = sumOf(facts, (entry) => entry.paidWei) - common.lostWei
  const odd = (code: string, detail: string, amountWei: bigint) => add('unexplained', code, detail, amountWei)
  odd('TOTAL_EARNED_DIFFERS', 'the accounts do not add up to what all have earned', distance(earnedWei, totalEarnedWei))
  odd('TOTAL_PAID_DIFFERS', 'the registers do not add up to what the treasury paid', distance(paidWei, totalPaidWei))
  add('struck', 'PAID_AND_STRUCK', 'left by commits that an admit took back: it counts as lost', common.lostWei)
  return found
}

/**
 * The contract funds the core's deposit at the broker with exactly what its tickets draw, in one frame. What is more was put
 * there by strangers, some of it perhaps before the key was anyone's committer; only that can be drawn beside the contract.
 */
function ofDeposit({ facts, common: { fundedWei } }: AllFacts): Discrepancy[] {
  const { found, add } = listing(null)
  const giftWei = fundedWei - sumOf(facts, ({ book }) => book?.ticketsWei ?? 0n)
  add('gift', 'DEPOSIT_GIFT', "a stranger put money on the core's deposit at the broker", giftWei)
  add('unexplained', 'DEPOSIT_MISSING', 'tickets were paid that nobody funded', -giftWei)
  return found
}

/** Only what amounts to something is added. */
function listing(payee: Hex | null) {
  const found: Discrepancy[] = []
  const add = (kind: Discrepancy['kind'], code: string, detail: string, amountWei: bigint): void => {
    if (amountWei > 0n) found.push({ kind, code, detail: detail.slice(0, 300), payee, amountWei })
  }
  return { found, add }
}

const sumOf = (facts: readonly PayeeFacts[], of: (entry: PayeeFacts) => bigint): bigint =>
  facts.reduce((total, entry) => total + of(entry), 0n)
const least = (a: bigint, b: bigint): bigint => (a < b ? a : b)
/** By how much `a` is more than `b`, if it is. */
const above = (a: bigint, b: bigint): bigint => (a > b ? a - b : 0n)
const distance = (a: bigint, b: bigint): bigint => (a > b ? a - b : b - a)
