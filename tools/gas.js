// What commits cost, beside the broker's own batch of the same tickets. `--json` prints it for machines.
// Writes `.gas-snapshot`, which the tests hold the contract to.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { brotliCompressSync, constants } from 'node:zlib'

const root = new URL('..', import.meta.url)
const bin = new URL('node_modules/.bin', root).pathname

const output = execFileSync(`${bin}/forge`, ['test', '--match-contract', 'GasTest'], {
  cwd: root,
  encoding: 'utf8',
  env: { ...process.env, PATH: `${bin}:${process.env.PATH}`, MEASURE: 'true' },
})
// The forge of npm ends with 0 whatever happens.
if (!/ tests passed, 0 failed/.test(output)) throw new Error(output)

const cases = JSON.parse(readFileSync(new URL('.build/forge/gas.json', root), 'utf8'))
const snapshot = Object.fromEntries(Object.keys(cases).map((name) => [name, cases[name].gas]))
writeFileSync(new URL('.gas-snapshot', root), `${JSON.stringify(snapshot, null, 2)}\n`)
const rows = Object.values(cases).map(row)
rows.sort((a, b) => a.name.localeCompare(b.name) || a.payments - b.payments)

if (process.argv.includes('--json')) console.log(JSON.stringify(rows, null, 2))
else console.table(rows)

function row({ name, tickets, direct, gas, brokerGas, calldata, brokerCalldata }) {
  const payments = tickets + direct
  const own = {
    name,
    payments,
    gas,
    gasEach: payments && Math.round(gas / payments),
    calldataBytes: bytes(calldata).length,
    brotliBytes: brotli(calldata),
  }
  if (brokerGas === 0) return own
  return {
    ...own,
    brokerGas,
    ratio: round(gas / brokerGas),
    calldataRatio: round(own.calldataBytes / bytes(brokerCalldata).length),
    brotliRatio: round(own.brotliBytes / brotli(brokerCalldata)),
  }
}

function bytes(hex) {
  return Buffer.from(hex.slice(2), 'hex')
}

/** Arbitrum charges for the bytes of a transaction after brotli of level 1. */
function brotli(hex) {
  return brotliCompressSync(bytes(hex), { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }).length
}

function round(ratio) {
  return Math.round(ratio * 1000) / 1000
}
