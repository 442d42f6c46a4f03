import { parseTransaction } from 'viem'
import { afterEach, expect, test, vi } from 'vitest'
import { decodeCall } from '../../daemon/chain/calls.ts'
import type { Hex } from '../../ledger/hex.ts'
import { call } from '../unit/enclave/support.ts'
import { type Carrying, type CarryingOptions, caps, createCarrying } from './carrying.ts'
import { useChains } from './chains.ts'
import { healthy } from './faultyRpc.ts'

const startChain = useChains()
let chain: ReturnType<typeof startChain> | undefined
let world: Carrying

/** An epoch is open. */
async function createOpen(options?: CarryingOptions): Promise<Carrying> {
  chain ??= startChain({ kind: 'local' })
  world = await createCarrying((await chain).rpcUrl, options)
  await letGo(world)
  expect(await mineUntil(world.settle(await world.open()))).toBe('landed')
  world.rpc.asked.length = 0
  return world
}

/** Nothing is mined from here on. */
async function holdBlocks({ tell }: Carrying): Promise<void> {
  await tell('evm_setAutomine', false)
  await tell('evm_setIntervalMining', 0)
}
/** From here on each transaction is mined at once, and no block comes without one. */
const letGo = async ({ tell }: Carrying): Promise<void> => {
  await tell('anvil_mine', '0x1')
  await tell('evm_setAutomine', true)
}
afterEach(() => letGo(world))

const sends = ({ rpc }: Carrying) => rpc.asked.filter((method) => method === 'eth_sendRawTransaction').length
const fieldsOf = ({ raw }: { readonly raw: Hex }) => parseTransaction(raw as `0x02${string}`)
const until = (holds: () => unknown): Promise<unknown> =>
  vi.waitFor(
    async () => {
      if (!(await holds())) throw new Error('not yet')
    },
    { timeout: 20_000, interval: 5 },
  )

/** Blocks come until the promise settles. */
async function mineUntil<T>(settled: Promise<T>): Promise<T> {
  let isSettled = false
  void settled.finally(() => {
    isSettled = true
  })
  await until(async () => {
    await world.tell('anvil_mine', '0x1')
    return isSettled
  })
  return settled
}

test('default: sent once, and landed', async () => {
  const { settle, commit, chain: seen, attempts } = await createOpen()
  expect(await settle(await commit())).toBe('landed')
  expect(sends(world)).toBe(1)
  expect((await seen.head()).counter).toBe(1n)
  expect((await attempts()).map(({ status }) => status)).toEqual(['landed', 'landed'])
})

test('row 34: a server that takes a transaction and then times out is not asked to take another', async () => {
  const { rpc, settle, commit, attempts } = await createOpen()
  rpc.onRequest = (calls) => (calls.some(({ method }) => method === 'eth_sendRawTransaction') ? 'cut_after' : 'pass')
  expect(await settle(await commit())).toBe('landed')
  expect([sends(world), (await attempts()).length]).toEqual([1, 2])
})

test('row 34: a server that takes a transaction and is silent from then on is not asked to take another', async () => {
  const { rpc, settle, commit, attempts } = await createOpen({ timeoutMs: 500 })
  let silent = 0
  rpc.onRequest = (calls) =>
    calls.some(({ method }) => method === 'eth_sendRawTransaction') || silent++ === 1 ? 'hold_after' : 'pass'
  expect(await settle(await commit())).toBe('landed')
  expect([sends(world), (await attempts()).length]).toEqual([1, 2])
})

test('row 34: an answer that comes late, when the transaction has long landed, changes nothing', async () => {
  const { rpc, settle, commit, attempts, chain: seen } = await createOpen()
  const late = Promise.withResolvers<void>()
  rpc.onRequest = (calls) =>
    calls.some(({ method }) => method === 'eth_sendRawTransaction') ? { late: late.promise } : 'pass'
  const settled = settle(await commit())
  await until(async () => (await seen.head()).counter === 1n)
  late.resolve()
  expect(await settled).toBe('landed')
  expect([sends(world), (await attempts()).length]).toEqual([1, 2])
})

test('row 34: a server that is down or talks nonsense says nothing against a transaction', async () => {
  const { rpc, settle, commit, codes } = await createOpen()
  const faults = ['cut', 'nonsense', 'refuse', 'cut', 'cut_after'] as const
  const transaction = await commit()
  let request = 0
  rpc.onRequest = () => faults[request++] ?? 'pass'
  expect(await settle(transaction)).toBe('landed')
  expect(codes).toContain('RPC_UNREACHABLE')
  expect(codes).toContain('RPC_MALFORMED')
})

test('row 34: a server that says it took a transaction, and did not: the same bytes go out until it does', async () => {
  const { rpc, settle, commit } = await createOpen()
  const transaction = await commit()
  let lies = 3
  rpc.onCall = ({ method, params }) => {
    if (method !== 'eth_sendRawTransaction' || params[0] !== transaction.raw) return undefined
    return lies-- > 0 ? { result: transaction.hash } : undefined
  }
  expect(await settle(transaction)).toBe('landed')
  expect(lies).toBe(-1)
})

test('row 34: on another chain nothing is decided and nothing sent, until it is the right one again', async () => {
  const { rpc, settle, commit, codes } = await createOpen()
  const transaction = await commit()
  rpc.onCall = ({ method }) => (method === 'eth_chainId' ? { result: '0x1' } : undefined)
  const settled = settle(transaction)
  await until(() => codes.includes('RPC_WRONG_CHAIN') && rpc.asked.length > 20)
  expect(sends(world)).toBe(0)
  Object.assign(rpc, healthy())
  expect(await settled).toBe('landed')
})

test('row 11: a transaction that the node forgets is sent again, byte for byte', async () => {
  const { settle, commit, tell, chain: seen, rpc } = await createOpen()
  await holdBlocks(world)
  const transaction = await commit()
  const sent: unknown[] = []
  rpc.onCall = ({ method, params }) => {
    if (method === 'eth_sendRawTransaction') sent.push(...params)
    return undefined
  }
  const settled = settle(transaction)
  await until(async () => (await seen.calldata(transaction.hash)) !== undefined)
  await tell('anvil_dropTransaction', transaction.hash)
  await until(() => sent.filter((raw) => raw === transaction.raw).length === 2)
  await letGo(world)
  expect(await settled).toBe('landed')
})

test('row 11: what waits too long is signed again for more, then carried by the relayer; all bear the same call', async () => {
  const { settle, commit, attempts, hosted, relayer, wallet } = await createOpen({ hasRelayer: true })
  await holdBlocks(world)
  const first = await commit()
  const settled = settle(first)
  await until(async () => (await attempts()).filter(({ purpose }) => purpose === 'commit').length >= 3)
  const [a, b, c] = (await attempts()).filter(({ purpose }) => purpose === 'commit').map(fieldsOf) as [
    ReturnType<typeof fieldsOf>,
    ReturnType<typeof fieldsOf>,
    ReturnType<typeof fieldsOf>,
  ]
  const byRelayer = [a, b, c].filter(({ nonce }) => nonce !== first.nonce)
  expect(byRelayer).toHaveLength(1)
  const [before, after] = [a, b, c].filter(({ nonce }) => nonce === first.nonce) as [typeof a, typeof b]
  expect(new Set([a, b, c].map(({ data }) => data)).size).toBe(1)
  const [low, high] = [before.maxFeePerGas as bigint, after.maxFeePerGas as bigint].sort((x, y) => Number(x - y))
  expect((high as bigint) * 100n >= (low as bigint) * 110n && (high as bigint) <= caps.maxFeePerGas).toBe(true)
  await letGo(world)
  expect(await settled).toBe('landed')
  const nonces = await Promise.all(
    [hosted.address, relayer].map((address) => wallet.chain.getTransactionCount({ address })),
  )
  expect(nonces).toEqual([first.nonce + 1, 1])
})

test('row 11: with an empty gas account the relayer carries the open and the commit', async () => {
  const { settle, commit, open, tell, hosted, relayer, chain: seen, codes } = await createOpen({ hasRelayer: true })
  await tell('anvil_setBalance', hosted.address, '0x0')
  const nonces = await Promise.all([hosted.address, relayer].map((account) => seen.nonce(account)))
  expect(await settle(await open())).toBe('landed')
  expect(await settle(await commit())).toBe('landed')
  expect(codes).toContain('GAS_SHORT')
  const after = await Promise.all([hosted.address, relayer].map((account) => seen.nonce(account)))
  expect(after).toEqual([nonces[0], (nonces[1] as number) + 2])
  expect(await seen.head()).toMatchObject({ epoch: 2n, counter: 1n })
})

test('row 11: a commit mined with status 0 is known as such, and the next lands on the head as it is', async () => {
  const { settle, commit, chain: seen } = await createOpen()
  expect(await settle(await commit(80_000n))).toBe('reverted')
  expect((await seen.head()).counter).toBe(0n)
  expect(await settle(await commit())).toBe('landed')
})

test('row 11: with the nonce spent elsewhere the same calldata goes out under the next', async () => {
  const { settle, commit, hosted, wallet, attempts, broadcaster } = await createOpen()
  const transaction = await commit()
  // The core carries another call of its own, one that reverts.
  const other = await broadcaster.hints(hosted.address, 900_000n)
  const sign = fieldsOf((await attempts())[0] as { raw: Hex })
  expect(other.nonce).toBe(BigInt(transaction.nonce))
  const again = call(hosted.core, 'sign_transaction', {
    ...(decodeCall(sign.data as Hex) as NonNullable<ReturnType<typeof decodeCall>>),
    hints: other,
  })
  await wallet.chain.waitForTransactionReceipt({
    hash: await wallet.chain.sendRawTransaction({ serializedTransaction: again.transaction }),
  })
  expect(await settle(transaction)).toBe('landed')
  const commits = (await attempts()).filter(({ purpose }) => purpose === 'commit')
  expect(commits.map(({ nonce }) => nonce)).toEqual([transaction.nonce, transaction.nonce + 1])
})

test('row 11: a stranger that carries the call has landed it for us', async () => {
  const { settle, commit, wallet, attempts } = await createOpen()
  const transaction = await commit()
  const { to, data } = fieldsOf(transaction)
  const hash = await wallet.signer.sendTransaction({ chain: null, to: to as Hex, data: data as Hex })
  await wallet.chain.waitForTransactionReceipt({ hash })
  expect(await settle(transaction)).toBe('landed')
  expect(sends(world)).toBe(0)
  expect((await attempts()).at(-1)?.status).toBe('landed')
})

test('row 11: a commit that another epoch came before is overtaken', async () => {
  const { settle, commit, open, chain: seen } = await createOpen()
  const late = await commit()
  expect(await settle(await open())).toBe('landed')
  expect(await settle(late)).toBe('overtaken')
  expect((await seen.head()).counter).toBe(0n)
})

test('row 11: a reorganisation takes back a commit that was seen; it goes out again', async () => {
  const { settle, commit, tell, chain: seen, rpc } = await createOpen({ confirmations: 3 })
  await holdBlocks(world)
  const settled = settle(await commit())
  await until(async () => sends(world) > 0)
  await tell('anvil_mine', '0x1')
  await until(async () => (await seen.head()).counter === 1n)
  rpc.asked.length = 0
  await until(() => rpc.asked.length > 20) // it was seen on the head, and not deep enough
  await tell('anvil_reorg', { depth: 1, tx_block_pairs: [] } as never).catch(() => tell('anvil_reorg', 1, []))
  expect((await seen.head()).counter).toBe(0n)
  await until(() => sends(world) > 0)
  await letGo(world)
  expect(await mineUntil(settled)).toBe('landed')
  expect((await seen.head()).counter).toBe(1n)
})

test.each(['0x1', '0x0'])('row 10: a receipt that is a lie (status %s) decides nothing', async (status) => {
  const { rpc, settle, commit, chain: seen, tell } = await createOpen()
  await holdBlocks(world)
  const transaction = await commit()
  const block = (await tell('eth_getBlockByNumber', 'latest', false)) as { hash: string; number: string }
  const receipt = {
    status,
    transactionHash: transaction.hash,
    transactionIndex: '0x0',
    blockHash: block.hash,
    blockNumber: '0xfffffff',
    from: world.hosted.address,
    to: null,
    cumulativeGasUsed: '0x1',
    gasUsed: '0x1',
    effectiveGasPrice: '0x1',
    contractAddress: null,
    logs: [],
    logsBloom: '0x',
    type: '0x2',
  }
  rpc.onCall = ({ method }) => (method === 'eth_getTransactionReceipt' ? { result: receipt } : undefined)
  const settled = settle(transaction)
  await until(() => rpc.asked.length > 40)
  expect((await seen.head()).counter).toBe(0n)
  Object.assign(rpc, healthy())
  await letGo(world)
  expect(await settled).toBe('landed')
})

test('row 20: lies about the nonce make a transaction that waits or fails; with the truth the next lands', async () => {
  const { rpc, settle, commit, chain: seen } = await createOpen({ looksMax: 3 })
  for (const lie of ['0x0', '0x50']) {
    rpc.onCall = ({ method }) => (method === 'eth_getTransactionCount' ? { result: lie } : undefined)
    expect(await settle(await commit())).toBe('unknown')
    expect((await seen.head()).counter).toBe(0n)
  }
  Object.assign(rpc, healthy())
  expect(await settle(await commit())).toBe('landed')
  expect((await seen.head()).counter).toBe(1n)
})

test('row 20: lies about fees end at the caps', async () => {
  const { rpc, settle, commit } = await createOpen()
  const huge = `0x${(10n ** 15n).toString(16)}`
  rpc.onCall = ({ method }) =>
    method === 'eth_getBlockByNumber'
      ? { answer: (block) => ({ ...(block as object), baseFeePerGas: huge }) }
      : method === 'eth_maxPriorityFeePerGas' || method === 'eth_gasPrice'
        ? { result: huge }
        : undefined
  const transaction = await commit()
  expect(fieldsOf(transaction)).toMatchObject({
    maxFeePerGas: caps.maxFeePerGas,
    maxPriorityFeePerGas: caps.maxPriorityFeePerGas,
  })
  expect(await settle(transaction)).toBe('landed')
})

test('row 10: of what nobody mines nothing is known, and the next commit takes its place', async () => {
  const { settle, commit, chain: seen, attempts } = await createOpen({ looksMax: 5 })
  await holdBlocks(world)
  const first = await commit()
  expect(await settle(first)).toBe('unknown')
  const second = await commit()
  expect(second.nonce).toBe(first.nonce)
  const settled = settle(second)
  await until(async () => (await seen.calldata(second.hash)) !== undefined)
  await letGo(world)
  expect(await settled).toBe('landed')
  expect((await seen.head()).counter).toBe(1n)
  expect(new Set((await attempts()).map(({ status }) => status))).toEqual(new Set(['landed', 'unknown']))
})

test('row 32: what an earlier run left under way is settled by the next, all its transactions together', async () => {
  const { settle, commit, settlePending, attempts, chain: seen, restart } = await createOpen()
  await holdBlocks(world)
  const stop = new AbortController()
  const settled = settle(await commit(), stop.signal)
  await until(async () => (await attempts()).length >= 3)
  stop.abort(new Error('killed'))
  await expect(settled).rejects.toThrow('killed')
  restart()
  await letGo(world)
  await settlePending()
  expect(new Set((await attempts()).map(({ status }) => status))).toEqual(new Set(['landed']))
  expect((await seen.head()).counter).toBe(1n)
})
