/** Who reports and who is paid in the demonstration. All of them are new in each run. */
import { join } from 'node:path'
import { generatePrivateKey, privateKeyToAddress } from 'viem/accounts'
import type { Hex } from '../ledger/hex.ts'
import { type Broker, findOrchestrators } from './broker.ts'
import { writePrivate } from './durable.ts'
import type { Payee, ReporterAccount } from './settings.ts'
import type { Wallet } from './wallet.ts'

const payeesOfEachRail = 10

/** A reporter's key on disk. */
export interface ReporterPlace extends ReporterAccount {
  readonly name: string
  readonly keyPath: string
}

/** Half orchestrators, paid by ticket, half addresses that nobody used before, paid directly. */
export async function makePayees(wallet: Wallet, broker: Broker): Promise<Payee[]> {
  const fresh = Array.from({ length: 2 * payeesOfEachRail }, newAddress)
  const orchestrators = await findOrchestrators(wallet, broker, fresh.slice(0, payeesOfEachRail))
  return [...orchestrators, ...fresh.slice(payeesOfEachRail)].map((address, index) => ({
    name: `${index < payeesOfEachRail ? 'orch' : 'node'}-${(index % payeesOfEachRail) + 1}`,
    address,
    isOrchestrator: index < payeesOfEachRail,
  }))
}

/** Makes the key of a reporter; only the one called `jobs` may give credits. */
export function makeReporterPlace(folder: string, name: string): ReporterPlace {
  const key = generatePrivateKey()
  const keyPath = join(folder, `${name}.key`)
  writePrivate(keyPath, Buffer.from(`${key.slice(2)}\n`))
  const address = privateKeyToAddress(key).toLowerCase() as Hex
  return { name, keyPath, address, hasCredits: name === 'jobs' }
}

const newAddress = (): Hex => privateKeyToAddress(generatePrivateKey()).toLowerCase() as Hex
