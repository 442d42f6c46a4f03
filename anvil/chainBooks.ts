/** What the chain alone says was anchored and paid: registers and events of the treasury, events of the broker. */
import { type Address, type PublicClient, parseAbi } from 'viem'
import { treasuryAbi } from '../abi/index.ts'
import { splitPayment } from '../client/paymentWord.ts'
import type { Hex } from '../ledger/hex.ts'
import type { Commitment } from '../ledger/structs.ts'
import type { Deployment } from './deployment.ts'

const brokerAbi = parseAbi([
  'event WinningTicketTransfer(address indexed sender, address indexed recipient, uint256 amount)',
  'function getSenderInfo(address) view returns ((uint256 deposit, uint256 withdrawRound), (uint256 fundsRemaining, uint256 claimedInCurrentRound))',
])

/** One commit, as its events tell it. */
export interface Anchor {
  readonly counter: bigint
  readonly prevRoot: Hex
  readonly commitment: Commitment
  readonly transactionHash: Hex
  readonly blockNumber: bigint
}

export interface Payment {
  readonly payee: Hex
  readonly counter: bigint
  readonly amountWei: bigint
  readonly isTicket: boolean
  readonly transactionHash: Hex
}

export interface ChainBooks {
  readonly root: Hex
  readonly anchors: readonly Anchor[]
  readonly payments: readonly Payment[]
  /** Payments that the contract tried and that failed. */
  readonly failures: number
  readonly totalPaidWei: bigint
  /** By the contract's register. */
  readonly paid: ReadonlyMap<Hex, bigint>
  /** What the broker says it credited out of the core's deposit. */
  readonly credited: ReadonlyMap<Hex, bigint>
  /** What the payees' accounts hold. */
  readonly balances: ReadonlyMap<Hex, bigint>
  /** What lies at the broker in the core's name: nothing, outside a commit. */
  readonly depositWei: bigint
}

/** Reads everything as of one block. */
export async function fetchChainBooks(
  chain: PublicClient,
  { treasury, broker, committer, fromBlock }: Deployment,
  payees: readonly Hex[],
): Promise<ChainBooks> {
  const blockNumber = await chain.getBlockNumber({ cacheTime: 0 })
  const range = { fromBlock: BigInt(fromBlock), toBlock: blockNumber, strict: true } as const
  const contract = { address: treasury, abi: treasuryAbi, blockNumber } as const
  const deposits = { address: broker, abi: brokerAbi, functionName: 'getSenderInfo', args: [committer] } as const
  const each = async <T>(ask: (payee: Hex) => Promise<T>): Promise<Map<Hex, T>> =>
    new Map(await Promise.all(payees.map(async (payee) => [payee, await ask(payee)] as const)))

  const [head, events, transfers, totalPaidWei, [deposit], paid, balances] = await Promise.all([
    chain.readContract({ ...contract, functionName: 'head' }),
    chain.getContractEvents({ ...range, address: treasury, abi: treasuryAbi }),
    chain.getContractEvents({
      ...range,
      address: broker,
      abi: brokerAbi,
      eventName: 'WinningTicketTransfer',
      args: { sender: committer },
    }),
    chain.readContract({ ...contract, functionName: 'totalPaid' }),
    chain.readContract({ ...deposits, blockNumber }),
    each((payee) => chain.readContract({ ...contract, functionName: 'paid', args: [payee] })),
    each((address) => chain.getBalance({ address, blockNumber })),
  ])

  const anchors: Anchor[] = []
  const payments: Payment[] = []
  for (const { eventName, args, transactionHash, blockNumber: at } of events) {
    if (eventName === 'Committed')
      anchors.push({
        counter: args.counter,
        prevRoot: args.prevRoot,
        commitment: args.next,
        transactionHash,
        blockNumber: at,
      })
    if (eventName === 'Paid') {
      const { payee, counter, amount: amountWei } = args
      payments.push({ payee: lower(payee), counter, amountWei, isTicket: false, transactionHash })
    }
    if (eventName === 'TicketsPaid')
      for (const { payee, wei: amountWei } of args.dues.map(splitPayment))
        if (amountWei > 0n) payments.push({ payee, counter: args.counter, amountWei, isTicket: true, transactionHash })
  }
  return {
    root: head.root,
    anchors,
    payments,
    failures: events.filter(({ eventName }) => eventName === 'PaymentFailed').length,
    totalPaidWei,
    paid,
    balances,
    credited: sumBy(transfers.map(({ args }) => ({ payee: lower(args.recipient), amountWei: args.amount }))),
    depositWei: deposit.deposit,
  }
}

/** Amounts added up for each payee. */
export function sumBy(entries: readonly Pick<Payment, 'payee' | 'amountWei'>[]): Map<Hex, bigint> {
  const sums = new Map<Hex, bigint>()
  for (const { payee, amountWei } of entries) sums.set(payee, (sums.get(payee) ?? 0n) + amountWei)
  return sums
}

const lower = (address: Address): Hex => address.toLowerCase() as Hex
