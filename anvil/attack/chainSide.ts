/** What a host sends to the chain, and what the contracts say to it. */
import { type Abi, type Address, decodeErrorResult, encodeAbiParameters, encodeFunctionData, parseAbi } from 'viem'
import { iTicketBrokerAbi, treasuryAbi } from '../../abi/index.ts'
import { splitPayment } from '../../client/paymentWord.ts'
import { senderNonce } from '../../enclave/tickets.ts'
import { encodeCall } from '../../enclave/transactions.ts'
import type { Hex } from '../../ledger/hex.ts'
import type { Commit, Open } from '../../ledger/structs.ts'
import type { World } from '../world.ts'

const gas = 20_000_000n
const errors = [...(treasuryAbi as Abi), ...parseAbi(['error Error(string)'])]
const rounds = parseAbi(['function blockHashForRound(uint256) view returns (bytes32)'])
const winProb = 2n ** 256n - 1n
/** keccak256 of 32 zero bytes: with a ticket that always wins the secret has no role. */
const recipientRandHash: Hex = '0x290decd9548b62a8d60345a988386fc84ba6bc95484008f6362f93160ef3e563'

/** Sends it from an account of the host's. @returns the contract's error, or undefined where the transaction went through */
export async function revertOf({ wallet }: World, to: Address, data: Hex): Promise<string | undefined> {
  const hash = await wallet.signer.sendTransaction({ chain: null, to, data, gas })
  const { status } = await wallet.chain.waitForTransactionReceipt({ hash })
  if (status === 'success') return undefined
  const trace = { method: 'debug_traceTransaction', params: [hash, { tracer: 'callTracer' }] }
  const { output = '0x' } = (await wallet.chain.request(trace as never)) as { output?: Hex }
  if (output === '0x') return 'OUT_OF_GAS'
  const { errorName, args } = decodeErrorResult({ abi: errors, data: output })
  return errorName === 'Error' ? `${args?.[0]}` : errorName
}

type Signed<Kind, Value> = { readonly [K in keyof Kind]: Value } & { readonly signature: Hex }

export const landCommit = (world: World, { commit, signature }: Signed<{ commit: 0 }, Commit>) =>
  revertOf(world, world.deployment.treasury, encodeCall(['Commit', commit], signature))

export const landOpen = (world: World, { open, signature }: Signed<{ open: 0 }, Open>) =>
  revertOf(world, world.deployment.treasury, encodeCall(['Open', open], signature))

/** Redeems the first ticket of a commit by itself, by what its calldata shows to everyone. */
export async function redeemTicket(world: World, commit: Commit, paidBefore: bigint): Promise<string | undefined> {
  const { wallet, deployment } = world
  const { payee: recipient, wei: total } = splitPayment(commit.payments[0] as Hex)
  const [r, vs] = commit.ticketSigs as [Hex, Hex]
  const round = { address: deployment.roundsManager, abi: rounds, args: [commit.round] } as const
  const roundHash = await wallet.chain.readContract({ ...round, functionName: 'blockHashForRound' })
  const ticket = {
    recipient,
    sender: deployment.committer,
    faceValue: total - paidBefore,
    winProb,
    senderNonce: senderNonce({ epoch: commit.epoch, counter: commit.counter, index: 0 }),
    recipientRandHash,
    auxData: encodeAbiParameters([{ type: 'uint256' }, { type: 'bytes32' }], [commit.round, roundHash]),
  }
  const top = BigInt(vs)
  const s = (top & (2n ** 255n - 1n)).toString(16).padStart(64, '0')
  const signature: Hex = `${r}${s}${top >> 255n ? '1c' : '1b'}`
  const args = [ticket, signature, 0n] as const
  const data = encodeFunctionData({ abi: iTicketBrokerAbi, functionName: 'redeemWinningTicket', args })
  return revertOf(world, deployment.broker, data)
}
