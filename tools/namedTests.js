// The tests that docs/CONTRACT.md and docs/SECURITY.md name: each must exist.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './run.js'

/** One sentence for each test that is named and is not there, and each row of the core's that names none. */
export const namedTestFaults = () => [...faultsOfContract(), ...faultsOfCore()]

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

/** The moves that the core itself has to answer. */
const rowsOfCore = [...Array.from({ length: 23 }, (_, i) => i + 1), 31]

function faultsOfCore() {
  const security = readFileSync(join(root, 'docs', 'SECURITY.md'), 'utf8')
  const rows = new Map(
    [...security.matchAll(/^\| (\d+) \| [^|]+ \| (.*) \|$/gm)].map(([, row, tests]) => [+row, tests]),
  )
  const missing = rowsOfCore.filter((row) => !rows.get(row)?.includes('`'))
  return [
    ...missing.map((row) => `docs/SECURITY.md names no test for row ${row}`),
    ...[...rows.values()].flatMap((tests) => tests.split('; ').flatMap(faultsOfFile)),
  ]
}

function faultsOfFile(cell) {
  const file = /^`([\w/]+)`: /.exec(cell)?.[1]
  const path = `test/unit/${file}.test.ts`
  if (!file || !existsSync(join(root, path))) return [`docs/SECURITY.md: "${cell}" does not begin with a file of tests`]
  const source = readFileSync(join(root, path), 'utf8')
  return [...cell.matchAll(/\*([^*]+)\*/g)]
    .filter(([, title]) => !source.includes(title))
    .map(([, title]) => `docs/SECURITY.md names "${title}", which ${path} does not have`)
}
