/** What happens when somebody is sent money: people take it, contracts do as they like. */
import type { Hex } from '../../../ledger/hex.ts'
import { kindOf, treasury } from '../constants.ts'
import { attempt, type Frame, move, outOfGas, Revert } from './state.ts'

/** `plenty` is what the transaction brought; `little` the 50,000 of a direct payment, too little to redeem a ticket with. */
export function receive(frame: Frame, to: Hex, amount: bigint, gas: 'plenty' | 'little'): void {
  move(frame.state, treasury, to, amount)
  runPayee(frame, to, gas)
}

/** The code of an address that was sent something. @throws Revert where it refuses */
export function runPayee(frame: Frame, payee: Hex, gas: 'plenty' | 'little'): void {
  const kind = kindOf(payee)
  if (kind === 'person' || kind === 'orchestrator') return
  frame.onPayee(payee)
  if (kind === 'refuser') throw new Revert(gas === 'plenty' ? 'SendFailed' : '', ...(gas === 'plenty' ? ['0x'] : []))
  if (kind === 'gasEater') throw new Revert(gas === 'plenty' ? outOfGas : '')
  if (gas === 'plenty') attempt(frame, () => frame.leaked(frame))
}
