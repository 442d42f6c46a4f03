// The tests that docs/CONTRACT.md names: each must exist.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './run.js'

/** One sentence for each test that is named and is not there. */
export function namedTestFaults() {
  const folder = join(root, 'contracts', 'test')
  const source = readdirSync(folder)
    .map((file) => readFileSync(join(folder, file), 'utf8'))
    .join('\n')
  const named = readFileSync(join(root, 'docs', 'CONTRACT.md'), 'utf8').matchAll(/`((?:test|testFuzz|invariant)_\w+)`/g)
  return [...named]
    .filter(([, name]) => !source.includes(`function ${name}(`))
    .map(([, name]) => `docs/CONTRACT.md names ${name}, which contracts/test does not have`)
}
