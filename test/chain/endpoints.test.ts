import { pino } from 'pino'
import { createPublicClient } from 'viem'
import { expect, test } from 'vitest'
import { createEndpoints } from '../../daemon/chain/endpoints.ts'
import { useChains } from './chains.ts'
import { type FaultyRpc, healthy, startFaultyRpc } from './faultyRpc.ts'

const startChain = useChains()
const chainId = 31337n
let chain: ReturnType<typeof startChain> | undefined

interface WorldOptions {
  readonly change?: (url: string) => string
  readonly timeoutMs?: number
}

/** How long a server may be silent in tests in which one is. */
const timeoutMs = 300

/** Two servers of one chain, and a client that asks the first while it can. */
async function createWorld({ change = (url) => url, timeoutMs = 10_000 }: WorldOptions = {}) {
  chain ??= startChain({ kind: 'local' }) // one for all: nothing here is remembered by it
  const { rpcUrl } = await chain
  const [first, second] = (await Promise.all([startFaultyRpc(rpcUrl), startFaultyRpc(rpcUrl)])) as [
    FaultyRpc,
    FaultyRpc,
  ]
  const lines: string[] = []
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) })
  const urls = [first, second].map(({ url }) => change(url))
  const client = createPublicClient({
    transport: createEndpoints({ urls, chainId, timeoutMs, log }),
    cacheTime: 0,
  })
  const codes = () => lines.map((line) => JSON.parse(line).code ?? JSON.parse(line).msg)
  return { first, second, client, lines, codes, rpcUrl }
}

test('default: the first answers all, in one request for all of one moment', async () => {
  const { first, second, client } = await createWorld()
  const answers = await Promise.all([client.getBalance({ address: `0x${'11'.repeat(20)}` }), client.getChainId()])
  expect(answers).toEqual([0n, 31337])
  expect(first.asked).toEqual(['eth_chainId', 'eth_blockNumber', 'eth_getBalance', 'eth_chainId'])
  expect(second.asked).toEqual([])
})

test.each([
  ['cut', 'RPC_UNREACHABLE'],
  ['cut_after', 'RPC_UNREACHABLE'],
  ['hold', 'RPC_UNREACHABLE'],
  ['refuse', 'RPC_UNREACHABLE'],
  ['nonsense', 'RPC_MALFORMED'],
] as const)('behavior: %s, the next one is asked, and goes on being asked', async (fault, code) => {
  const { first, second, client, codes, lines } = await createWorld(fault === 'hold' ? { timeoutMs } : {})
  first.onRequest = () => fault
  expect(await client.getChainId()).toBe(31337)
  expect(codes()).toEqual([code])
  const askedBefore = first.asked.length
  expect(await client.getChainId()).toBe(31337)
  expect(first.asked).toHaveLength(askedBefore)

  // Both: a coded error; and as soon as one heals, answers.
  second.onRequest = () => fault
  await expect(client.getChainId()).rejects.toMatchObject({ code })
  Object.assign(first, healthy())
  expect(await client.getChainId()).toBe(31337)
  expect(lines.join()).not.toContain('SECRET')
})

test('row 34: a server that changes its chain is not believed a word, until it is back', async () => {
  const { first, second, client, codes } = await createWorld()
  first.onCall = ({ method }) => (method === 'eth_chainId' ? { result: '0x1' } : undefined)
  const address = `0x${'11'.repeat(20)}` as const
  expect(await client.getBalance({ address })).toBe(0n)
  expect(codes()).toEqual(['RPC_WRONG_CHAIN'])
  second.onCall = first.onCall
  await expect(client.getBalance({ address })).rejects.toMatchObject({ code: 'RPC_WRONG_CHAIN' })
  Object.assign(second, healthy())
  expect(await client.getBalance({ address })).toBe(0n)
})

test('row 34: a server that rewinds is left for one that did not; where all did, the chain did', async () => {
  const { first, second, client, codes } = await createWorld()
  await client.request({ method: 'anvil_mine' as never, params: ['0x100'] as never })
  expect(await client.getBlockNumber()).toBeGreaterThan(255n)
  first.onCall = ({ method }) => (method === 'eth_blockNumber' ? { result: '0x5' } : undefined)
  expect(await client.getBlockNumber()).toBeGreaterThan(255n)
  expect(codes()).toEqual(['a server of the chain is behind'])
  second.onCall = first.onCall
  expect(await client.getBlockNumber()).toBe(5n)
})

test('row 34: what one server limits, another may answer', async () => {
  const { first, client, codes } = await createWorld()
  first.onCall = ({ method }) =>
    method === 'eth_getBalance' ? { error: { code: -32005, message: 'limit exceeded' } } : undefined
  expect(await client.getBalance({ address: `0x${'11'.repeat(20)}` })).toBe(0n)
  expect(codes()).toEqual(['RPC_UNREACHABLE'])
})

test('behavior: a call that reverts is an answer, not a fault', async () => {
  const { first, second, client } = await createWorld()
  const error = { code: 3, message: 'execution reverted', data: '0x1234' }
  first.onCall = ({ method }) => (method === 'eth_call' ? { error } : undefined)
  await expect(client.request({ method: 'eth_call', params: [{}] as never })).rejects.toMatchObject({ code: 3 })
  expect(second.asked).toEqual([])
})

test('behavior: a transaction goes to all, and one that takes it is enough', async () => {
  const { first, second, client } = await createWorld()
  first.onCall = ({ method }) => (method === 'eth_sendRawTransaction' ? { result: '0x12' } : undefined)
  second.onRequest = () => 'cut'
  expect(await client.request({ method: 'eth_sendRawTransaction', params: ['0x02'] })).toBe('0x12')
  expect(second.asked).toContain('eth_sendRawTransaction')
  first.onCall = () => ({ error: { code: -32000, message: 'nonce too low' } })
  await expect(client.request({ method: 'eth_sendRawTransaction', params: ['0x02'] })).rejects.toThrow()
})

test('behavior: no credential of a URL is ever logged or thrown', async () => {
  const { first, second, client, lines } = await createWorld({
    change: (url) => `${url.replace('http://', 'http://user:CANARY1@')}/v2/CANARY2?key=CANARY3`,
    timeoutMs,
  })
  expect(await client.getChainId()).toBe(31337)
  const errors: string[] = []
  for (const fault of ['cut', 'hold', 'refuse', 'nonsense'] as const) {
    first.onRequest = second.onRequest = () => fault
    errors.push(await client.getChainId().then(String, (error: Error) => `${error.stack}${JSON.stringify(error)}`))
  }
  Object.assign(first, healthy())
  first.onCall = ({ method }) => (method === 'eth_call' ? { error: { code: 3, message: 'no' } } : undefined)
  errors.push(await client.request({ method: 'eth_call', params: [{}] as never }).then(String, (e: Error) => `${e}`))
  expect(errors.concat(lines).join()).not.toMatch(/CANARY/)
  expect(errors.every((text) => text.length > 10)).toBe(true)
})
