/** What is asked of the chain before anything is signed: would this payment go through, and what gas does L1 take? */
import { type Hex as AnyHex, concat, encodeErrorResult, parseAbi, toHex } from 'viem'
import { expect, test } from 'vitest'
import { findOrchestrators } from '../../anvil/broker.ts'
import { fetchCommitGas, fetchGasMax, fetchOpenGas, gasOfCommit } from '../../daemon/services/gas.ts'
import type { Hex } from '../../ledger/hex.ts'
import { payeeOf } from '../unit/ledger/support.ts'
import { caps, createCarrying } from './carrying.ts'
import { useChains } from './chains.ts'

const startChain = useChains()
const wei = 10n ** 15n

/** A contract that reverts with these bytes, whatever it is sent. */
const reverting = (data: AnyHex): AnyHex => {
  const size = toHex((data.length - 2) / 2, { size: 1 })
  return concat(['0x60', size, '0x600a5f3960', size, '0x5ffd', data])
}
const errors = parseAbi(['error Error(string)', 'error Panic(uint256)', 'error NotSelf()'])
const says = (text: string) => reverting(encodeErrorResult({ abi: errors, errorName: 'Error', args: [text] }))

test('row 26: whoever would fail is known before it is signed, with the reason in words', {
  timeout: 60_000,
}, async () => {
  const { rpcUrl } = await startChain({ kind: 'local' })
  const { chain, tell, broker, wallet, rpc } = await createCarrying(rpcUrl)
  const codes: readonly (readonly [string | undefined, AnyHex])[] = [
    [undefined, '0x'],
    ['not today', says('not today')],
    ['division by zero', reverting(encodeErrorResult({ abi: errors, errorName: 'Panic', args: [18n] }))],
    ['NotSelf()', reverting(encodeErrorResult({ abi: errors, errorName: 'NotSelf' }))],
    ['0xfedcba98', reverting('0xfedcba98')],
    ['execution reverted', '0x5f5ffd'],
  ]
  for (const [i, [words, code]] of codes.entries()) {
    const payee = payeeOf(3000 + i)
    await tell('anvil_setCode', payee, code)
    expect(await chain.tryDirect(payee, wei)).toBe(words)
  }
  // One that eats gas gets no more than the contract gives it.
  await tell('anvil_setCode', payeeOf(3100), '0x5b5f56')
  expect(await chain.tryDirect(payeeOf(3100), wei)).toMatch(/gas/i)

  const [active] = (await findOrchestrators(wallet, broker, [payeeOf(3200)])) as [Hex]
  const round = (await chain.round())?.number as bigint
  expect(await chain.tryTicket(active, wei, round)).toBeUndefined()
  expect(await chain.tryTicket(payeeOf(3201), wei, round)).toMatch(/transcoder must be/)

  // What could not be asked is no reason against anyone.
  rpc.onRequest = () => 'cut'
  await expect(chain.tryDirect(payeeOf(3000), wei)).rejects.toMatchObject({ cause: { code: 'RPC_UNREACHABLE' } })
  await expect(chain.l1Gas('0x11')).rejects.toThrow()
})

test('behavior: where there is a NodeInterface, what L1 takes is on top of the worst case', {
  timeout: 60_000,
}, async () => {
  const { rpcUrl } = await startChain({ kind: 'local' })
  const { chain, tell } = await createCarrying(rpcUrl)
  const count = { tickets: 3, directs: 2 }
  expect(await fetchCommitGas(chain, count)).toBe(gasOfCommit(count))
  expect(await fetchGasMax(chain, caps)).toBe(caps.gas)

  // It answers with the size of the calldata as the gas for L1.
  await tell('anvil_setCode', '0x00000000000000000000000000000000000000C8', '0x365f5260605ff3')
  const bytes = 1_000 + 5 * 32 + 3 * 64
  const l1 = (await fetchCommitGas(chain, count)) - gasOfCommit(count)
  expect(l1).toBeGreaterThanOrEqual(2n * BigInt(bytes))
  expect(l1).toBeLessThan(2n * BigInt(bytes + 200))
  expect(await fetchOpenGas(chain)).toBeGreaterThan(1_036_000n)
  expect(await fetchGasMax(chain, caps)).toBeLessThan(caps.gas - 48_000n)
  expect(await fetchGasMax(chain, { ...caps, gas: 99_000_000n })).toBe(32_000_000n)
})
