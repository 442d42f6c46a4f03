/** What payouts cost on Arbitrum, out of what `tools/gas.js` measured: gas of execution, and bytes that L1 is paid for. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompressSync, constants } from 'node:zlib'
import { privateKeyToAccount } from 'viem/accounts'
import { gasOfCommit } from '../daemon/services/gas.ts'
import { paymentsPerCommitMax } from '../protocol/messages.ts'

/** One case of the gas table. */
export interface GasRow {
  readonly name: string
  readonly payments: number
  readonly gas: number
  readonly gasEach?: number
  readonly calldataBytes: number
  /** Of the signed transaction after brotli of level 1: what Arbitrum charges for. */
  readonly signedBytes: number
  /** Of the broker's own batch of the same tickets, where there are any. */
  readonly brokerGas?: number
  readonly brokerBytesEach?: number
}

/** Runs the gas tests. */
export async function measureGas(): Promise<readonly GasRow[]> {
  const tool = join(import.meta.dirname, '../tools/gas.js')
  const { stdout } = await promisify(execFile)(process.execPath, [tool, '--json'], { maxBuffer: 2 ** 24 })
  return JSON.parse(stdout)
}

/** Arbitrum One, https://docs.arbitrum.io/build-decentralized-apps/reference/chain-params: facts, not measured here. */
export const arbitrum = {
  transactionGasMax: 32_000_000,
  /** The lowest price there is, which is the usual one. */
  gweiPerGas: 0.02,
  /** What the whole chain may use a second, day in, day out, before that price rises: the lowest of its targets. */
  gasPerSecond: 10_000_000,
  /** Gas of L1 for a byte after compression. */
  l1GasPerByte: 16,
}

/** The setting `transaction.gas` as `bursar init` writes it. */
const commitGasMax = 30_000_000

/** What one way to pay costs: a commit, and each payment in it. */
export interface Way {
  readonly name: string
  readonly perCommit: number
  readonly commit: Cost
  readonly payment: Cost
}

export interface Cost {
  readonly gas: number
  readonly bytes: number
}

export const transferEach = 'a transfer each'
export const redemptionEach = 'a redemption each, warm'

/** Each way as a straight line through an empty commit and the largest one that was measured. */
export async function waysOf(rows: readonly GasRow[]): Promise<readonly Way[]> {
  const empty = find(rows, 'empty')
  const commit = { gas: empty.gas, bytes: empty.signedBytes }
  const along = ({ gas, signedBytes, payments }: GasRow): Cost => ({
    gas: (gas - commit.gas) / payments,
    bytes: (signedBytes - commit.bytes) / payments,
  })
  return [
    { name: 'direct', perCommit: most('directs'), commit, payment: along(find(rows, 'direct')) },
    // Cold: the payee's first, and about the first of each round of Livepeer's, which lasts most of a day.
    { name: 'ticket, warm', perCommit: most('tickets'), commit, payment: along(find(rows, 'warm')) },
    { name: 'ticket, cold', perCommit: most('tickets'), commit, payment: along(find(rows, 'cold')) },
    // What they are compared with: one transaction a payee.
    {
      name: transferEach,
      perCommit: 1,
      commit: { gas: 0, bytes: 0 },
      payment: { gas: 21_000, bytes: await transferBytes() },
    },
    { name: redemptionEach, perCommit: 1, commit: { gas: 0, bytes: 0 }, payment: redemptionOf(rows) },
  ]
}

/** The largest case of that name. */
function find(rows: readonly GasRow[], name: string): GasRow {
  const found = rows.filter((row) => row.name === name).toSorted((a, b) => b.payments - a.payments)[0]
  if (!found) throw new Error(`no case ${name} among those measured`)
  return found
}

/** The broker's own batch of one ticket, from a deposit that was funded before and is not counted. */
function redemptionOf(rows: readonly GasRow[]): Cost {
  const row = rows.find(({ name, payments }) => name === 'warm' && payments === 1)
  if (!row?.brokerGas || !row.brokerBytesEach) throw new Error('no single ticket among what was measured')
  return { gas: row.brokerGas, bytes: row.brokerBytesEach }
}

/** As many as the daemon puts into a commit, with room for the worst of each. */
function most(kind: 'tickets' | 'directs'): number {
  const none = { tickets: 0, directs: 0 }
  let count = 0
  while (count < paymentsPerCommitMax && gasOfCommit({ ...none, [kind]: count + 1 }) <= BigInt(commitGasMax)) count++
  return count
}

/** What pays so many payees once. */
export function costOf({ perCommit, commit, payment }: Way, payees: number): Cost {
  const commits = Math.ceil(payees / perCommit)
  return { gas: commits * commit.gas + payees * payment.gas, bytes: commits * commit.bytes + payees * payment.bytes }
}

/** Of execution alone, ETH. */
export const l2Ether = ({ gas }: Cost, gweiPerGas = arbitrum.gweiPerGas): number => (gas * gweiPerGas) / 1e9

/** What Arbitrum takes for L1, ETH, at this price of L1's gas. */
export const l1Ether = ({ bytes }: Cost, l1Gwei: number): number => (bytes * arbitrum.l1GasPerByte * l1Gwei) / 1e9

/** A plain transfer, signed and compressed as Arbitrum counts it. */
async function transferBytes(): Promise<number> {
  const fees = { gas: 21_000n, maxFeePerGas: 100_000_000n, maxPriorityFeePerGas: 0n }
  const [to, value] = [anybody.address, 123_456_789_012_345n]
  const raw = await anybody.signTransaction({ type: 'eip1559', chainId: 42_161, nonce: 7, to, value, ...fees })
  const params = { [constants.BROTLI_PARAM_QUALITY]: 1 }
  return brotliCompressSync(Buffer.from(raw.slice(2), 'hex'), { params }).length
}

const anybody = privateKeyToAccount(`0x${'11'.repeat(32)}`)
