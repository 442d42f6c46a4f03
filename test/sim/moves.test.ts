/** docs/SIMULATION.md: every attack of the list is played, by the moves that it names. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { moves } from './run.ts'

const attacks = 36
const document = readFileSync(join(import.meta.dirname, '../../docs/SIMULATION.md'), 'utf8')

test('every row of the attacks has a move, and the document names all of them', () => {
  const rows = [...document.matchAll(/^\| (\d+) \| [^|]+ \| (`.+`) \|$/gm)].map(([, row, names = '']) => [
    Number(row),
    names.split(', ').map((name) => name.replaceAll('`', '')),
  ])
  const played = Array.from({ length: attacks }, (_, i) => [
    i + 1,
    Object.entries(moves).flatMap(([name, move]) => (move.rows.includes(i + 1) ? [name] : [])),
  ])
  expect(rows).toEqual(played)
  expect(played.filter(([, names]) => (names as string[]).length === 0)).toEqual([])
})
