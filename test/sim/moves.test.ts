/** What is listed: every attack has its moves, as docs/SIMULATION.md names them, and every sabotage still finds what it breaks. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { moves } from './run.ts'
import { sabotages } from './teeth/sabotages.ts'

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

test('the document lists every sabotage, with the seeds that it takes to notice it', () => {
  const listed = [...document.matchAll(/^\| ([^|]+) \| G\d+ \| \d+ \|$/gm)].map(([, name]) => name)
  expect(listed).toEqual(sabotages.map(({ name }) => name))
})

test.each(sabotages)('the sabotage "$name" finds what it breaks', ({ edits }) => {
  for (const [file, from] of edits)
    expect(readFileSync(join(import.meta.dirname, '../..', file), 'utf8').split(from), file).toHaveLength(2)
})
