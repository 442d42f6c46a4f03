/** How a commit pays: the model of `Treasury.sol`. Groups, events and their order are here and nowhere else. */
import { senderNonce, type Ticket } from '../../../enclave/tickets.ts'
import { type Hex, zeroHash } from '../../../ledger/hex.ts'
import type { Commit } from '../../../ledger/structs.ts'
import { treasury } from '../constants.ts'
import { advance, anchor } from './anchor.ts'
import { fundDeposit, redeem } from './broker.ts'
import { receive } from './payees.ts'
import { attempt, type Frame, get, must, type Revert, type State } from './state.ts'
import { room, use } from './vault.ts'

const groupMax = 20
const reasonBytesMax = 64

export interface Payment {
  readonly payee: Hex
  readonly total: bigint
}

export const unpack = (word: Hex): Payment => ({
  payee: word.slice(0, 42) as Hex,
  total: BigInt(`0x${word.slice(42)}`),
})

/** Payee and wei in one word. */
export const pack = (payee: Hex, wei: bigint): Hex => `${payee}${wei.toString(16).padStart(24, '0')}` as Hex

export const ticketsOf = ({ ticketSigs }: Commit): readonly Hex[] =>
  Array.from(
    { length: ticketSigs.length / 2 },
    (_, i) => `${ticketSigs[2 * i]}${ticketSigs[2 * i + 1]?.slice(2)}` as Hex,
  )

/** The ticket that the contract makes of a payment: what this payee still has to get, whatever the core believed. */
export const ticketOf = (s: State, c: Commit, index: number, { payee, total }: Payment): Ticket => ({
  recipient: payee,
  sender: s.committer,
  faceValueWei: total - get(s.paid, payee),
  senderNonce: senderNonce({ epoch: c.epoch, counter: c.counter, index }),
  round: c.round,
  roundBlockHash: s.roundHashes.get(c.round) ?? zeroHash,
})

export function commit(frame: Frame, c: Commit, signature: Hex): void {
  const payments = c.payments.map(unpack)
  const tickets = c.ticketSigs.length / 2
  must(
    Number.isInteger(tickets) && tickets <= payments.length,
    'WrongTicketSigs',
    BigInt(payments.length),
    BigInt(c.ticketSigs.length),
  )
  advance(frame.state, c, signature)
  for (let i = 0; i < tickets; i += groupMax) tryTickets(frame, c, payments, i, Math.min(i + groupMax, tickets))
  for (const payment of payments.slice(tickets)) tryDirect(frame, c, payment)
  anchor(frame, c)
}

function tryTickets(frame: Frame, c: Commit, payments: readonly Payment[], start: number, end: number): void {
  const failure = attempt(frame, () => payTickets(frame, c, payments, start, end))
  if (!failure) return
  if (end - start === 1) fail(frame, c, payments[start] as Payment, failure)
  else for (let i = start; i < end; i++) tryTickets(frame, c, payments, i, i + 1)
}

function payTickets(frame: Frame, c: Commit, payments: readonly Payment[], start: number, end: number): void {
  const s = frame.state
  const signatures = ticketsOf(c)
  const tickets = payments.slice(start, end).map((payment, i) => ({
    ticket: ticketOf(s, c, start + i, payment),
    signature: signatures[start + i] as Hex,
    isDue: book(s, payment),
  }))
  const due = tickets.filter(({ isDue }) => isDue)
  const sum = due.reduce((wei, { ticket }) => wei + ticket.faceValueWei, 0n)
  if (sum === 0n) return
  take(s, sum)
  const dues = tickets.map(({ ticket, isDue }) => pack(ticket.recipient, isDue ? ticket.faceValueWei : 0n))
  frame.events.push({ name: 'TicketsPaid', args: [c.counter, dues] })
  fundDeposit(s, treasury, s.committer, sum)
  for (const { ticket, signature } of due) redeem(frame, ticket, signature)
}

function tryDirect(frame: Frame, c: Commit, payment: Payment): void {
  const before = get(frame.state.paid, payment.payee)
  const failure = attempt(frame, () => {
    if (!book(frame.state, payment)) return
    take(frame.state, payment.total - before)
    frame.events.push({ name: 'Paid', args: [payment.payee, c.counter, payment.total - before] })
    receive(frame, payment.payee, payment.total - before, 'little')
  })
  if (failure) fail(frame, c, payment, failure)
}

/** Writes what the payee will have got. @returns whether anything is left to pay */
function book(s: State, { payee, total }: Payment): boolean {
  if (total <= get(s.paid, payee)) return false
  s.paid.set(payee, total)
  return true
}

function take(s: State, amount: bigint): void {
  must(amount <= get(s.balances, treasury), 'treasury short')
  must(amount <= room(s), 'window used up')
  use(s, amount)
}

function fail({ state: s, events }: Frame, c: Commit, { payee, total }: Payment, { error }: Revert): void {
  const reason = `0x${Buffer.from(error, 'utf8').subarray(0, reasonBytesMax).toString('hex')}`
  events.push({ name: 'PaymentFailed', args: [payee, c.counter, total - get(s.paid, payee), reason] })
}
