/** What tickets cost in a commit, beside what the broker's own batch asks for the very same tickets on the very same state. */
import {
  concatHex,
  decodeFunctionData,
  encodePacked,
  type Hash,
  keccak256,
  type PublicClient,
  parseAbi,
  parseEventLogs,
  size,
  toFunctionSelector,
  toHex,
} from 'viem'
import { treasuryAbi } from '../abi/index.ts'
import { splitPayment } from '../client/paymentWord.ts'
import type { Hex } from '../ledger/hex.ts'
import type { Commit } from '../ledger/structs.ts'
import type { Deployment } from './deployment.ts'
import { createFundedWallet, write } from './wallet.ts'

const batchAbi = parseAbi([
  'struct Ticket { address recipient; address sender; uint256 faceValue; uint256 winProb; uint256 senderNonce; bytes32 recipientRandHash; bytes auxData; }',
  'function fundDepositAndReserveFor(address sender, uint256 deposit, uint256 reserve) payable',
  'function batchRedeemWinningTickets(Ticket[] tickets, bytes[] sigs, uint256[] recipientRands)',
  'event WinningTicketRedeemed(address indexed sender, address indexed recipient, uint256 faceValue, uint256 winProb, uint256 senderNonce, uint256 recipientRand, bytes auxData)',
])
const roundsAbi = parseAbi(['function blockHashForRound(uint256) view returns (bytes32)'])
const payDirect = toFunctionSelector('payDirect(bytes32)')

/** A word of calldata, counted as if none of its bytes were zero. */
const wordGas = 32n * 16n
/** No estimate: a batch that is short of gas loses its last tickets and says nothing. */
const batchGasMax = 30_000_000n
const winProb = 2n ** 256n - 1n
const recipientRandHash = keccak256(toHex(0, { size: 32 }))

/** What a transaction costs. */
export interface Cost {
  readonly gas: bigint
  readonly calldataBytes: number
}

export interface TicketCommit extends Cost {
  readonly commit: Commit
  readonly blockNumber: bigint
  /** Face values, wei, in the order of the commit. */
  readonly amounts: readonly bigint[]
  /** Gas of the transaction without what its direct payments took. */
  readonly ticketGas: bigint
}

/** Reads a commit that paid tickets back from the chain, with what they cost. The chain must serve traces of calls. */
export async function fetchTicketCommit(
  chain: PublicClient,
  { treasury }: Pick<Deployment, 'treasury'>,
  hash: Hash,
): Promise<TicketCommit> {
  const [{ input }, receipt, frames] = await Promise.all([
    chain.getTransaction({ hash }),
    chain.getTransactionReceipt({ hash }),
    traceCalls(chain, hash),
  ])
  const call = decodeFunctionData({ abi: treasuryAbi, data: input })
  if (call.functionName !== 'commit') throw new Error(`transaction ${hash} is no commit`)
  const logs = receipt.logs.filter(({ address }) => address.toLowerCase() === treasury)
  const groups = parseEventLogs({ abi: treasuryAbi, eventName: 'TicketsPaid', logs })
  const directGas = frames
    .filter((frame) => frame.input.startsWith(payDirect))
    .reduce((gas, frame) => gas + BigInt(frame.gasUsed) + wordGas, 0n)
  return {
    commit: call.args[0],
    blockNumber: receipt.blockNumber,
    amounts: groups.flatMap(({ args }) => args.dues.map((due) => splitPayment(due).wei)),
    gas: receipt.gasUsed,
    calldataBytes: size(input),
    ticketGas: receipt.gasUsed - directGas,
  }
}

interface Frame {
  readonly input: Hex
  readonly gasUsed: Hex
  readonly calls?: readonly Frame[]
}

/** The calls that a transaction's own call made. */
async function traceCalls(chain: PublicClient, hash: Hash): Promise<readonly Frame[]> {
  const request = { method: 'debug_traceTransaction', params: [hash, { tracer: 'callTracer' }] }
  const { calls = [] } = (await chain.request(request as never)) as Frame
  return calls
}

/** Redeems the tickets of a commit by the broker's own batch, on a chain as it was before that commit. @returns what the batch alone costs, without its funding @throws Error unless every ticket was redeemed */
export async function measureBatch(
  rpcUrl: string,
  { broker, roundsManager, committer }: Pick<Deployment, 'broker' | 'roundsManager' | 'committer'>,
  { commit, amounts }: TicketCommit,
): Promise<Cost> {
  const wallet = await createFundedWallet(rpcUrl, '50')
  const contract = { address: broker, abi: batchAbi } as const
  const deposit = amounts.reduce((sum, amount) => sum + amount, 0n)
  const funding = [committer, deposit, 0n]
  await write(wallet, { ...contract, functionName: 'fundDepositAndReserveFor', args: funding, value: deposit })

  const rounds = { address: roundsManager, abi: roundsAbi, functionName: 'blockHashForRound' } as const
  const blockHash = await wallet.chain.readContract({ ...rounds, args: [commit.round] })
  const auxData = encodePacked(['uint256', 'bytes32'], [commit.round, blockHash])
  const tickets = amounts.map((faceValue, index) => ({
    recipient: splitPayment(commit.payments[index] as Hex).payee,
    sender: committer,
    faceValue,
    winProb,
    senderNonce: (commit.epoch << 128n) | (commit.counter << 64n) | BigInt(index),
    recipientRandHash,
    auxData,
  }))
  const signatures = amounts.map((_, index) => expand(commit.ticketSigs[2 * index], commit.ticketSigs[2 * index + 1]))
  const args = [tickets, signatures, amounts.map(() => 0n)]
  const receipt = await write(wallet, {
    ...contract,
    functionName: 'batchRedeemWinningTickets',
    args,
    gas: batchGasMax,
  })
  const redeemed = parseEventLogs({ abi: batchAbi, eventName: 'WinningTicketRedeemed', logs: receipt.logs }).length
  if (redeemed !== amounts.length) throw new Error(`the broker redeemed ${redeemed} of ${amounts.length} tickets`)
  const { input } = await wallet.chain.getTransaction({ hash: receipt.transactionHash })
  return { gas: receipt.gasUsed, calldataBytes: size(input) }
}

/** r and vs (EIP-2098) as the 65 bytes r, s, v that the broker wants. */
function expand(r: Hex = '0x', vs: Hex = '0x'): Hex {
  const word = BigInt(vs)
  const s = toHex(word & (2n ** 255n - 1n), { size: 32 })
  return concatHex([r, s, word >> 255n === 1n ? '0x1c' : '0x1b'])
}
