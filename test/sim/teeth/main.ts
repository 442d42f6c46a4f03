/** `npm run sim:teeth [-- --json] [-- --only TEXT] [-- --write]`: every sabotage must be found, within so many seeds. */
import { readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { type Bite, bite } from './bite.ts'
import { sabotages } from './sabotages.ts'

const budget = { finds: 3, seedsMax: 100, steps: 500 }

const { json, only, write } = new Command('npm run sim:teeth --')
  .description(
    `Breaks the product in ${sabotages.length} ways, one at a time. Each must be found within ${budget.seedsMax} seeds.`,
  )
  .option('--json', 'print the result as JSON, all else goes to stderr', false)
  .option('--only <text>', 'only sabotages whose name contains this', '')
  .option('--write', 'put what was found into docs/SIMULATION.md', false)
  .parse()
  .opts<{ json: boolean; only: string; write: boolean }>()

const waiting = sabotages.filter(({ name }) => name.includes(only))
const bites: Bite[] = []

async function work(): Promise<void> {
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    const result = await bite(next, budget)
    bites.push(result)
    const [first] = result.found
    const seen = first ? `found, median seeds ${result.medianSeeds}: ${first.sentence}` : 'SURVIVED'
    console.error(`${result.name}: ${seen}`)
  }
}

await Promise.all(Array.from({ length: availableParallelism() }, work))
const survivors = bites.filter(({ found }) => found.length === 0).map(({ name }) => name)
const summary = {
  sabotages: bites.length,
  found: bites.length - survivors.length,
  survivors,
  medianSeeds: Object.fromEntries(bites.map(({ name, medianSeeds }) => [name, medianSeeds])),
}
if (write) writeTable()
if (json) process.stdout.write(`${JSON.stringify(summary)}\n`)
else console.log(summary)
process.exitCode = survivors.length === 0 ? 0 : 1

/** Beside each sabotage: what was seen to break first, and the seeds it took. */
function writeTable(): void {
  const file = join(import.meta.dirname, '../../../docs/SIMULATION.md')
  const text = readFileSync(file, 'utf8')
  const rows = sabotages.flatMap(({ name }) => {
    const now = bites.find((one) => one.name === name)
    const [first] = now?.found ?? []
    if (first) return [`| ${name} | ${first.guarantee} | ${now?.medianSeeds} |\n`]
    return text.split('\n').flatMap((row) => (row.startsWith(`| ${name} | G`) ? [`${row}\n`] : []))
  })
  writeFileSync(
    file,
    text.replace(/(\| sabotage .*\n\|[-|]+\|\n)(\|.*\n)+/, (_, head) => head + rows.join('')),
  )
}
