/**
 * `node bench/scale.ts [--gas FILE] [--write]`: what payouts cost and how far the chain carries them: the tables of docs/SCALE.md.
 * FILE is what `npm run -s gas -- --json` printed; without it the gas is measured now.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { arbitrum, costOf, type GasRow, l1Ether, l2Ether, measureGas, type Way, waysOf } from './costs.ts'
import { show } from './measure.ts'

const hoursAMonth = 720
const often = { hourly: hoursAMonth, daily: hoursAMonth / 24, weekly: hoursAMonth / 168 }
const crowds = [100, 10_000, 1_000_000]

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')

const isOurs = ({ perCommit }: Way): boolean => perCommit > 1

function commits(ways: readonly Way[]): string {
  const rows = ways.map((way) => {
    const full = costOf(way, way.perCommit)
    const share = `${show((100 * full.gas) / arbitrum.transactionGasMax)} %`
    return [way.name, `${way.perCommit}`, show(full.gas), share, show(full.bytes), show(full.gas / way.perCommit)]
  })
  return table(['way', 'payees', 'gas', 'of 32 M', 'bytes', 'gas a payee'], rows)
}

/** Millionths of an ETH a payee: execution, and what L1 takes at one gwei. */
function monthly(way: Way, payees: number, timesAMonth: number): string {
  const cost = costOf(way, payees)
  const [l2, l1] = [l2Ether(cost), l1Ether(cost, 1)].map((ether) => (ether * timesAMonth * 1e6) / payees)
  return `${show(l2 as number)} + ${show(l1 as number)} p`
}

function months(ways: readonly Way[]): string {
  const row = (way: Way, payees: number, said = show(payees)): string[] => [
    said,
    way.name,
    ...Object.values(often).map((times) => monthly(way, payees, times)),
  ]
  const rows = [
    ...crowds.flatMap((payees) => ways.filter(isOurs).map((way) => row(way, payees))),
    ...ways.filter((way) => !isOurs(way)).map((way) => row(way, 1, 'any')),
  ]
  return table(['payees', 'way', ...Object.keys(often)], rows)
}

/** How much of what the whole chain can do for long. */
function shares(ways: readonly Way[]): string {
  const rows = crowds.flatMap((payees) =>
    ways.filter(isOurs).map((way) => {
      const said = Object.values(often).map((times) => {
        const perSecond = (costOf(way, payees).gas * times) / (hoursAMonth * 3600)
        return `${show((100 * perSecond) / arbitrum.gasPerSecond)} %`
      })
      return [show(payees), way.name, show(Math.ceil(payees / way.perCommit)), ...said]
    }),
  )
  return table(['payees', 'way', 'commits a round', ...Object.keys(often)], rows)
}

const at = process.argv.indexOf('--gas')
const rows: readonly GasRow[] =
  at < 0 ? await measureGas() : JSON.parse(readFileSync(process.argv[at + 1] ?? '', 'utf8'))
const ways = await waysOf(rows)
const tables = { commits: commits(ways), months: months(ways), shares: shares(ways) }
for (const [name, text] of Object.entries(tables)) console.log(`${name}\n\n${text}\n`)
if (process.argv.includes('--write')) {
  const place = join(import.meta.dirname, '../docs/SCALE.md')
  let page = readFileSync(place, 'utf8')
  for (const [name, text] of Object.entries(tables))
    page = page.replace(
      new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(<!-- /${name} -->)`),
      (_, begin, end) => `${begin}${text}\n${end}`,
    )
  writeFileSync(place, page)
}
