import { concatHex, encodeAbiParameters, encodeEventTopics, type PublicClient, toHex } from 'viem'
import { expect, test } from 'vitest'
import { treasuryAbi } from '../../../abi/index.ts'
import { fetchEvents } from '../../../daemon/chain/logs.ts'
import type { Hex } from '../../../ledger/hex.ts'
import { payeeOf } from '../ledger/support.ts'

const treasury = payeeOf(8)
const range = { from: 7, to: 7, treasury, broker: payeeOf(9), committer: payeeOf(10) }
const place = { blockNumber: toHex(7), blockHash: toHex(7, { size: 32 }), transactionHash: toHex(8, { size: 32 }) }

/** A node that has these logs of the treasury, and none of the broker. */
const nodeWith = (logs: readonly object[]): PublicClient =>
  ({
    request: async ({ params }: { params: [{ address: Hex }] }) => (params[0].address === treasury ? logs : []),
  }) as never

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
  const node = nodeWith([paid(5, 3, 9n), ticketsPaid(1, [due(1, 2n ** 96n - 1n), due(2, 4n)]), ticketsPaid(2, many)])
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
  expect(await fetchEvents(nodeWith([ticketsPaid(1, [due(1, 0n)])]), range)).toEqual([])
})
