/** Reads logs and makes them events of ours. */
import {
  type AbiEvent,
  decodeEventLog,
  encodeEventTopics,
  type Log,
  numberToHex,
  type PublicClient,
  padHex,
} from 'viem'
import { treasuryAbi } from '../../abi/index.ts'
import { splitPayment } from '../../client/paymentWord.ts'
import type { Hex } from '../../ledger/hex.ts'
import { argsCodec, type ChainEvent, isEventName } from './events.ts'
import { brokerEventsAbi } from './livepeer.ts'

interface LogRange {
  readonly from: number
  readonly to: number
  readonly treasury: Hex
  readonly broker: Hex
  /** Whose tickets are ours, but for those admitted in the range itself. */
  readonly committers: readonly Hex[]
}

interface RawLog {
  readonly address: Hex
  readonly topics: readonly Hex[]
  readonly data: Hex
  readonly blockNumber: Hex
  readonly blockHash: Hex
  readonly transactionHash: Hex
  readonly logIndex: Hex
}

/** An event before the time of its block is known. */
type Found<Event = ChainEvent> = Event extends ChainEvent ? Omit<Event, 'blockTime'> : never

const eventsAbi = [...treasuryAbi.filter((item) => item.type === 'event'), ...brokerEventsAbi]
const brokerTopics = brokerEventsAbi.map((event) => encodeEventTopics({ abi: [event as AbiEvent] })[0] as Hex)

/** All events of the range in the order of the chain. @throws Error where the chain was reorganised meanwhile */
export async function fetchEvents(client: PublicClient, range: LogRange): Promise<ChainEvent[]> {
  const { treasury, broker } = range
  const [fromBlock, toBlock] = [numberToHex(range.from), numberToHex(range.to)]
  const ask = async (address: Hex, topics: Hex[][]): Promise<Found[]> => {
    const logs = await client.request({ method: 'eth_getLogs', params: [{ address, topics, fromBlock, toBlock }] })
    return (logs as unknown as RawLog[]).flatMap(eventsOf)
  }
  const ofTreasury = await ask(treasury, [])
  const admitted = ofTreasury.flatMap((event) => (event.name === 'Admitted' ? [event.args.committer] : []))
  const senders = [...new Set([...range.committers, ...admitted])].map((committer) => padHex(committer, { size: 32 }))
  const found = [...ofTreasury, ...(await ask(broker, [brokerTopics, senders]))]
  const times = await fetchTimes(client, found)
  return found
    .map((event): ChainEvent => ({ ...event, blockTime: times.get(event.blockNumber) as number }))
    .sort((a, b) => a.blockNumber - b.blockNumber || a.position - b.position)
}

/** Logs carry no time everywhere: it is asked of each block once, and that the block is still the one. */
async function fetchTimes(client: PublicClient, found: readonly Found[]): Promise<ReadonlyMap<number, number>> {
  const hashes = new Map(found.map(({ blockNumber, blockHash }) => [blockNumber, blockHash]))
  const times = [...hashes].map(async ([number, hash]): Promise<[number, number]> => {
    const block = await client.getBlock({ blockNumber: BigInt(number) })
    if (block.hash !== hash) throw new Error(`block ${number} was replaced while it was read`)
    return [number, Number(block.timestamp)]
  })
  return new Map(await Promise.all(times))
}

/** More than one log tells of: the contract pays tickets in groups of at most twenty. */
const eventsPerLogMax = 100

/** Nothing for an event that no book is kept by. */
function eventsOf(log: RawLog): Found[] {
  const { eventName: name, args } = decodeEventLog({
    abi: eventsAbi,
    data: log.data,
    topics: log.topics as Log['topics'] as [Hex, ...Hex[]],
    strict: true,
  }) as { eventName: string; args: Record<string, unknown> }
  const place = { blockNumber: Number(log.blockNumber), blockHash: log.blockHash, transactionHash: log.transactionHash }
  return paymentsOf(name, args).flatMap(([name, args], index) => {
    if (!isEventName(name)) return []
    const position = Number(log.logIndex) * eventsPerLogMax + index
    return [{ ...place, position, name, args: argsCodec(name).read(argsCodec(name).write(lowerAll(args)), name) }]
  }) as Found[]
}

/** A payment is one event here, whether the contract told of it alone or of a group of tickets in one log. */
function paymentsOf(name: string, args: Record<string, unknown>): [string, Record<string, unknown>][] {
  if (name === 'Paid') return [[name, { ...args, ticket: false }]]
  if (name !== 'TicketsPaid') return [[name, args]]
  const { counter, dues } = args as { counter: bigint; dues: readonly Hex[] }
  return dues
    .map(splitPayment)
    .filter(({ wei }) => wei > 0n)
    .map(({ payee, wei }) => ['Paid', { payee, counter, amount: wei, ticket: true }])
}

/** viem gives addresses in mixed case; here there is one spelling. */
const lowerAll = (args: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(args).map(([name, value]) => [name, typeof value === 'string' ? value.toLowerCase() : value]),
  )
