import { zeroAddress } from 'viem'
import { expect, test } from 'vitest'
import { findOrchestrators } from '../../../anvil/broker.ts'
import type { Wallet } from '../../../anvil/wallet.ts'
import type { Hex } from '../../../ledger/hex.ts'

const addressOf = (index: number): Hex => `0x${'c'.repeat(39)}${index}`
const real = { broker: addressOf(7), roundsManager: addressOf(8), bondingManager: addressOf(9), standIn: null }

/** A pool as the real BondingManager keeps it: a list from the largest stake down, some of it not active yet. */
function walletOnPool(pool: readonly Hex[], inactive: readonly Hex[]): Wallet {
  const answers: Record<string, (account?: Hex) => unknown> = {
    getFirstTranscoderInPool: () => pool[0] ?? zeroAddress,
    getNextTranscoderInPool: (account) => pool[pool.indexOf(account as Hex) + 1] ?? zeroAddress,
    isActiveTranscoder: (account) => !inactive.includes(account as Hex),
  }
  const readContract = async ({ functionName, args = [] }: { functionName: string; args?: Hex[] }) =>
    answers[functionName]?.(...args)
  return { chain: { readContract } } as unknown as Wallet
}

test('behavior: of the real broker the active ones are picked, from the top of the pool', async () => {
  const wallet = walletOnPool([1, 2, 3, 4].map(addressOf), [addressOf(2)])
  expect(await findOrchestrators(wallet, real, [zeroAddress, zeroAddress])).toEqual([addressOf(1), addressOf(3)])
})

test('error: too few are active', async () => {
  const wallet = walletOnPool([1, 2].map(addressOf), [addressOf(2)])
  await expect(findOrchestrators(wallet, real, [zeroAddress, zeroAddress])).rejects.toThrow('only 1 active')
})
