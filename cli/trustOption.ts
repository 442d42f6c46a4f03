/** What the person at the command line believes beforehand: a file, the registers of an image, or nothing but AWS's root. */
import type { Command } from 'commander'
import { type Deployment, deployment } from '../client/checks/deployment.ts'
import { type Trust, trust, trustDefault } from '../client/index.ts'
import type { Hex } from '../ledger/hex.ts'
import { readJsonFile } from './jsonFile.ts'
import { address, httpUrl } from './options.ts'

export interface TrustOptions {
  readonly rpc: string
  readonly trust?: string
  readonly contract?: Hex
  readonly deployment?: string
}

/** Adds `--rpc`, `--trust`, `--contract` and `--deployment`. */
export const withTrust = (command: Command): Command =>
  command
    .requiredOption('--rpc <url>', 'a node of the chain that you trust', httpUrl)
    .option('--trust <file>', 'JSON with chain, contract, attestation root and images that you trust')
    .option('--contract <address>', 'the contract that you trust', address)
    .option('--deployment <file>', 'what npm run deploy wrote: the chain and the contract that you trust')

/** @throws Fault where the file is none */
export function readTrust(options: TrustOptions): Trust {
  const { trust: path, contract } = options
  const believed = path === undefined ? trustDefault : readJsonFile(path, 'file of what you trust', trust)
  const deployed = readDeployment(options)
  const known = deployed ? { chainId: deployed.chainId, contract: deployed.contract } : {}
  return { ...believed, ...known, ...(contract === undefined ? {} : { contract }) }
}

/** @throws Fault where the file is none */
export const readDeployment = ({ deployment: path }: TrustOptions): Deployment | undefined =>
  path === undefined ? undefined : readJsonFile(path, 'record of a deployment', deployment)
