import { concatHex, encodeAbiParameters, encodeEventTopics, type PublicClient, padHex, toHex } from 'viem'
import { expect, test } from 'vitest'
import { treasuryAbi } from '../../../abi/index.ts'
import { fetchEvents } from '../../../daemon/chain/logs.ts'
import { type Hex, zeroHash } from '../../../ledger/hex.ts'
import { payeeOf } from '../ledger/support.ts'

const treasury = payeeOf(8)
const range = { from: 7, to: 7, treasury, broker: payeeOf(9), committers: [payeeOf(10)] }
const place = { blockNumber: toHex(7), blockHash: toHex(7, { size: 32 }), transactionHash: toHex(8, { size: 32 }) }

interface LogQuery {
  readonly address: Hex
  readonly topics: readonly Hex[][]
}

/** A node that has these logs of the treasury, and none of the broker. */
function nodeWith(logs: readonly object[], blockHash: Hex = place.blockHash) {
  const asked: LogQuery[] = []
  const node = {
    request: async ({ params: [query] }: { params: [LogQuery] }) => {
      asked.push(query)
      return query.address === treasury ? logs : []
    },
    getBlock: async () => ({ hash: blockHash, timestamp: 1_234n }),
  }
  return { node: node as never as PublicClient, asked }
}

const due = (n: number, wei: bigint): Hex => concatHex([payeeOf(n), toHex(wei, { size: 12 })])

function ticketsPaid(logIndex: number, dues: readonly Hex[]) {
  const topics = encodeEventTopics({ abi: treasuryAbi, eventName: 'TicketsPaid', args: { counter: 3n } })
  return {
    ...place,
    address: treasury,
    logIndex: toHex(logIndex),
    topics,
    data: encodeAbiParameters([{ type: 'bytes32[]' }], [dues]),
  }
}

function paid(logIndex: number, n: number, wei: bigint) {
  const args = { payee: payeeOf(n), counter: 3n }
  const topics = encodeEventTopics({ abi: treasuryAbi, eventName: 'Paid', args })
  return { ...place, address: treasury, logIndex: toHex(logIndex), topics, data: toHex(wei, { size: 32 }) }
}

test('behavior: each payment is one event in the order of the chain, whichever log told of it', async () => {
  const many = Array.from({ length: 20 }, (_, i) => due(i + 20, 1n))
  const { node } = nodeWith([
    paid(5, 3, 9n),
    ticketsPaid(1, [due(1, 2n ** 96n - 1n), due(2, 4n)]),
    ticketsPaid(2, many),
  ])
  const events = await fetchEvents(node, range)
  const payments = events.map(({ name, args }) => ({ name, ...args }))
  const common = { name: 'Paid', counter: 3n }
  expect(payments.slice(0, 2)).toEqual([
    { ...common, payee: payeeOf(1), amount: 2n ** 96n - 1n, ticket: true },
    { ...common, payee: payeeOf(2), amount: 4n, ticket: true },
  ])
  expect(payments.at(-1)).toEqual({ ...common, payee: payeeOf(3), amount: 9n, ticket: false })
  expect(new Set(events.map(({ position }) => position)).size).toBe(23)
})

test('behavior: a ticket on which nothing was due is no payment', async () => {
  const { node } = nodeWith([ticketsPaid(1, [due(1, 0n)])])
  expect(await fetchEvents(node, range)).toEqual([])
})

function admitted(logIndex: number, committer: Hex) {
  const topics = encodeEventTopics({ abi: treasuryAbi, eventName: 'Admitted', args: { epoch: 2n, committer } })
  const values = [zeroHash, 3n, zeroHash, 0n] as const
  const data = encodeAbiParameters(
    [{ type: 'bytes32' }, { type: 'uint64' }, { type: 'bytes32' }, { type: 'uint96' }],
    values,
  )
  return { ...place, address: treasury, logIndex: toHex(logIndex), topics, data }
}

test('behavior: whoever is admitted in the range is followed in it', async () => {
  const { node, asked } = nodeWith([admitted(1, payeeOf(11))])
  expect(await fetchEvents(node, range)).toMatchObject([{ name: 'Admitted', blockTime: 1_234 }])
  const senders = [10, 11].map((n) => padHex(payeeOf(n), { size: 32 }))
  expect(asked.map(({ topics }) => topics[1])).toEqual([undefined, senders])
})

test('error: a block that is no longer the one that the log was in', async () => {
  const { node } = nodeWith([paid(5, 3, 9n)], toHex(9, { size: 32 }))
  await expect(fetchEvents(node, range)).rejects.toThrow('replaced')
})
