import { pino } from 'pino'
import { expect, test } from 'vitest'
import { createBroadcaster } from '../../../daemon/services/broadcaster.ts'
import { fetchHints, gasOfCommit, lowerCaps } from '../../../daemon/services/hints.ts'
import type { StoredTransaction, TransactionStatus } from '../../../daemon/store/store.ts'
import type { Hex } from '../../../ledger/hex.ts'
import { payeeOf } from '../ledger/support.ts'

const sender = payeeOf(1)
const hash = (n: number): Hex => `0x${n.toString(16).padStart(64, '0')}`
const transaction = (nonce: number): StoredTransaction => ({
  hash: hash(nonce),
  raw: '0x02',
  nonce,
  purpose: 'commit',
  status: 'pending',
})

/** A chain of which each look sees the next of these moments; the last one stays. */
interface Moment {
  readonly nonce?: number
  readonly mined?: 'success' | 'reverted'
  readonly block?: number
  readonly isDown?: boolean
}

function broadcasting(moments: readonly Moment[], confirmations = 0) {
  let look = -1
  const sent: Hex[] = []
  const marked: [Hex, TransactionStatus][] = []
  const now = (): Moment => moments[Math.min(look, moments.length - 1)] as Moment
  const chain = {
    receipt: async () => {
      look++
      if (now().isDown) throw new Error('down')
      const status = now().mined
      return status && { status, blockNumber: 10 }
    },
    block: async () => ({ number: now().block ?? 10, hash: hash(0) }),
    nonce: async () => now().nonce ?? 0,
    calldata: async (one: Hex) => (sent.includes(one) ? ('0x' as Hex) : undefined),
    send: async () => {
      sent.push(hash(now().nonce ?? 0))
    },
  }
  const store = {
    pendingTransactions: async () => [transaction(0)],
    transactionsBetween: async () => [],
    markTransaction: async (one: Hex, status: TransactionStatus) => void marked.push([one, status]),
  }
  const broadcaster = createBroadcaster({ chain, store, confirmations, pollMs: 1, log: pino({ level: 'silent' }) })
  return {
    broadcaster,
    sent,
    marked,
    settle: () => broadcaster.settle(transaction(0), sender, new AbortController().signal),
  }
}

test.each([
  ['landed', [{}, { mined: 'success' }]],
  ['reverted', [{}, { mined: 'reverted' }]],
  ['replaced', [{}, { nonce: 1 }]],
  ['landed', [{ isDown: true }, { isDown: true }, {}, { mined: 'success' }]],
] as const)('behavior: %s', async (outcome, moments) => {
  const { settle, sent, marked } = broadcasting(moments)
  expect(await settle()).toBe(outcome)
  expect(marked).toEqual([[hash(0), outcome]])
  expect(sent).toHaveLength(1)
})

test('behavior: mined counts when others are on top', async () => {
  const young = { mined: 'success', block: 11 } as const
  const { settle } = broadcasting([young, young, {}, young, { mined: 'success', block: 12 }], 2)
  expect(await settle()).toBe('landed')
})

test('behavior: waiting for others on top is not being stuck', async () => {
  const young = Array.from({ length: 200 }, () => ({ mined: 'success', block: 10 }) as const)
  expect(await broadcasting([...young, { mined: 'success', block: 12 }], 2).settle()).toBe('landed')
})

test('behavior: mined between two questions is not replaced', async () => {
  const { settle } = broadcasting([{ nonce: 1 }, { mined: 'success', nonce: 1 }])
  expect(await settle()).toBe('landed')
})

test('behavior: what nobody mines is stuck, and the next offers more, until one is mined', async () => {
  const { settle, broadcaster } = broadcasting([{}])
  expect(await settle()).toBe('stuck')
  expect(broadcaster.feePercent).toBe(125n)
  expect(await settle()).toBe('stuck')
  expect(broadcaster.feePercent).toBe(156n)
  const mined = broadcasting([{ mined: 'success' }])
  await mined.broadcaster.settlePending(sender, new AbortController().signal)
  expect(mined.broadcaster.feePercent).toBe(100n)
})

test('behavior: a wait ends with its signal', async () => {
  const { broadcaster } = broadcasting([{ isDown: true }])
  const abort = new AbortController()
  const settled = broadcaster.settle(transaction(0), sender, abort.signal)
  abort.abort(new Error('stop'))
  await expect(settled).rejects.toThrow('stop')
})

test('behavior: hints stay within the caps', async () => {
  const chain = { nonce: async () => 7, fees: async () => ({ maxFeePerGas: 100n, maxPriorityFeePerGas: 10n }) }
  const caps = lowerCaps(
    { gas: 1000n, maxFeePerGas: 500n, maxPriorityFeePerGas: 50n },
    { gas: 2000n, maxFeePerGas: 110n, maxPriorityFeePerGas: 50n },
  )
  const hints = (gas: bigint, feePercent: bigint) => fetchHints(chain, caps, { sender, gas, feePercent })
  expect(await hints(900n, 100n)).toEqual({ nonce: 7n, gas: 900n, maxFeePerGas: 100n, maxPriorityFeePerGas: 10n })
  expect(await hints(1900n, 200n)).toEqual({ nonce: 7n, gas: 1000n, maxFeePerGas: 110n, maxPriorityFeePerGas: 20n })
  // A tip above the whole fee would be invalid.
  const low = { ...caps, maxFeePerGas: 5n }
  expect(await fetchHints(chain, low, { sender, gas: 1n, feePercent: 100n })).toMatchObject({
    maxPriorityFeePerGas: 5n,
  })
})

test('behavior: the gas of a commit covers what the contract wants left before its last payment', () => {
  expect(gasOfCommit({ tickets: 0, directs: 1 })).toBeGreaterThan(150_000n + 225_000n)
  expect(gasOfCommit({ tickets: 1, directs: 0 })).toBeGreaterThan(150_000n + 550_000n + 550_000n)
})
