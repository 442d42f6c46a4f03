/** The TicketBroker as far as a payer meets it: the rules in their order, with their texts. */

import { type Ticket, ticketDigest, ticketHash } from '../../../enclave/tickets.ts'
import type { Hex } from '../../../ledger/hex.ts'
import { toHex } from '../../../ledger/hex.ts'
import { recoverAddress } from '../../../ledger/signature.ts'
import { broker } from '../constants.ts'
import { add, type Frame, get, move, must, type State } from './state.ts'

const validRounds = 2n

/** Anyone pays for anyone's deposit. */
export function fundDeposit(s: State, from: Hex, sender: Hex, amount: bigint): void {
  must(!s.paused, 'system is paused')
  move(s, from, broker, amount)
  add(s.deposits, sender, amount)
}

export function redeem({ state: s }: Frame, ticket: Ticket, signature: Hex): void {
  must(!s.paused, 'system is paused')
  must(s.startedRound === s.round, 'current round is not initialized')
  const hash = s.roundHashes.get(ticket.round)
  must(hash !== undefined, 'ticket creationRound does not have a block hash')
  must(hash === ticket.roundBlockHash, 'ticket creationRoundBlockHash invalid for creationRound')
  must(ticket.round + validRounds > s.round, 'ticket is expired')
  const name = toHex(ticketHash(ticket))
  must(!s.usedTickets.has(name), 'ticket is used')
  const signer = recoverAddress(ticketDigest(ticket), signature)
  must(signer !== undefined, 'ECDSA: invalid signature')
  must(signer === ticket.sender, 'invalid signature over ticket hash')
  const deposit = get(s.deposits, ticket.sender)
  must(deposit >= ticket.faceValueWei, 'sender deposit and reserve insufficient to cover ticket face value')
  s.usedTickets.add(name)
  s.deposits.set(ticket.sender, deposit - ticket.faceValueWei)
  if (ticket.faceValueWei === 0n) return
  must(s.active.has(ticket.recipient), 'transcoder must be active')
  add(s.fees, ticket.recipient, ticket.faceValueWei)
}
