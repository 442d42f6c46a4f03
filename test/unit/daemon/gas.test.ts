/** The table of gas limits, against what the contract's own tests show to be enough. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { gasOfCommit } from '../../../daemon/services/gas.ts'

const solidity = readFileSync(join(import.meta.dirname, '../../../contracts/test/Gas.t.sol'), 'utf8')
const constant = (name: string): bigint =>
  BigInt((new RegExp(` ${name} = ([0-9_]+);`).exec(solidity)?.[1] ?? '').replaceAll('_', ''))

test('row 26: a commit gets what its worst case needs, and sixty tickets fit into a transaction', () => {
  const [commit, ticket, direct] = ['COMMIT_GAS', 'TICKET_GAS', 'DIRECT_GAS'].map(constant) as [bigint, bigint, bigint]
  expect(ticket).toBeGreaterThan(0n)
  expect(gasOfCommit({ tickets: 0, directs: 0 })).toBe(commit)
  expect(gasOfCommit({ tickets: 60, directs: 0 })).toBe(commit + 60n * ticket)
  expect(gasOfCommit({ tickets: 2, directs: 50 })).toBe(commit + 2n * ticket + 50n * direct)
  expect(gasOfCommit({ tickets: 60, directs: 0 })).toBeLessThan(32_000_000n)
})
