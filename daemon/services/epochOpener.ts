/** Opens an epoch for the core's boot, and again for as long as another's open comes first. */

import type { Logger } from 'pino'
import type { Rules } from '../../ledger/config.ts'
import type { Hex } from '../../ledger/hex.ts'
import { createCoreCarrier } from '../chain/carriers.ts'
import type { Chain } from '../chain/chain.ts'
import { durably } from '../durably.ts'
import type { Core } from '../enclaveClient.ts'
import { incoming } from '../incoming.ts'
import type { NewEntry, Store } from '../store/store.ts'
import type { Turns } from '../turns.ts'
import { storedTransaction } from './attempts.ts'
import type { Broadcaster } from './broadcaster.ts'
import { fetchOpenGas } from './gas.ts'
import { type HeadProofOptions, makeHeadProof } from './headProof.ts'
import type { Mirror } from './mirror.ts'

export interface EpochOpenerOptions extends HeadProofOptions {
  readonly chain: Chain
  readonly store: Store
  readonly turns: Turns
  readonly broadcaster: Broadcaster
  readonly mirror: Mirror
  /** What a new key was born with; its first open appends it to the log. */
  readonly newKeyRules: Rules | null
  readonly log: Logger
}

export interface OpenEpoch {
  readonly epoch: bigint
  readonly boot: Hex
}

/** @returns the epoch once the head of the contract is the core's boot @throws Refusal of the core, or what the chain throws */
export async function openEpoch(
  options: EpochOpenerOptions,
  core: Core,
  sender: Hex,
  signal: AbortSignal,
): Promise<OpenEpoch> {
  const { chain, broadcaster, log } = options
  const carrier = createCoreCarrier(core, sender)
  for (;;) {
    // A commit that is still under way lands, or is known not to, before the head is read.
    await broadcaster.settlePending(carrier, signal)
    const head = await chain.head()
    const { boot, epoch, phase } = await core.request('status', {}, signal)
    if (phase === 'open' && head.boot === boot && head.epoch === epoch) return { epoch, boot }

    const transaction = await options.turns.run(async () => {
      const hints = await broadcaster.hints(sender, await fetchOpenGas(chain))
      const reply = await core.request('open_epoch', { head: await makeHeadProof(options, head), hints })
      const stored = storedTransaction(reply.transaction, hints.nonce, 'open')
      await durably(options.store.saveSigned(reply.record, stored, undefined, appended(options, reply.open.logSize)))
      log.info({ epoch: reply.open.epoch, boot, hash: stored.hash }, 'opening')
      return stored
    })
    await broadcaster.settle(transaction, carrier, signal)
  }
}

/** The configuration of a new key, where this open has just put it into the log. */
function appended({ mirror, newKeyRules }: EpochOpenerOptions, logSize: bigint): readonly NewEntry[] {
  const position = mirror.tree.size
  if (!newKeyRules || logSize === BigInt(position)) return []
  return [mirror.accept(incoming({ configuration: newKeyRules.configuration, signatures: [] }), position, [])]
}
