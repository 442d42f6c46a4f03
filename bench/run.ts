/** `npm run bench [NAME...] [-- --json] [--write]`: measures, and says goal and figure side by side. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gas } from './gas.ts'
import { hundreds, singles } from './intake.ts'
import { latency } from './latency.ts'
import { machine, type Row } from './measure.ts'
import { memory } from './memory.ts'
import { payouts } from './payouts.ts'
import { reads } from './reads.ts'
import { restart } from './restart.ts'
import { accountsRoot } from './root.ts'
import { signing } from './signing.ts'
import { size } from './size.ts'
import { vsock } from './vsock.ts'

const benches = [hundreds, singles, latency, size, restart, accountsRoot, payouts, signing, reads, memory, gas, vsock]
const place = join(import.meta.dirname, '../docs/BENCHMARKS.md')

const names = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
const has = (flag: string): boolean => process.argv.includes(flag)
const unknown = names.find((name) => benches.every((bench) => bench.name !== name))
if (unknown) throw new Error(`no bench ${unknown}: there are ${benches.map(({ name }) => name).join(', ')}`)

const say = (sentence: string): void => void process.stderr.write(`${sentence}\n`)
const rows: Row[] = []
for (const bench of benches.filter(({ name }) => names.length === 0 || names.includes(name))) {
  say(`== ${bench.name}`)
  const startMs = performance.now()
  rows.push(...(await bench.run(say)))
  say(`${Math.round((performance.now() - startMs) / 1000)} s`)
}

if (has('--json')) console.log(JSON.stringify(rows, null, 2))
else console.table(rows.map(({ isReached, ...row }) => ({ ...row, '': wordOf(isReached) })))
if (has('--write')) writeFileSync(place, withTable(readFileSync(place, 'utf8'), rows))

function wordOf(isReached: boolean | undefined): string {
  if (isReached === undefined) return ''
  return isReached ? 'reached' : 'missed'
}

/** The page with its table written anew; what is explained around it stays. */
function withTable(page: string, measured: readonly Row[]): string {
  const [begin, end] = ['<!-- table -->', '<!-- /table -->']
  const table = [
    `\`${['npm run bench', ...names].join(' ')}\`, ${new Date().toISOString().slice(0, 10)}, ${machine()}`,
    '',
    '| # | what | goal | measured | |',
    '|---|---|---|---|---|',
    ...measured.map((row) => `| ${row.id} | ${row.what} | ${row.goal} | ${row.measured} | ${wordOf(row.isReached)} |`),
  ].join('\n')
  return `${page.slice(0, page.indexOf(begin))}${begin}\n${table}\n${page.slice(page.indexOf(end))}`
}
