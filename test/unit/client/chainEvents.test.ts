/** The small ABI of the SDK, held against the compiled contract's. */
import {
  type AbiEvent,
  type AbiFunction,
  encodeAbiParameters,
  encodeEventTopics,
  toEventSelector,
  toFunctionSelector,
} from 'viem'
import { expect, test } from 'vitest'
import { treasuryAbi } from '../../../abi/index.ts'
import { selectorOf, topicOf } from '../../../client/chain/abi.ts'
import { decodeEvent, eventForms, paymentsIn } from '../../../client/chain/events.ts'
import type { RawLog } from '../../../client/chain/rpc.ts'
import { NotChecked } from '../../../client/verdict.ts'
import type { Hex } from '../../../ledger/hex.ts'
import { payeeOf } from '../ledger/support.ts'

const events = treasuryAbi.filter((item) => item.type === 'event') as AbiEvent[]
const place = { blockNumber: 1n, logIndex: 2n, transactionHash: `0x${'aa'.repeat(32)}` } as const

test.each(Object.entries(eventForms))('default: %s is an event of the contract, with these topics', (name, form) => {
  const item = events.find((event) => event.name === name) as AbiEvent
  expect(toEventSelector(item)).toBe(topicOf(form.signature))
  expect(item.inputs.filter(({ indexed }) => indexed)).toHaveLength(form.topics)
  expect(item.inputs.slice(0, form.topics).every(({ indexed }) => indexed)).toBe(true)
})

test.each([
  'head()',
  'paid(address)',
  'anchors(uint64)',
  ...['totalPaid', 'silentAt', 'owner', 'guardian', 'broker', 'silence', 'frozen'].map((name) => `${name}()`),
  'open((uint64,bytes32,uint64,bytes32,bytes32,uint64,bytes32,bytes),bytes32,bytes32)',
])('default: %s is a function of the contract', (signature) => {
  const functions = treasuryAbi.filter((item) => item.type === 'function') as unknown as AbiFunction[]
  expect(functions.map((item) => toFunctionSelector(item))).toContain(selectorOf(signature))
})

test('behavior: payments of both rails, groups without what was not due', () => {
  const item = (name: string) => events.find((event) => event.name === name) as AbiEvent
  const word = (payee: Hex, wei: bigint): Hex => `${payee}${wei.toString(16).padStart(24, '0')}`
  const log = (name: string, args: object, data: Hex): RawLog => ({
    ...place,
    topics: encodeEventTopics({ abi: [item(name)], eventName: name, args }) as Hex[],
    data,
  })
  const direct = log('Paid', { payee: payeeOf(1), counter: 7n }, encodeAbiParameters([{ type: 'uint96' }], [5n]))
  expect(paymentsIn(direct)).toEqual([{ ...place, payee: payeeOf(1), counter: 7n, amountWei: 5n, isTicket: false }])
  const dues = [word(payeeOf(2), 6n), word(payeeOf(3), 0n), word(payeeOf(4), 8n)]
  const group = log('TicketsPaid', { counter: 7n }, encodeAbiParameters([{ type: 'bytes32[]' }], [dues]))
  expect(paymentsIn(group).map(({ payee, amountWei, isTicket }) => ({ payee, amountWei, isTicket }))).toEqual([
    { payee: payeeOf(2), amountWei: 6n, isTicket: true },
    { payee: payeeOf(4), amountWei: 8n, isTicket: true },
  ])
  expect(paymentsIn({ ...direct, topics: [topicOf('Other()')] })).toEqual([])
  expect(decodeEvent({ ...direct, topics: [topicOf('Other()')] })).toBeUndefined()
  expect(() => decodeEvent({ ...direct, data: '0x' })).toThrow(NotChecked)
})
