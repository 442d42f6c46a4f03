/** What the person at the command line believes beforehand: a file, the registers of an image, or nothing but AWS's root. */
import type { Command } from 'commander'
import { type Trust, trust, trustDefault } from '../client/index.ts'
import type { Hex } from '../ledger/hex.ts'
import { readJsonFile } from './jsonFile.ts'
import { address, httpUrl } from './options.ts'

export interface TrustOptions {
  readonly rpc: string
  readonly trust?: string
  readonly contract?: Hex
}

/** Adds `--rpc`, `--trust` and `--contract`. */
export const withTrust = (command: Command): Command =>
  command
    .requiredOption('--rpc <url>', 'a node of the chain that you trust', httpUrl)
    .option('--trust <file>', 'JSON with chain, contract, attestation root and images that you trust')
    .option('--contract <address>', 'the contract that you trust', address)

/** @throws Fault where the file is none */
export function readTrust({ trust: path, contract }: TrustOptions): Trust {
  const believed = path === undefined ? trustDefault : readJsonFile(path, 'file of what you trust', trust)
  return contract === undefined ? believed : { ...believed, contract }
}
