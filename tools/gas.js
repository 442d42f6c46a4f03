// What commits cost beside the broker's own batch of the same tickets. `--json` prints it for machines.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { brotliCompressSync, constants } from 'node:zlib'

const root = new URL('..', import.meta.url)
const bin = new URL('node_modules/.bin', root).pathname

execFileSync(`${bin}/forge`, ['test', '--match-contract', 'GasTest'], {
  cwd: root,
  env: { ...process.env, PATH: `${bin}:${process.env.PATH}` },
  stdio: ['ignore', 'ignore', 'inherit'],
})

const rows = Object.values(JSON.parse(readFileSync(new URL('.build/forge/gas.json', root), 'utf8'))).map((it) => ({
  tickets: it.tickets,
  gas: it.gas,
  gasPerTicket: Math.round(it.gas / it.tickets),
  brokerGas: it.brokerGas,
  ratio: round(it.gas / it.brokerGas),
  calldataBytes: bytes(it.calldata).length,
  brokerCalldataBytes: bytes(it.brokerCalldata).length,
  calldataRatio: round(bytes(it.calldata).length / bytes(it.brokerCalldata).length),
  brotliBytes: brotli(it.calldata),
  brokerBrotliBytes: brotli(it.brokerCalldata),
}))
rows.sort((a, b) => a.tickets - b.tickets)

if (process.argv.includes('--json')) console.log(JSON.stringify(rows, null, 2))
else console.table(rows)

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
