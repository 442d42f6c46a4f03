/** What the documents say in tables, held against the code. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { legalPhases } from '../../../enclave/dispatch.ts'
import { refusalCodes } from '../../../ledger/refusal.ts'
import { phases } from '../../../protocol/messages.ts'

const protocol = readFileSync(join(import.meta.dirname, '../../../docs/PROTOCOL.md'), 'utf8')

test('PROTOCOL.md: the phase table is the one that dispatch obeys', () => {
  const rows = [...protocol.matchAll(/^\| `(\w+)` \| (yes|–) \| (yes|–) \| (yes|–) \| (yes|–) \|$/gm)]
  const table = rows.map(([, method, ...cells]) => [method, phases.filter((_, i) => cells[i] === 'yes')])
  expect(Object.fromEntries(table)).toEqual(legalPhases)
})

test('PROTOCOL.md: every refusal is explained, and no other', () => {
  const [, section = ''] = protocol.split(/^## Refusals$/m)
  const [table = ''] = section.split(/^## /m)
  const explained = [...table.matchAll(/^\| (`.*`) \|/gm)].flatMap(([, cell = '']) => cell.match(/[A-Z_]{4,}/g) ?? [])
  expect(explained.sort()).toEqual([...refusalCodes].sort())
})

test('every refusal of the closed list is expected by a test of the measured code', () => {
  const cwd = join(import.meta.dirname, '..')
  const tests = globSync('{ledger,protocol,enclave}/*.test.ts', { cwd })
    .map((name) => readFileSync(join(cwd, name), 'utf8'))
    .join()
  expect(refusalCodes.filter((code) => !tests.includes(`'${code}'`))).toEqual([])
})
