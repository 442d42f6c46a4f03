/** The treasury on the chain at hand, at an address that is known before it is there. */
import { writeFileSync } from 'node:fs'
import { type Address, parseEther } from 'viem'
import type { Deployment as Record } from '../client/checks/deployment.ts'
import { deployTreasury as deployAndVerify } from '../contracts/script/treasury.ts'
import type { Hex } from '../ledger/hex.ts'
import type { Broker } from './broker.ts'
import { send, type Wallet } from './wallet.ts'

export { predictTreasury as predictAddress } from '../contracts/script/treasury.ts'

/** The contracts that are deployed here, for {@link buildContracts}. */
export const deployedContracts = ['BrokerWorld', 'Treasury'] as const

const treasuryWei = parseEther('100')
const committerWei = parseEther('10')

const daySeconds = 86_400n
const clocks = { delay: daySeconds, haltMax: 2n * daySeconds, silence: 10n * daySeconds, window: daySeconds }
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

export interface TreasuryOrder {
  readonly predicted: Address
  readonly committer: Address
  readonly configHash: Hex
  readonly broker: Broker
}

/** Deploys the treasury, fills it, and gives the core's account the gas money it needs. @throws Fault where the address is not the predicted one */
export async function deployTreasury(
  wallet: Wallet,
  { predicted, committer, configHash, broker }: TreasuryOrder,
): Promise<Record> {
  const operator = wallet.account.address.toLowerCase() as Hex
  const { broker: ticketBroker, roundsManager } = broker
  const people = { committer, operator, guardian: operator }
  const terms = { ...people, configHash, broker: ticketBroker, roundsManager, ...clocks, ...caps }
  const chainId = BigInt(await wallet.chain.getChainId())
  const record = await deployAndVerify(wallet, { chainId, contract: predicted, terms })
  await send(wallet, predicted, treasuryWei)
  await send(wallet, committer, committerWei)
  return record
}

/** Writes the deployment where tools look for it. */
export const writeDeployment = (path: string, deployment: Deployment): void =>
  writeFileSync(path, `${JSON.stringify(deployment, null, 2)}\n`)
