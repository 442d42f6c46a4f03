import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { renderFrame } from '../../../anvil/frame.ts'
import type { Observation } from '../../../anvil/observation.ts'
import type { Hex } from '../../../ledger/hex.ts'
import { zeroHash } from '../../../ledger/hex.ts'

const hash: Hex = `0x${'ab'.repeat(32)}`
const addressOf = (index: number): Hex => `0x${`${index + 10}`.padStart(40, '0')}`
const largestWei = 2n ** 76n // the largest amount of the demonstration is far below it

const accounts = Array.from({ length: 20 }, (_, index) => ({
  name: index < 10 ? `orch-${index + 1}` : `node-${index - 9}`,
  address: addressOf(index),
  isOrchestrator: index < 10,
  owedWei: largestWei,
  paidWei: largestWei,
}))

const commitment = { accountsRoot: hash, logRoot: hash, logSize: 99_999n, totalEarned: largestWei, configHash: hash }
const observation: Observation = {
  url: 'http://127.0.0.1:65535',
  operatorUrl: 'http://127.0.0.1:65533',
  rpcUrl: 'http://127.0.0.1:65534',
  folder: '/home/someone/bursar/.bursar/run-abcdef',
  events: 1_000_000,
  state: 'open',
  epoch: 12n,
  ledger: {
    logSize: 100_000n,
    logRoot: hash,
    totalEarnedWei: largestWei,
    totalPaidWei: largestWei,
    treasuryWei: largestWei,
    head: null,
    anchored: { counter: 12_345n, root: hash, commitment, transactionHash: hash, blockNumber: 123_456n },
  },
  accounts,
  payouts: Array.from({ length: 20 }, (_, index) => ({
    payee: addressOf(index),
    rail: 'ticket',
    status: index === 0 ? 'failed' : 'paid',
    amountWei: largestWei,
    reason: index === 0 ? 'treasury short' : null,
    counter: 12_345n,
    transactionHash: hash,
    blockNumber: 123_456n,
    at: 1_700_000_000n,
  })),
}
const plain = (columns: number, rows: number): string[] =>
  renderFrame(observation, { columns, rows, hasColours: false })

test.each([
  [80, 24],
  [100, 30],
  [120, 40],
  [300, 80],
  [40, 10],
])('behavior: fits %i by %i', (columns, rows) => {
  const lines = plain(columns, rows)
  expect(lines.length).toBeLessThanOrEqual(rows)
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns)
})

test('default: shows events, root, counter, anchor, payouts and every account at 80 by 24', () => {
  const text = plain(80, 24).join('\n')
  for (const wanted of [
    '1000000 events',
    'epoch 12',
    'counter 12345',
    'block 123456',
    '0xababab',
    'last payouts',
    'Ctrl-C',
  ])
    expect(text).toContain(wanted)
  for (const { name } of accounts) expect(text).toContain(name)
})

test('behavior: colours only where they are wanted, and they change no text', () => {
  const lines = renderFrame(observation, { columns: 80, rows: 24, hasColours: true })
  expect(lines.join()).toContain('\x1b[')
  expect(plain(80, 24).join()).not.toContain('\x1b')
  expect(lines.map(stripVTControlCharacters)).toEqual(plain(80, 24))
})

test('behavior: before the first anchor, and while the daemon is away', () => {
  const ledger = { ...observation.ledger, logRoot: zeroHash, anchored: null }
  const text = renderFrame(
    { ...observation, state: undefined, ledger, payouts: [] },
    { columns: 80, rows: 24, hasColours: false },
  )
  expect(text.join('\n')).toContain('does not answer')
  expect(text.join('\n')).toContain('none yet')
})
