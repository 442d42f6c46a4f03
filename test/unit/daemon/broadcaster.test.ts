import { expect, test } from 'vitest'
import { decideStanding } from '../../../daemon/chain/calls.ts'
import type { Head } from '../../../daemon/chain/chain.ts'
import { decideAttempt, type Situation } from '../../../daemon/services/attempts.ts'
import { gasOfCommit } from '../../../daemon/services/gas.ts'
import { fetchHints, lowerCaps } from '../../../daemon/services/hints.ts'
import { type Hex, zeroHash } from '../../../ledger/hex.ts'
import { rootOf } from '../../../ledger/state.ts'
import type { Commit, Open } from '../../../ledger/structs.ts'
import { payeeOf } from '../ledger/support.ts'

const sender = payeeOf(1)
const hash = (n: number): Hex => `0x${n.toString(16).padStart(64, '0')}`
const signature: Hex = `0x${'11'.repeat(64)}`

const next = { accountsRoot: hash(1), logRoot: hash(2), logSize: 3n, totalEarned: 4n, configHash: hash(5) }
const commit: Commit = {
  ...{ epoch: 4n, boot: hash(7), counter: 6n, prevRoot: hash(8), next, round: 0n },
  ...{ payments: [], ticketSigs: [] },
}
const open: Open = {
  ...{ epoch: 4n, prevBoot: hash(6), counter: 5n, root: hash(8), boot: hash(7) },
  ...{ logSize: 3n, logRoot: hash(2), attestation: '0x' },
}
const head = (changes: Partial<Head>): Head => ({
  ...{ epoch: 4n, boot: hash(7), counter: 5n, root: hash(8), committer: sender, configHash: hash(5) },
  ...{ committedAt: 0n, logSize: 2n },
  ...changes,
})

test.each([
  ['fits', {}],
  ['landed', { counter: 6n, root: rootOf(next) }],
  ['landed', { counter: 6n, root: rootOf(next), epoch: 5n, boot: hash(9) }],
  ['overtaken', { counter: 6n }],
  ['overtaken', { counter: 7n, root: hash(9) }],
  ['overtaken', { epoch: 5n }],
  ['overtaken', { boot: hash(9) }],
  ['overtaken', { root: hash(9) }],
] as const)('behavior: a commit is %s by head %o', (standing, changes) => {
  expect(decideStanding({ open: null, commit, signature }, head(changes))).toBe(standing)
})

test.each([
  ['fits', { epoch: 3n, boot: hash(6) }],
  ['landed', {}],
  ['landed', { counter: 9n, root: zeroHash }],
  ['overtaken', { boot: hash(9) }],
  ['overtaken', { epoch: 3n, boot: hash(9) }],
  ['overtaken', { epoch: 3n, boot: hash(6), counter: 6n }],
  ['overtaken', { epoch: 3n, boot: hash(6), root: hash(9) }],
  ['overtaken', { epoch: 5n }],
] as const)('behavior: an open is %s by head %o', (standing, changes) => {
  expect(decideStanding({ open, commit: null, signature }, head(changes))).toBe(standing)
})

const calm: Situation = { attempts: 1, looks: 0, isSpent: false, isGasShort: false, hasRelayer: true }
test.each([
  ['none', {}],
  ['core', { looks: 10 }],
  ['relayer', { looks: 10, attempts: 2 }],
  ['core', { looks: 10, attempts: 3 }],
  ['core', { looks: 10, attempts: 2, hasRelayer: false }],
  ['none', { looks: 99, attempts: 8 }],
  ['core', { isSpent: true }],
  ['relayer', { isGasShort: true }],
  ['none', { isGasShort: true, attempts: 2 }],
  ['relayer', { isGasShort: true, attempts: 2, looks: 10 }],
  ['none', { isGasShort: true, hasRelayer: false, looks: 99 }],
] as const)('behavior: the next attempt is by %s after %o', (expected, changes) => {
  expect(decideAttempt({ ...calm, ...changes })).toBe(expected)
})

const chain = { nonce: async () => 7, fees: async () => ({ maxFeePerGas: 100n, maxPriorityFeePerGas: 10n }) }

test('behavior: hints stay within the caps', async () => {
  const caps = lowerCaps(
    { gas: 1000n, maxFeePerGas: 500n, maxPriorityFeePerGas: 50n },
    { gas: 2000n, maxFeePerGas: 110n, maxPriorityFeePerGas: 50n },
  )
  const hints = (gas: bigint, replaced: Parameters<typeof fetchHints>[2]['replaced']) =>
    fetchHints(chain, caps, { sender, gas, replaced })
  expect(await hints(900n, undefined)).toEqual({
    ...{ nonce: 7n, gas: 900n, maxFeePerGas: 100n, maxPriorityFeePerGas: 10n },
  })
  const before = { nonce: 7, maxFeePerGas: 200n, maxPriorityFeePerGas: 20n }
  expect(await hints(1900n, before)).toEqual({
    ...{ nonce: 7n, gas: 1000n, maxFeePerGas: 110n, maxPriorityFeePerGas: 23n },
  })
  // A tip above the whole fee would be invalid.
  const low = { ...caps, maxFeePerGas: 5n }
  expect(await fetchHints(chain, low, { sender, gas: 1n, replaced: undefined })).toMatchObject({
    maxPriorityFeePerGas: 5n,
  })
})

test('behavior: what takes the place of another offers a tenth more; under another nonce it need not', async () => {
  const caps = { gas: 1000n, maxFeePerGas: 10_000n, maxPriorityFeePerGas: 1_000n }
  const before = { maxFeePerGas: 200n, maxPriorityFeePerGas: 20n }
  const hints = (nonce: number) => fetchHints(chain, caps, { sender, gas: 1n, replaced: { ...before, nonce } })
  expect(await hints(7)).toMatchObject({ maxFeePerGas: 227n, maxPriorityFeePerGas: 23n })
  expect(await hints(6)).toMatchObject({ maxFeePerGas: 100n, maxPriorityFeePerGas: 10n })
})

test('behavior: the gas of a commit covers what the contract wants left before its last payment', () => {
  expect(gasOfCommit({ tickets: 0, directs: 1 })).toBeGreaterThan(150_000n + 225_000n)
  expect(gasOfCommit({ tickets: 1, directs: 0 })).toBeGreaterThan(150_000n + 550_000n + 550_000n)
})
