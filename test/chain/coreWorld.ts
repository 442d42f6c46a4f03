/** A core in this process over a contract on a real chain, and nothing between them: what a daemon would do is done by hand. */

import { expect } from 'vitest'
import { treasuryAbi } from '../../abi/index.ts'
import { brokerOnArbitrum, findOrDeployBroker } from '../../anvil/broker.ts'
import { deployTreasury, predictAddress } from '../../anvil/deployment.ts'
import { createLocalPlatform } from '../../anvil/localPlatform.ts'
import { createFundedWallet, write } from '../../anvil/wallet.ts'
import { type Core, createCore } from '../../enclave/core.ts'
import { type Entry, entryLeaf } from '../../ledger/entry.ts'
import { type Hex, zeroHash } from '../../ledger/hex.ts'
import type { HeadProof, Result } from '../../protocol/messages.ts'
import { call } from '../unit/enclave/support.ts'
import { configuration } from '../unit/ledger/support.ts'
import type { useChains } from './chains.ts'
import { admitTimelocked } from './timelocked.ts'

export const round = { number: 0n, blockHash: zeroHash }
export const hints = (nonce: bigint) => ({
  nonce,
  gas: 5_000_000n,
  maxFeePerGas: 10n ** 10n,
  maxPriorityFeePerGas: 10n ** 9n,
})

interface ContractHead {
  readonly epoch: bigint
  readonly boot: Hex
  readonly counter: bigint
  readonly root: Hex
}

/** Contract and core, the epoch not yet open. The core's state key lies in `folder`. */
export async function createCoreWorld(startChain: ReturnType<typeof useChains>, folder: string) {
  const { rpcUrl, chainId } = await startChain({ kind: 'local' })
  const wallet = await createFundedWallet(rpcUrl, '200')
  const broker = await findOrDeployBroker(wallet, brokerOnArbitrum)
  const treasury = await predictAddress(wallet)
  const domain = { chainId: BigInt(chainId), verifyingContract: treasury }
  const first = configuration({ ...domain, broker: broker.broker })
  const platform = createLocalPlatform({ folder })
  const core = createCore(platform)
  const genesis = call(core, 'genesis', { configuration: first, logBegins: null })
  await deployTreasury(wallet, {
    predicted: treasury,
    committer: genesis.address,
    configHash: genesis.configHash,
    broker,
  })
  const contract = { address: treasury, abi: treasuryAbi }
  const head = (): Promise<ContractHead> => wallet.chain.readContract({ ...contract, functionName: 'head' })

  return {
    rpcUrl,
    platform,
    sealed: genesis.sealed,
    wallet,
    domain,
    treasury,
    first,
    core,
    contract,
    head,
    async land(serializedTransaction: Hex) {
      const hash = await wallet.chain.sendRawTransaction({ serializedTransaction })
      return wallet.chain.waitForTransactionReceipt({ hash })
    },
    /** Anyone may carry a signed call. @returns whether it took effect */
    async relay(data: Hex): Promise<boolean> {
      const hash = await wallet.signer.sendTransaction({ chain: null, to: treasury, data, gas: 5_000_000n })
      return (await wallet.chain.waitForTransactionReceipt({ hash })).status === 'success'
    },
    balance: (address: Hex) => wallet.chain.getBalance({ address }),
    read: (functionName: 'totalPaid' | 'surplus'): Promise<bigint> =>
      wallet.chain.readContract({ ...contract, functionName }),
    guardian: (functionName: string, args: readonly unknown[]) => write(wallet, { ...contract, functionName, args }),
    admit: (args: Parameters<typeof admitTimelocked>[1]) => admitTimelocked({ rpcUrl, wallet, treasury }, args),
  }
}
export type CoreWorld = Awaited<ReturnType<typeof createCoreWorld>>

/** All of which must be accepted. */
export function apply(core: Core, entries: readonly Entry[]): Result<'apply_event'> {
  const result = call(core, 'apply_event', { entries: entries.map(entryLeaf) })
  expect(result.results.map((r) => r.status)).toEqual(entries.map(() => 'accepted'))
  return result
}

/** The head as the contract has it, with the commit that made it where there was one. */
export const proofOf = (head: ContractHead, made: HeadProof['made'] = null): HeadProof => {
  const { epoch, boot, counter, root } = head
  return { epoch, boot, counter, root, made, consistency: [] }
}
