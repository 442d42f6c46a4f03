/** A daemon's world in which everyone was paid once, and what a person who checks it would trust. */
import { localHome } from '../../anvil/home.ts'
import { makeTrust } from '../../anvil/trust.ts'
import { credit, type Receipt, type SentBatch, signBatch, type Trust } from '../../client/index.ts'
import { reporterKey } from '../unit/ledger/support.ts'
import type { useChains } from './chains.ts'
import { createDaemonWorld, type DaemonWorld } from './daemonWorld.ts'

export const wei = 10n ** 15n

export interface PaidWorld {
  readonly world: DaemonWorld
  readonly trust: Trust
  readonly receipt: { readonly batch: SentBatch; readonly receipt: Receipt }
  /** Credits everyone once more, and waits until all is paid. */
  payAgain(): Promise<void>
}

export async function createPaidWorld(startChain: ReturnType<typeof useChains>): Promise<PaidWorld> {
  const { rpcUrl, chainId } = await startChain({ kind: 'local' })
  const world = await createDaemonWorld(rpcUrl)
  await world.restartCore()
  await world.restartDaemon('SIGTERM')
  await world.deploy()
  await world.until('not open', async () => ((await world.status()).isEpochOpen ? true : undefined))
  const payees = [...world.tickets, ...world.directs]
  let sequence = 0n
  const pay = async () => {
    const events = payees.map((payee) => credit({ id: payee, payee, wei }))
    const batch = signBatch({ domain: world.domain, secretKey: reporterKey, sequence: sequence++, events })
    const { receipt } = await world.client.sendBatch(batch)
    await world.until('not all is paid', async () => {
      const { discrepancies, paidWei } = await world.reconcile()
      return discrepancies.length === 0 && paidWei === sequence * wei * BigInt(payees.length) ? true : undefined
    })
    return { batch, receipt }
  }
  const receipt = await pay()
  const trust = makeTrust({ chainId, treasury: world.domain.verifyingContract, home: localHome(world.folder) })
  return {
    world,
    trust,
    receipt,
    payAgain: async () => {
      await pay()
    },
  }
}
