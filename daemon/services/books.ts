/** What the chain's events say about each payee. A projection of the stored events: it can always be made again from them. */
import type { Hex } from '../../ledger/hex.ts'
import type { ChainEvent } from '../chain/events.ts'
import { wordsOf } from '../chain/reason.ts'
import type { BlockPoint, Store } from '../store/store.ts'

export interface PayeeBook {
  /** Sum of all payments and claims, by events of the treasury, wei. */
  paidWei: bigint
  /** Those of them that the payee claimed. */
  claimedWei: bigint
  /** Sum of its exits, and what the last of them says that they come to, wei. */
  exitedWei: bigint
  exitedTotalWei: bigint
  /** Those of them that were tickets. */
  ticketsWei: bigint
  /** What the broker says it credited for our tickets. */
  creditedWei: bigint
  /** Counter of the last commit that paid this payee or failed to; -1 before any. */
  lastTried: bigint
  /** Why the last payment failed; undefined if it did not. */
  failure: string | undefined
}

/** What belongs to no payee alone. */
export interface CommonBook {
  /** What was put on the core's deposit and reserve at the broker, by whomever, wei. */
  fundedWei: bigint
  /** Sum of all payments and claims, by events of the treasury, wei. */
  paidWei: bigint
  /** What of it no longer counts as paid, since an earlier anchor was admitted, wei. */
  lostWei: bigint
}

export interface Books {
  /** Undefined for an address that no event names. */
  of(payee: Hex): Readonly<PayeeBook> | undefined
  all(): Iterable<readonly [Hex, Readonly<PayeeBook>]>
  readonly common: Readonly<CommonBook>
  /** Number of the block up to which these books are; undefined before the first. */
  readonly block: number | undefined
  /** Whether they add up: to what the contract says it paid in all, and to what the broker says of our tickets. */
  addUp(totalPaidWei: bigint): boolean
  /** Adds the events up to a block. */
  add(events: readonly ChainEvent[], block: BlockPoint): void
  /** Adds what another process has stored since; begins again where that took something back. */
  catchUp(): Promise<void>
  /** Begins again from the store. */
  reload(): Promise<void>
}

export function createBooks({ store }: { readonly store: Pick<Store, 'events' | 'cursor' | 'blockAt'> }): Books {
  let books = createAll()
  let upTo: BlockPoint | undefined
  const reload = async (): Promise<void> => {
    const fresh = createAll()
    const cursor = await store.cursor()
    for await (const event of store.events()) if (isUpTo(event, cursor)) addEvent(fresh, event)
    upTo = cursor
    books = fresh
  }
  return {
    of: (payee) => books.payees.get(payee),
    all: () => books.payees,
    get common() {
      return books.common
    },
    get block() {
      return upTo?.number
    },
    addUp: (totalPaidWei) => {
      const { paidWei, lostWei } = books.common
      return paidWei - lostWei === totalPaidWei && lostWei >= 0n && areCredited(books)
    },
    add(events, block) {
      for (const event of events) addEvent(books, event)
      upTo = block
    },
    reload,
    async catchUp() {
      const cursor = await store.cursor()
      if (cursor?.hash === upTo?.hash) return
      if (!upTo || !cursor || (await store.blockAt(upTo.number))?.hash !== upTo.hash) return reload()
      // What a server had kept back may have been found since, in blocks that are behind these books.
      if (!books.agreed || !areCredited(books)) return reload()
      const events: ChainEvent[] = []
      for await (const event of store.events(upTo.number)) if (isUpTo(event, cursor)) events.push(event)
      for (const event of events) addEvent(books, event)
      upTo = cursor
    },
  }
}

/** Whoever writes may have gone on since the cursor was read. */
const isUpTo = ({ blockNumber }: ChainEvent, cursor: BlockPoint | undefined): boolean =>
  blockNumber <= (cursor?.number ?? -1)

interface All {
  readonly payees: Map<Hex, PayeeBook>
  readonly common: CommonBook
  /** Whether these books had what the contract says it had paid, at its last commit. */
  agreed: boolean
}

const createAll = (): All => ({
  payees: new Map(),
  common: { fundedWei: 0n, paidWei: 0n, lostWei: 0n },
  agreed: true,
})

const areCredited = ({ payees }: All): boolean =>
  [...payees.values()].every(({ ticketsWei, creditedWei }) => ticketsWei <= creditedWei)

function addEvent(all: All, event: ChainEvent): void {
  const { payees: books, common } = all
  switch (event.name) {
    case 'Committed':
      all.agreed = common.paidWei - common.lostWei === event.args.totalPaid
      return
    case 'Paid': {
      const { payee, amount, ticket, counter } = event.args
      const book = bookOf(books, payee)
      book.paidWei += amount
      common.paidWei += amount
      if (ticket) book.ticketsWei += amount
      book.lastTried = counter
      book.failure = undefined
      return
    }
    case 'Claimed':
      bookOf(books, event.args.payee).paidWei += event.args.amount
      bookOf(books, event.args.payee).claimedWei += event.args.amount
      common.paidWei += event.args.amount
      return
    case 'Exited':
      bookOf(books, event.args.payee).exitedWei += event.args.amount
      bookOf(books, event.args.payee).exitedTotalWei = event.args.total
      return
    case 'Admitted':
      common.lostWei = common.paidWei - event.args.totalPaid
      return
    case 'DepositFunded':
    case 'ReserveFunded':
      common.fundedWei += event.args.amount
      return
    case 'PaymentFailed': {
      const { payee, reason, counter } = event.args
      const book = bookOf(books, payee)
      book.lastTried = counter
      book.failure = wordsOf(reason)
      return
    }
    case 'WinningTicketTransfer':
      bookOf(books, event.args.recipient).creditedWei += event.args.amount
  }
}

function bookOf(books: Map<Hex, PayeeBook>, payee: Hex): PayeeBook {
  const book = books.get(payee) ?? {
    paidWei: 0n,
    claimedWei: 0n,
    exitedWei: 0n,
    exitedTotalWei: 0n,
    ticketsWei: 0n,
    creditedWei: 0n,
    lastTried: -1n,
    failure: undefined,
  }
  books.set(payee, book)
  return book
}
