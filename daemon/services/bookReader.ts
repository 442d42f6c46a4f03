/**
 * What the batches brought to whom, and what the contract's registers say. Of very many accounts not everything is read each
 * time: entries stay as they are, so only new ones are added up, and a register moves with an event, so only those are read
 * of which the events say something new, or did not say what the register does.
 */
import type { Hex } from '../../ledger/hex.ts'
import type { Chain } from '../chain/chain.ts'
import type { Store } from '../store/store.ts'

/** Registers asked for in one go. */
const payeesPerRead = 100

export interface BookReaderOptions {
  readonly chain: Pick<Chain, 'paid'>
  readonly store: Pick<Store, 'earnings'>
}

export interface Question {
  /** How long the log is. */
  readonly size: number
  /** Everybody, with the sum of what was paid by the events up to `block`, wei. */
  readonly payees: readonly { readonly payee: Hex; readonly eventsWei: bigint }[]
  /** Undefined before there is any of which the events are known. */
  readonly block: number | undefined
}

interface Register {
  readonly paidWei: bigint
  /** What the events said when it was read. */
  readonly eventsWei: bigint
}

export interface Reading {
  /** What the stored entries brought to whom, wei. */
  readonly gained: ReadonlyMap<Hex, bigint>
  /** The contract's registers. */
  readonly registers: ReadonlyMap<Hex, Register>
}

/** @returns a reader. It throws StoreError, or what the chain throws: then nothing of it counts as read */
export function createBookReader({ chain, store }: BookReaderOptions): (question: Question) => Promise<Reading> {
  const gained = new Map<Hex, bigint>()
  const registers = new Map<Hex, Register>()
  let sizeRead = 0
  return async ({ size, payees, block }) => {
    const fresh = await store.earnings(sizeRead, size)
    const asked = new Map<Hex, bigint>()
    for (const { payee, eventsWei } of payees) if (!isRead(registers.get(payee), eventsWei)) asked.set(payee, eventsWei)
    for (const payee of fresh.keys()) if (!registers.has(payee) && !asked.has(payee)) asked.set(payee, 0n)
    const paid = block === undefined ? [] : await fetchPaid(chain, [...asked.keys()], block)

    sizeRead = size
    for (const [payee, wei] of fresh) gained.set(payee, (gained.get(payee) ?? 0n) + wei)
    let i = 0
    for (const [payee, eventsWei] of block === undefined ? [] : asked)
      registers.set(payee, { paidWei: paid[i++] as bigint, eventsWei })
    return { gained, registers }
  }
}

const isRead = (register: Register | undefined, eventsWei: bigint): boolean =>
  register?.eventsWei === eventsWei && register.paidWei === eventsWei

async function fetchPaid(chain: BookReaderOptions['chain'], payees: readonly Hex[], block: number): Promise<bigint[]> {
  const paid: bigint[] = []
  for (let at = 0; at < payees.length; at += payeesPerRead)
    paid.push(...(await chain.paid(payees.slice(at, at + payeesPerRead), block)))
  return paid
}
