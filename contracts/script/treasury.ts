/** Deploys a treasury with its timelock, and believes of it only what the chain says afterwards. */
import {
  type AbiParameter,
  type Account,
  encodeAbiParameters,
  getContractAddress,
  type HttpTransport,
  type PublicClient,
  type WalletClient,
} from 'viem'
import { treasuryAbi } from '../../abi/index.ts'
import { Fault } from '../../cli/fault.ts'
import { isCodeOf } from '../../client/chain/code.ts'
import { findDeployment } from '../../client/chain/deployment.ts'
import type { Deployment, DeploymentOrder } from '../../client/checks/deployment.ts'
import type { Hex } from '../../ledger/hex.ts'
import { loadArtifact } from './artifacts.ts'
import { hasCode, refuseMistakes } from './mistakes.ts'

export interface Deployer {
  readonly account: Account
  readonly chain: PublicClient
  readonly signer: WalletClient<HttpTransport, undefined, Account>
}

const lower = (address: Hex): Hex => address.toLowerCase() as Hex

/** Where the deployer's next contract will be: the ledger's configuration names the contract, and the contract the configuration's hash. */
export async function predictTreasury({ account, chain }: Deployer): Promise<Hex> {
  const { address: from } = account
  const nonce = BigInt(await chain.getTransactionCount({ address: from, blockTag: 'pending' }))
  return lower(getContractAddress({ from, nonce }))
}

/** Deploys what is not there yet; what is there is only looked at. @throws Fault where terms or chain are not as they should be */
export async function deployTreasury(deployer: Deployer, order: DeploymentOrder, isSure = false): Promise<Deployment> {
  const { chain } = deployer
  await refuseMistakes(chain, order, isSure)
  const isThere = await hasCode(chain, order.contract)
  return verifyTreasury(chain, order, isThere ? await firstBlock(chain, order.contract) : await create(deployer, order))
}

async function create(deployer: Deployer, { contract, terms }: DeploymentOrder): Promise<bigint> {
  const predicted = await predictTreasury(deployer)
  if (predicted !== contract)
    throw new Fault('WRONG_ADDRESS', `this deployer's next contract will be ${predicted}, the terms name ${contract}`, {
      next: 'deploy with the account whose next contract it is, or write a configuration for the new address',
      exitCode: 2,
    })
  const { abi, bytecode } = loadArtifact('Treasury')
  const hash = await deployer.signer.deployContract({ chain: null, abi, bytecode, args: [terms] })
  const { status, blockNumber } = await deployer.chain.waitForTransactionReceipt({ hash })
  if (status !== 'success') throw wrong('DEPLOYMENT_REVERTED', `transaction ${hash} reverted`)
  return blockNumber
}

async function firstBlock(chain: PublicClient, contract: Hex): Promise<bigint> {
  const code = async (address: Hex, blockNumber?: bigint): Promise<Hex> =>
    (await chain.getCode({ address, ...(blockNumber === undefined ? {} : { blockNumber }) })) ?? '0x'
  return findDeployment({ code }, contract, await chain.getBlockNumber())
}

/** Code and every argument, as they were in the block of the deployment: owner and guardian may have changed some since. */
async function verifyTreasury(chain: PublicClient, order: DeploymentOrder, fromBlock: bigint): Promise<Deployment> {
  const { contract, terms } = order
  const at = { address: contract, abi: treasuryAbi, blockNumber: fromBlock } as const
  await requireCode(chain, 'Treasury', contract)
  const owner = lower(await chain.readContract({ ...at, functionName: 'owner' }))
  await requireCode(chain, 'Timelock', owner)
  const { committer, configHash } = await chain.readContract({ ...at, functionName: 'head' })
  const timelock = { address: owner, abi: loadArtifact('Timelock').abi, blockNumber: fromBlock }
  const proposer = await chain.readContract({ ...timelock, functionName: 'PROPOSER_ROLE' })
  const is: Record<keyof typeof terms, unknown> = {
    committer: lower(committer),
    configHash,
    broker: lower(await chain.readContract({ ...at, functionName: 'broker' })),
    roundsManager: lower(await chain.readContract({ ...at, functionName: 'roundsManager' })),
    operator: (await chain.readContract({ ...timelock, functionName: 'hasRole', args: [proposer, terms.operator] }))
      ? terms.operator
      : 'another',
    guardian: lower(await chain.readContract({ ...at, functionName: 'guardian' })),
    delay: await chain.readContract({ ...timelock, functionName: 'delayMin' }),
    haltMax: BigInt(await chain.readContract({ ...at, functionName: 'haltMax' })),
    silence: BigInt(await chain.readContract({ ...at, functionName: 'silence' })),
    window: BigInt(await chain.readContract({ ...at, functionName: 'window' })),
    cap: await chain.readContract({ ...at, functionName: 'cap' }),
    capFloor: await chain.readContract({ ...at, functionName: 'capFloor' }),
  }
  for (const [name, wanted] of Object.entries(terms))
    if (is[name as keyof typeof terms] !== wanted)
      throw wrong('WRONG_ARGUMENT', `${name} is ${is[name as keyof typeof terms]} at ${contract}, not ${wanted}`)
  return { ...order, owner, fromBlock, constructorArguments: encodeTerms(terms) }
}

function encodeTerms(terms: DeploymentOrder['terms']): Hex {
  const { inputs } = treasuryAbi.find((it) => it.type === 'constructor') as { readonly inputs: readonly AbiParameter[] }
  return encodeAbiParameters(inputs, [terms])
}

async function requireCode(chain: PublicClient, name: 'Treasury' | 'Timelock', address: Hex): Promise<void> {
  if (!isCodeOf(name, (await chain.getCode({ address })) ?? '0x'))
    throw wrong('WRONG_CODE', `what stands at ${address} is not the ${name} of this version`)
}

const wrong = (code: string, message: string): Fault =>
  new Fault(code, message, {
    next: 'do not use this contract; deploy with another account, and for a new configuration',
  })
