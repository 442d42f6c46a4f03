// The tests that docs/CONTRACT.md and docs/SECURITY.md name: each must exist.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './run.js'

/** One sentence for each test that is named and is not there, and each row of the core's or the daemon's that names none. */
export const namedTestFaults = () => [...faultsOfContract(), ...tables.flatMap(faultsOfTable)]

function faultsOfContract() {
  const folder = join(root, 'contracts', 'test')
  const source = readdirSync(folder)
    .map((file) => readFileSync(join(folder, file), 'utf8'))
    .join('\n')
  const named = readFileSync(join(root, 'docs', 'CONTRACT.md'), 'utf8').matchAll(/`((?:test|testFuzz|invariant)_\w+)`/g)
  return [...named]
    .filter(([, name]) => !source.includes(`function ${name}(`))
    .map(([, name]) => `docs/CONTRACT.md names ${name}, which contracts/test does not have`)
}

/** The tables of docs/SECURITY.md: words of their headings, where their tests are, the moves that each has to answer. */
const tables = [
  { heading: 'against the core', folder: 'test/unit', rowsAsked: [...Array.from({ length: 23 }, (_, i) => i + 1), 31] },
  { heading: 'against the daemon', folder: 'test', rowsAsked: [10, 11, 15, 20, 21, 23, 26, 28, 31, 32, 33, 34, 35] },
]

function faultsOfTable({ heading, folder, rowsAsked }) {
  const parts = readFileSync(join(root, 'docs', 'SECURITY.md'), 'utf8').split(/^## /m)
  const security = parts.find((part) => part.split('\n', 1)[0].includes(heading)) ?? ''
  const rows = new Map(
    [...security.matchAll(/^\| (\d+) \| [^|]+ \| (.*) \|$/gm)].map(([, row, tests]) => [+row, tests]),
  )
  const missing = rowsAsked.filter((row) => !rows.get(row)?.includes('`'))
  return [
    ...missing.map((row) => `docs/SECURITY.md names no test ${heading} for row ${row}`),
    ...[...rows.values()].flatMap((tests) => tests.split('; ').flatMap((cell) => faultsOfFile(cell, folder))),
  ]
}

function faultsOfFile(cell, folder) {
  const file = /^`([\w/]+)`: /.exec(cell)?.[1]
  const path = `${folder}/${file}.test.ts`
  if (!file || !existsSync(join(root, path))) return [`docs/SECURITY.md: "${cell}" does not begin with a file of tests`]
  const source = readFileSync(join(root, path), 'utf8')
  return [...cell.matchAll(/\*([^*]+)\*/g)]
    .filter(([, title]) => !source.includes(title))
    .map(([, title]) => `docs/SECURITY.md names "${title}", which ${path} does not have`)
}
