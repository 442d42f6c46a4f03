/** P10: what a payment costs on the chain, by `tools/gas.js`. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Bench, show } from './measure.ts'

const payees = 1_000
/** Of a plain transfer, one payee at a time. */
const transferGas = 21_000
const gweiPerGas = 0.02

interface Measured {
  readonly name: string
  readonly payments: number
  readonly gas: number
  readonly gasEach?: number
  readonly calldataBytes: number
}

export const gas: Bench = {
  name: 'gas',
  async run(say) {
    say('npm run gas')
    const tool = join(import.meta.dirname, '../tools/gas.js')
    const { stdout } = await promisify(execFile)(process.execPath, [tool, '--json'], { maxBuffer: 2 ** 24 })
    const all: Measured[] = JSON.parse(stdout)
    const etherOf = (gasEach: number): string => show((payees * gasEach * gweiPerGas) / 1e9)
    return all
      .filter(({ payments }) => payments > 0)
      .map(({ name, payments, gasEach = 0, calldataBytes }) => ({
        id: 'P10',
        what: `${name}, ${payments} payments: gas and bytes each`,
        goal: `told; a plain transfer each: ${show(transferGas)} gas, ${etherOf(transferGas)} ETH a day`,
        measured: `${show(gasEach)} gas, ${show(calldataBytes / payments)} bytes; ${payees} payees a day: ${etherOf(gasEach)} ETH`,
        isReached: undefined,
      }))
  },
}
