// What commits cost, beside the broker's own batch of the same tickets. `--json` prints it for machines.
// Writes `.gas-snapshot`, which the tests hold the contract to.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { brotliCompressSync, constants } from 'node:zlib'
import { privateKeyToAccount } from 'viem/accounts'

const root = new URL('..', import.meta.url)
const bin = new URL('node_modules/.bin', root).pathname

/** Anybody's: what it signs goes nowhere. */
const signer = privateKeyToAccount(`0x${'11'.repeat(32)}`)

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
const rows = await Promise.all(Object.values(cases).map(row))
rows.sort((a, b) => a.name.localeCompare(b.name) || a.payments - b.payments)

if (process.argv.includes('--json')) console.log(JSON.stringify(rows, null, 2))
else console.table(rows)

async function row({ name, tickets, direct, gas, brokerGas, calldata, brokerCalldata }) {
  const payments = tickets + direct
  const own = {
    name,
    payments,
    gas,
    gasEach: payments && Math.round(gas / payments),
    calldataBytes: bytes(calldata).length,
    ...(await onTheWire(calldata, payments)),
  }
  if (brokerGas === 0) return own
  const batch = await onTheWire(brokerCalldata, payments)
  return {
    ...own,
    brokerGas,
    ratio: round(gas / brokerGas),
    calldataRatio: round(own.calldataBytes / bytes(brokerCalldata).length),
    brokerBytesEach: batch.bytesEach,
    bytesRatio: round(own.signedBytes / batch.signedBytes),
  }
}

function bytes(hex) {
  return Buffer.from(hex.slice(2), 'hex')
}

/** The bytes of the signed transaction after brotli of level 1, for which Arbitrum charges; the fields beside the calldata are usual ones. */
async function onTheWire(data, payments) {
  const fees = { gas: 30_000_000n, maxFeePerGas: 100_000_000n, maxPriorityFeePerGas: 0n }
  const transaction = { type: 'eip1559', chainId: 42_161, nonce: 7, to: `0x${'ab'.repeat(20)}`, data, ...fees }
  const signed = bytes(await signer.signTransaction(transaction))
  const signedBytes = brotliCompressSync(signed, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }).length
  return { signedBytes, bytesEach: payments && Math.round(signedBytes / payments) }
}

function round(ratio) {
  return Math.round(ratio * 1000) / 1000
}
