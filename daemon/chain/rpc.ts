/** The chain over JSON-RPC, by viem. */
import type { Logger } from 'pino'
import {
  BaseError,
  ContractFunctionZeroDataError,
  createPublicClient,
  encodeFunctionData,
  type PublicClient,
  TransactionNotFoundError,
  TransactionReceiptNotFoundError,
} from 'viem'
import { treasuryAbi } from '../../abi/index.ts'
import type { Hex } from '../../ledger/hex.ts'
import type { Chain, Head } from './chain.ts'
import { createEndpoints } from './endpoints.ts'
import { bondingManagerAbi, roundsManagerAbi } from './livepeer.ts'
import { fetchEvents } from './logs.ts'
import { nodeInterface, nodeInterfaceAbi } from './nodeInterface.ts'
import { refusalOf } from './reason.ts'

export interface ChainOptions {
  /** Servers of the chain, the one of choice first. */
  readonly rpcUrls: readonly string[]
  readonly chainId: bigint
  readonly treasury: Hex
  readonly broker: Hex
  readonly roundsManager: Hex | null
  readonly bondingManager: Hex | null
  readonly log: Logger
  /** A server that is silent for longer is left for the next; 10,000 unless given. */
  readonly timeoutMs?: number
}

/** Gas of the call that tries a direct payment: what the treasury gives the payee, and what any transaction costs. */
const tryDirectGas = 50_000n + 21_000n

export function createChain(options: ChainOptions): Chain {
  const { rpcUrls: urls, chainId, treasury, broker, roundsManager, bondingManager, log, timeoutMs = 10_000 } = options
  // No caching: a block number of some seconds ago would hide a reorganisation.
  const client = createPublicClient({ transport: createEndpoints({ urls, chainId, timeoutMs, log }), cacheTime: 0 })
  const contract = { address: treasury, abi: treasuryAbi } as const
  const at = (number?: number) => (number === undefined ? {} : { blockNumber: BigInt(number) })

  return {
    chainId: async () => BigInt(await client.getChainId()),
    async block(number) {
      const block = await client.getBlock({ includeTransactions: false, ...at(number) })
      return { number: Number(block.number), hash: block.hash, time: Number(block.timestamp) }
    },
    isDeployed: async (number) => (await client.getCode({ address: treasury, ...at(number) })) !== undefined,
    async head(number): Promise<Head> {
      const head = await client.readContract({ ...contract, functionName: 'head', ...at(number) })
      const { epoch, boot, counter, root, configHash, committedAt, logSize } = head
      return { epoch, boot, counter, root, configHash, committedAt, logSize, committer: lower(head.committer) }
    },
    paid: (payees, number) =>
      Promise.all(
        payees.map((payee) => client.readContract({ ...contract, functionName: 'paid', args: [payee], ...at(number) })),
      ),
    totalPaid: (number) => client.readContract({ ...contract, functionName: 'totalPaid', ...at(number) }),
    balance: () => client.getBalance({ address: treasury }),
    room: () => client.readContract({ ...contract, functionName: 'room' }),
    silentAt: () => client.readContract({ ...contract, functionName: 'silentAt' }),
    gasBalance: (address) => client.getBalance({ address }),
    events: (range) => fetchEvents(client, { ...range, treasury, broker }),

    nonce: (address, number) =>
      client.getTransactionCount({ address, ...(number === undefined ? { blockTag: 'latest' } : at(number)) }),
    async fees() {
      const { maxFeePerGas, maxPriorityFeePerGas } = await client.estimateFeesPerGas()
      return { maxFeePerGas, maxPriorityFeePerGas }
    },
    async send(raw) {
      await client.sendRawTransaction({ serializedTransaction: raw })
    },
    receipt: (hash) =>
      orNothing(TransactionReceiptNotFoundError, async () => {
        const { status, blockNumber } = await client.getTransactionReceipt({ hash })
        return { status, blockNumber: Number(blockNumber) }
      }),
    calldata: (hash) => orNothing(TransactionNotFoundError, async () => (await client.getTransaction({ hash })).input),

    round: async () => (roundsManager ? fetchRound(client, roundsManager) : undefined),
    isActive: async (payee) =>
      !bondingManager ||
      client.readContract({
        address: bondingManager,
        abi: bondingManagerAbi,
        functionName: 'isActiveTranscoder',
        args: [payee],
      }),
    tryDirect: (payee, value) => trial(client, { account: treasury, to: payee, value, gas: tryDirectGas }),
    // The last of a redemption's checks, and the only ones that depend on the payee.
    tryTicket: async (payee, wei, round) =>
      bondingManager
        ? trial(client, {
            account: broker,
            to: bondingManager,
            data: encodeFunctionData({
              abi: bondingManagerAbi,
              functionName: 'updateTranscoderWithFees',
              args: [payee, wei, round],
            }),
          })
        : undefined,
    l1Gas: (data) => fetchL1Gas(client, treasury, data),
  }
}

/** @returns why the call would fail, or undefined @throws where it could not be tried */
async function trial(client: PublicClient, call: Parameters<PublicClient['call']>[0]): Promise<string | undefined> {
  try {
    await client.call(call)
    return undefined
  } catch (error) {
    return refusalOf(error)
  }
}

async function fetchL1Gas(client: PublicClient, to: Hex, data: Hex): Promise<bigint> {
  try {
    const contract = { address: nodeInterface, abi: nodeInterfaceAbi } as const
    const args = [to, false, data] as const
    return (await client.readContract({ ...contract, functionName: 'gasEstimateL1Component', args }))[0]
  } catch (error) {
    // Nothing is there: this is no Arbitrum chain.
    if (error instanceof BaseError && error.walk((cause) => cause instanceof ContractFunctionZeroDataError)) return 0n
    throw error
  }
}

async function fetchRound(client: PublicClient, address: Hex) {
  const contract = { address, abi: roundsManagerAbi } as const
  const [number, isInitialized] = await Promise.all([
    client.readContract({ ...contract, functionName: 'lastInitializedRound' }),
    client.readContract({ ...contract, functionName: 'currentRoundInitialized' }),
  ])
  const blockHash = await client.readContract({ ...contract, functionName: 'blockHashForRound', args: [number] })
  return { number, blockHash, isInitialized }
}

/** viem says "not there" by exception; here it is an answer. */
async function orNothing<T>(
  absence: abstract new (...args: never[]) => Error,
  ask: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof absence) return undefined
    throw error
  }
}

const lower = (address: string): Hex => address.toLowerCase() as Hex
