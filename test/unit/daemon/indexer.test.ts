import { pino } from 'pino'
import { expect, test } from 'vitest'
import type { Block, EventRange } from '../../../daemon/chain/chain.ts'
import type { ChainEvent } from '../../../daemon/chain/events.ts'
import { createBooks } from '../../../daemon/services/books.ts'
import { createIndexer } from '../../../daemon/services/indexer.ts'
import { openStore } from '../../../daemon/store/open.ts'
import { checkConfiguration } from '../../../ledger/config.ts'
import type { Hex } from '../../../ledger/hex.ts'
import { configuration, payeeOf } from '../ledger/support.ts'
import { createFakeChain } from './fakeChain.ts'
import { temporaryFolder } from './support.ts'

const rules = checkConfiguration(configuration())
const payee = payeeOf(1)
const firstCommitter = payeeOf(9)
const hashOf = (text: string): Hex => `0x${Buffer.from(text).toString('hex').padEnd(64, '0')}`

/**
 * A chain that is a list of block names, with one payment of one wei in each block whose name ends in `!`, and another
 * committer in each that ends in a figure. The contract is there from the second block on, if nothing else is said.
 */
async function scripted(confirmations = 0) {
  let names: readonly string[] = []
  let deployedAt = 1
  const asked: string[] = []
  const followed: (readonly Hex[])[] = []
  const block = (number: number): Block => {
    const name = names[number]
    if (name === undefined) throw new Error(`no block ${number}`)
    return { number, hash: hashOf(name), time: number + 1_000 }
  }
  const eventsIn = (number: number): ChainEvent[] => {
    const { hash: blockHash, time: blockTime } = block(number)
    const place = { blockNumber: number, blockHash, blockTime, position: 0, transactionHash: hashOf('tx') }
    const last = names[number]?.at(-1) ?? ''
    const admitted = (committer: Hex): ChainEvent => {
      const nothing = { epoch: 0n, counter: 0n, totalPaid: 0n }
      const args = { ...nothing, committer, configHash: rules.hash, root: rules.hash }
      return { ...place, name: 'Admitted', args }
    }
    const events: ChainEvent[] = number === deployedAt ? [admitted(firstCommitter)] : []
    if (/\d/.test(last)) events.push(admitted(payeeOf(Number(last))))
    const args = { payee, counter: BigInt(number), amount: 1n, ticket: false }
    if (last === '!') events.push({ ...place, position: 1, name: 'Paid', args })
    return events
  }
  const chain = {
    ...createFakeChain(rules.domain),
    block: async (number?: number) => block(number ?? names.length - 1),
    isDeployed: async (number?: number) => (number ?? names.length - 1) >= deployedAt,
    head: async (number = 0) => {
      const last = names.slice(0, number + 1).findLast((name) => /\d$/.test(name))
      return { committer: last ? payeeOf(Number(last.at(-1))) : firstCommitter } as never
    },
    totalPaid: async (number = 0) => BigInt(names.slice(0, number + 1).filter((name) => name.endsWith('!')).length),
    events: async ({ from, to, committers }: EventRange) => {
      asked.push(`${from}-${to}`)
      followed.push([...committers])
      return Array.from({ length: to - from + 1 }, (_, i) => from + i).flatMap(eventsIn)
    },
  }
  const store = await openStore(`sqlite:${temporaryFolder()}/store.sqlite`, rules.hash)
  await store.lead(AbortSignal.timeout(10_000))
  const books = createBooks({ store })
  const indexer = createIndexer({ chain, store, books, confirmations, pollMs: 1, log: pino({ level: 'silent' }) })
  return {
    asked,
    followed,
    chain,
    store,
    async see(next: readonly string[], deployed = 1) {
      names = next
      deployedAt = deployed
      await indexer.catchUp()
      const events = []
      for await (const { name, blockNumber } of store.events()) if (name === 'Paid') events.push(blockNumber)
      return {
        cursor: (await store.cursor())?.number,
        events,
        paidWei: books.of(payee)?.paidWei ?? 0n,
        block: books.block,
      }
    },
  }
}

test('default: takes in what is new, once', async () => {
  const { see, asked } = await scripted()
  expect(await see(['a', 'b!', 'c'])).toEqual({ cursor: 2, events: [1], paidWei: 1n, block: 2 })
  expect(await see(['a', 'b!', 'c', 'd!'])).toEqual({ cursor: 3, events: [1, 3], paidWei: 2n, block: 3 })
  expect(await see(['a', 'b!', 'c', 'd!'])).toEqual({ cursor: 3, events: [1, 3], paidWei: 2n, block: 3 })
  expect(asked).toEqual(['1-2', '3-3'])
})

test('behavior: begins where the contract was deployed', async () => {
  const { see, asked } = await scripted()
  expect(await see(['a', 'b', 'c'], 99)).toMatchObject({ cursor: undefined })
  await see(['a', 'b', 'c', 'd', 'e!', 'f'], 4)
  expect(asked).toEqual(['4-5'])
})

test('behavior: follows whoever was ever admitted', async () => {
  const { see, followed } = await scripted()
  await see(['a', 'b'], 99)
  await see(['a', 'b', 'c', 'd', 'e1'], 2)
  await see(['a', 'b', 'c', 'd', 'e1', 'f2'], 2)
  await see(['a', 'b', 'c', 'd', 'x', 'y'], 2)
  const [first, one] = [firstCommitter, payeeOf(1)]
  // Who is admitted in what is being read, the reader of logs follows itself; with the block that admitted it, it is gone.
  expect(followed).toEqual([[], [first, one], [first]])
})

test('behavior: a reorganisation takes back what is no longer there', async () => {
  const { see } = await scripted()
  await see(['a', 'b!', 'c!', 'd', 'e!'])
  expect(await see(['a', 'b!', 'x', 'y!', 'z'])).toEqual({ cursor: 4, events: [1, 3], paidWei: 2n, block: 4 })
})

test('behavior: books that follow what another process stores, forwards and back', async () => {
  const { see, store } = await scripted()
  const followed = createBooks({ store })
  const follow = async () => {
    await followed.catchUp()
    return { paidWei: followed.of(payee)?.paidWei ?? 0n, block: followed.block }
  }
  expect(await follow()).toEqual({ paidWei: 0n, block: undefined })
  const chains = [
    ['a', 'b!', 'c'],
    ['a', 'b!', 'c', 'd!', 'e!'], // goes on
    ['a', 'b!', 'c', 'd!', 'e!'], // nothing new
    ['a', 'b!', 'c', 'x', 'y', 'z!'], // goes back, and further than it was
    ['a', 'b!', 'v'], // becomes shorter
  ]
  for (const names of chains) {
    const { paidWei, block } = await see(names)
    expect(await follow()).toEqual({ paidWei, block })
  }
})

test('behavior: a chain that has become shorter', async () => {
  const { see } = await scripted()
  await see(['a', 'b!', 'c!', 'd!'])
  expect(await see(['a', 'b!', 'x'])).toEqual({ cursor: 2, events: [1], paidWei: 1n, block: 2 })
})

test('behavior: the newest blocks count only when others are on top', async () => {
  const { see } = await scripted(2)
  expect(await see(['a', 'b!', 'c!', 'd', 'e'])).toMatchObject({ cursor: 2, events: [1, 2] })
  expect(await see(['a', 'b!', 'c!', 'd!', 'e'])).toMatchObject({ cursor: 2, events: [1, 2] })
})

test('behavior: a reorganisation while logs are read is noticed', async () => {
  const { see, chain, store } = await scripted()
  await see(['a', 'b'])
  const { block } = chain
  let asked = 0
  chain.block = async (number?: number) => {
    const point = await block(number)
    return number === 3 && ++asked > 1 ? { ...point, hash: hashOf('other') } : point
  }
  expect(await see(['a', 'b', 'c!', 'd'])).toMatchObject({ cursor: 1, events: [] })
  chain.block = block
  expect(await see(['a', 'b', 'c!', 'd'])).toMatchObject({ cursor: 3, events: [2] })
  expect(await store.cursor()).toEqual({ number: 3, hash: hashOf('d') })
})

test('error: another chain altogether is not taken in', async () => {
  const { see } = await scripted()
  await see(['a', 'b!', 'c'])
  await expect(see(['x', 'y', 'z'])).rejects.toThrow('no remembered block')
})

test('row 34: who was admitted is read again where the contract names someone whom no event did', async () => {
  const { see, chain, followed } = await scripted()
  const { events } = chain
  chain.events = async (range) => (await events(range)).filter(({ name }) => name !== 'Admitted')
  await see(['a', 'b', 'c1'])
  chain.events = events
  await see(['a', 'b', 'c1', 'd', 'e'])
  await see(['a', 'b', 'c1', 'd', 'e', 'f'])
  expect(followed.at(-1)).toEqual([firstCommitter, payeeOf(1)])
})

/** So many blocks, a payment in one of them. */
const chainOf = (length: number, paidIn: number): string[] =>
  Array.from({ length }, (_, i) => (i === paidIn ? `${i}!` : `${i}.`))

test('row 34: logs that a server kept back are read again, from further back each time, and the books heal', async () => {
  const { see, chain, asked } = await scripted()
  const { events } = chain
  chain.events = async (range) => (await events(range)).filter(({ name }) => name !== 'Paid')
  await see(chainOf(1, 5))
  expect(await see(chainOf(900, 5))).toMatchObject({ cursor: 899, events: [], paidWei: 0n })
  expect(asked).toEqual(['1-899', '2-899'])
  chain.events = events
  expect(await see(chainOf(901, 5))).toMatchObject({ cursor: 900, events: [5], paidWei: 1n, block: 900 })
  expect(await see(chainOf(902, 5))).toMatchObject({ cursor: 901, events: [5], paidWei: 1n, block: 901 })
  expect(asked.at(-1)).toBe('901-901')
})

test('row 34: where logs stay away, not all is read again with every block', async () => {
  const { see, chain, asked } = await scripted()
  const { events } = chain
  chain.events = async (range) => (await events(range)).filter(({ name }) => name !== 'Paid')
  await see(chainOf(100, 5))
  asked.length = 0
  for (const length of [101, 105, 109]) await see(chainOf(length, 5))
  expect(asked).toEqual(['100-100', '101-104', '105-108'])
  chain.events = events
  expect(await see(chainOf(112, 5))).toMatchObject({ cursor: 111, events: [5], paidWei: 1n })
})

test('row 34: a server that hid the contract for a while does not hide what was before', async () => {
  const { see } = await scripted()
  await see(chainOf(8, 5), 99)
  await see(chainOf(10, 5), 2)
  expect(await see(chainOf(11, 5), 2)).toMatchObject({ events: [5], paidWei: 1n })
})
