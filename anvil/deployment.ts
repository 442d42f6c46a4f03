/** The treasury on the chain at hand, at an address that is known before it is there. */
import { writeFileSync } from 'node:fs'
import { type Address, getContractAddress, parseEther } from 'viem'
import type { Hex } from '../ledger/hex.ts'
import { loadArtifact } from './artifacts.ts'
import type { Broker } from './broker.ts'
import { deploy, send, type Wallet } from './wallet.ts'

/** The contracts that are deployed here, for {@link buildContracts}. */
export const deployedContracts = ['BrokerWorld', 'Treasury'] as const

const treasuryWei = parseEther('100')
const committerWei = parseEther('10')

const daySeconds = 86_400
const clocks = { delay: daySeconds, haltMax: 2 * daySeconds, silence: 10 * daySeconds, window: daySeconds }
/** More than all that there is: what the demonstration shows is payment, not its limits. */
const caps = { cap: 4n * treasuryWei, capFloor: treasuryWei / 10n }

/** Everything that someone who comes later needs to find the contracts. */
export interface Deployment extends Broker {
  readonly chainId: number
  readonly rpcUrl: string
  readonly treasury: Address
  readonly committer: Address
  readonly configHash: Hex
  /** Block before which nothing of this deployment happened. */
  readonly fromBlock: number
}

/** Where the wallet's next deployment will be: the configuration names the contract, and the contract the configuration's hash. */
export async function predictAddress(wallet: Wallet): Promise<Address> {
  const from = wallet.account.address
  const nonce = BigInt(await wallet.chain.getTransactionCount({ address: from, blockTag: 'pending' }))
  return getContractAddress({ from, nonce }).toLowerCase() as Address
}

export interface TreasuryOrder {
  readonly predicted: Address
  readonly committer: Address
  readonly configHash: Hex
  readonly broker: Broker
}

/** Deploys the treasury, fills it, and gives the core's account the gas money it needs. @throws Error where the address is not the predicted one */
export async function deployTreasury(
  wallet: Wallet,
  { predicted, committer, configHash, broker }: TreasuryOrder,
): Promise<void> {
  const operator = wallet.account.address
  const { broker: ticketBroker, roundsManager } = broker
  const terms = {
    committer,
    configHash,
    broker: ticketBroker,
    roundsManager,
    operator,
    guardian: operator,
    ...clocks,
    ...caps,
  }
  const treasury = await deploy(wallet, loadArtifact('Treasury'), [terms])
  if (treasury !== predicted) throw new Error(`the treasury is at ${treasury}, the configuration names ${predicted}`)
  await send(wallet, treasury, treasuryWei)
  await send(wallet, committer, committerWei)
}

/** Writes the deployment where tools look for it. */
export const writeDeployment = (path: string, deployment: Deployment): void =>
  writeFileSync(path, `${JSON.stringify(deployment, null, 2)}\n`)
