/** What the chain's events say about each payee. A projection of the stored events: it can always be made again from them. */
import type { Hex } from '../../ledger/hex.ts'
import type { ChainEvent } from '../chain/events.ts'
import { wordsOf } from '../chain/reason.ts'
import type { BlockPoint, Store } from '../store/store.ts'

export interface PayeeBook {
  /** Sum of all payments and claims, by events of the treasury, wei. */
  paidWei: bigint
  /** Those of them that were tickets. */
  ticketsWei: bigint
  /** What the broker says it credited for our tickets. */
  creditedWei: bigint
  /** Counter of the last commit that paid this payee or failed to; -1 before any. */
  lastTried: bigint
  /** Why the last payment failed; undefined if it did not. */
  failure: string | undefined
}

export interface Books {
  /** Undefined for an address that no event names. */
  of(payee: Hex): Readonly<PayeeBook> | undefined
  all(): Iterable<readonly [Hex, Readonly<PayeeBook>]>
  /** Number of the block up to which these books are; undefined before the first. */
  readonly block: number | undefined
  /** Adds the events up to a block. */
  add(events: readonly ChainEvent[], block: BlockPoint): void
  /** Adds what another process has stored since; begins again where that took something back. */
  catchUp(): Promise<void>
  /** Begins again from the store. */
  reload(): Promise<void>
}

export function createBooks({ store }: { readonly store: Pick<Store, 'events' | 'cursor' | 'blockAt'> }): Books {
  let books = new Map<Hex, PayeeBook>()
  let upTo: BlockPoint | undefined
  const reload = async (): Promise<void> => {
    const fresh = new Map<Hex, PayeeBook>()
    const cursor = await store.cursor()
    for await (const event of store.events()) if (isUpTo(event, cursor)) addEvent(fresh, event)
    upTo = cursor
    books = fresh
  }
  return {
    of: (payee) => books.get(payee),
    all: () => books,
    get block() {
      return upTo?.number
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

function addEvent(books: Map<Hex, PayeeBook>, event: ChainEvent): void {
  switch (event.name) {
    case 'Paid': {
      const { payee, amount, ticket, counter } = event.args
      const book = bookOf(books, payee)
      book.paidWei += amount
      if (ticket) book.ticketsWei += amount
      book.lastTried = counter
      book.failure = undefined
      return
    }
    case 'Claimed':
      bookOf(books, event.args.payee).paidWei += event.args.amount
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
  const book = books.get(payee) ?? { paidWei: 0n, ticketsWei: 0n, creditedWei: 0n, lastTried: -1n, failure: undefined }
  books.set(payee, book)
  return book
}
