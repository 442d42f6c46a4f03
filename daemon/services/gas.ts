/**
 * Gas limits by table, never by estimate: an estimate is of the case in which nothing fails, and a limit just above it
 * would make the contract revert where one payment does. What is not used is not paid.
 */
import { concat, type Hex, hexToBytes, keccak256, slice, toHex } from 'viem'
import type { Chain } from '../chain/chain.ts'
import type { Caps } from './hints.ts'

/** What Arbitrum lets one transaction execute, beside what it takes for L1. */
const executionGasMax = 32_000_000n
const openGas = 1_000_000n
/** The head, and what must be left before the last payment is begun. */
const commitGas = 900_000n
/** Cold, and once more alone after its group has failed. That so much is enough for sixty `contracts/test/Gas.t.sol` shows. */
const ticketGas = 510_000n
/** To a contract that uses up all it is given. */
const directGas = 110_000n

/** The L1 price may rise between signing and inclusion. */
const l1Margin = 2n
/** Calldata: the head of a commit, a payment, a ticket's signature beside it; an open with its attestation document. */
const commitBytes = 1_000
const paymentBytes = 32
const ticketBytes = 64
const openBytes = 18_000
const bytesMax = 24_000

export interface Count {
  readonly tickets: number
  readonly directs: number
}

/** The worst case of a commit with so many payments, without what L1 takes. */
export const gasOfCommit = ({ tickets, directs }: Count): bigint =>
  commitGas + BigInt(tickets) * ticketGas + BigInt(directs) * directGas

type L1 = Pick<Chain, 'l1Gas'>

/** The gas limit of a commit. */
export const fetchCommitGas = async (chain: L1, count: Count): Promise<bigint> =>
  gasOfCommit(count) +
  (await fetchL1Gas(chain, commitBytes + (count.tickets + count.directs) * paymentBytes + count.tickets * ticketBytes))

/** The gas limit of an open. */
export const fetchOpenGas = async (chain: L1): Promise<bigint> => openGas + (await fetchL1Gas(chain, openBytes))

/** What a commit's payments may need at their worst, so that its limit stays within caps and chain. */
export async function fetchGasMax(chain: L1, caps: Caps): Promise<bigint> {
  const left = caps.gas - (await fetchL1Gas(chain, bytesMax))
  return left < executionGasMax ? left : executionGasMax
}

const fetchL1Gas = async (chain: L1, bytes: number): Promise<bigint> =>
  l1Margin * (await chain.l1Gas(slice(incompressible, 0, bytes)))

/** L1's share goes by the compressed size; what is signed is not known yet, and no worse than this. */
const incompressible: Hex = concat(
  Array.from({ length: bytesMax / 32 }, (_, i) => keccak256(hexToBytes(toHex(i, { size: 4 })))),
)
