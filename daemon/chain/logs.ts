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
import type { Hex } from '../../ledger/hex.ts'
import { argsCodec, type ChainEvent, isEventName } from './events.ts'
import { brokerEventsAbi } from './livepeer.ts'

interface LogRange {
  readonly from: number
  readonly to: number
  readonly treasury: Hex
  readonly broker: Hex
  readonly committer: Hex
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

const eventsAbi = [...treasuryAbi.filter((item) => item.type === 'event'), ...brokerEventsAbi]
const brokerTopics = brokerEventsAbi.map((event) => encodeEventTopics({ abi: [event as AbiEvent] })[0] as Hex)

/** All events of the range in the order of the chain. */
export async function fetchEvents(client: PublicClient, range: LogRange): Promise<ChainEvent[]> {
  const { treasury, broker, committer } = range
  const [fromBlock, toBlock] = [numberToHex(range.from), numberToHex(range.to)]
  const ask = (address: Hex, topics: (Hex | Hex[])[]) =>
    client.request({ method: 'eth_getLogs', params: [{ address, topics, fromBlock, toBlock }] })
  const found = await Promise.all([ask(treasury, []), ask(broker, [brokerTopics, padHex(committer, { size: 32 })])])
  return (found.flat() as unknown as RawLog[])
    .map(eventOf)
    .filter((event) => event !== undefined)
    .sort((a, b) => a.blockNumber - b.blockNumber || a.logIndex - b.logIndex)
}

/** Undefined for an event that no book is kept by. */
function eventOf(log: RawLog): ChainEvent | undefined {
  const { eventName: name, args } = decodeEventLog({
    abi: eventsAbi,
    data: log.data,
    topics: log.topics as Log['topics'] as [Hex, ...Hex[]],
    strict: true,
  }) as { eventName: string; args: Record<string, unknown> }
  if (!isEventName(name)) return undefined
  return {
    name,
    blockNumber: Number(log.blockNumber),
    blockHash: log.blockHash,
    logIndex: Number(log.logIndex),
    transactionHash: log.transactionHash,
    args: argsCodec(name).read(argsCodec(name).write(lowerAll(args)), name),
  } as ChainEvent
}

/** viem gives addresses in mixed case; here there is one spelling. */
const lowerAll = (args: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(args).map(([name, value]) => [name, typeof value === 'string' ? value.toLowerCase() : value]),
  )
