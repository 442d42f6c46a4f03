/** What the model calls, as transactions. */
import { concatHex, encodeAbiParameters, encodeFunctionData, parseAbi } from 'viem'
import { iTicketBrokerAbi, treasuryAbi } from '../../../abi/index.ts'
import type { Ticket } from '../../../enclave/tickets.ts'
import { type Hex, zeroHash } from '../../../ledger/hex.ts'
import type { Call } from '../chain.ts'
import { broker, brokerWorld, mole, relayer, stranger, treasury } from '../constants.ts'
import type { Proof } from '../model/vault.ts'
import { feeShare, stakeWei, type Transaction } from './world.ts'

const winProb = 2n ** 256n - 1n
/** keccak256 of 32 zero bytes. */
const randHash: Hex = '0x290decd9548b62a8d60345a988386fc84ba6bc95484008f6362f93160ef3e563'
const tooLittleGas = 40_000n

const standIn = parseAbi([
  'function activate(address[] orchestrators, uint256 stake, uint256 feeShare)',
  'function deactivate(address orchestrator)',
  'function setPaused(bool paused)',
])

const halves = (signature: Hex): [Hex, Hex] => [signature.slice(0, 66) as Hex, `0x${signature.slice(66)}`]
const toTreasury = (from: Hex, data: Hex): Transaction => ({ from, to: treasury, data })
const encode = (functionName: string, ...args: readonly unknown[]): Hex =>
  encodeFunctionData({ abi: treasuryAbi, functionName, args } as never)
const proofArguments = ({ anchored, commitment }: Proof) => [anchored, commitment] as const

/** `owner` stands for the timelock, whose delays are tested elsewhere. */
export function transactionOf(call: Call, owner: Hex): Transaction {
  const gas = 'gas' in call && call.gas === 'none' ? { gas: tooLittleGas } : {}
  switch (call.fn) {
    case 'open':
      return { ...toTreasury(relayer, encode('open', call.open, ...halves(call.signature))), ...gas }
    case 'commit':
      return { ...toTreasury(relayer, encode('commit', call.commit, ...halves(call.signature))), ...gas }
    case 'claim': {
      const { payee, earned, proof, to } = call.proof
      return toTreasury(payee, encode('claim', ...proofArguments(call.proof), earned, proof, to))
    }
    case 'exit': {
      const { payee, earned, proof, to } = call.proof
      return toTreasury(call.from, encode('exit', ...proofArguments(call.proof), payee, earned, proof, to))
    }
    case 'freeze':
      return toTreasury(relayer, encode('freeze'))
    case 'halt':
      return toTreasury(call.from, encode('halt', call.anchored))
    case 'endHalt':
      return toTreasury(call.from, encode('endHalt'))
    case 'admit': {
      const { committer, configHash, anchored, commitment } = call.admission
      return toTreasury(owner, encode('admit', committer, configHash, anchored, commitment))
    }
    case 'setConfig':
      return toTreasury(owner, encode('setConfig', call.configHash))
    case 'setCap':
      return toTreasury(owner, encode('setCap', call.cap))
    case 'withdraw':
      return toTreasury(owner, encode('withdraw', call.to, call.amount))
    case 'give':
      return { from: stranger, to: treasury, value: call.amount }
    case 'poke':
      return { from: stranger, to: mole.address }
    case 'fundDeposit': {
      const args = [call.sender, call.amount, 0n] as const
      const data = encodeFunctionData({ abi: iTicketBrokerAbi, functionName: 'fundDepositAndReserveFor', args })
      return { from: stranger, to: broker, data, value: call.amount }
    }
    case 'redeem':
      return { from: stranger, to: broker, data: redemption(call.ticket, call.signature) }
    case 'setPaused':
      return {
        from: relayer,
        to: brokerWorld,
        data: encodeFunctionData({ abi: standIn, functionName: 'setPaused', args: [call.paused] }),
      }
    case 'setActive': {
      const data = call.active
        ? encodeFunctionData({
            abi: standIn,
            functionName: 'activate',
            args: [[call.orchestrator], stakeWei, feeShare],
          })
        : encodeFunctionData({ abi: standIn, functionName: 'deactivate', args: [call.orchestrator] })
      return { from: relayer, to: brokerWorld, data }
    }
  }
}

/** What redeems a ticket alone. */
function redemption(ticket: Ticket, signature: Hex): Hex {
  const [r, vs] = halves(signature)
  const top = BigInt(vs)
  const s = `0x${(top & ((1n << 255n) - 1n)).toString(16).padStart(64, '0')}` as Hex
  const auxData = encodeAbiParameters(
    [{ type: 'uint256' }, { type: 'bytes32' }],
    [ticket.round, ticket.roundBlockHash ?? zeroHash],
  )
  const rebuilt = {
    recipient: ticket.recipient,
    sender: ticket.sender,
    faceValue: ticket.faceValueWei,
    winProb,
    senderNonce: ticket.senderNonce,
    recipientRandHash: randHash,
    auxData,
  }
  const sig = concatHex([r, s, top >> 255n ? '0x1c' : '0x1b'])
  return encodeFunctionData({ abi: iTicketBrokerAbi, functionName: 'redeemWinningTicket', args: [rebuilt, sig, 0n] })
}
