/**
 * A new key for a log whose own was lost or leaked. The core is told the stored log from its beginning and computes every
 * root on the way itself; the contract's head must be one of them. Each request ends where a commit was, for those are
 * the roots that it remembers. Nothing of it is stored before all of it is done: cut short, it begins again with another key.
 */
import type { Configuration } from '../../ledger/structs.ts'
import { entriesBytesMax, entriesPerRequestMax } from '../../protocol/messages.ts'
import type { Chain } from '../chain/chain.ts'
import { durably } from '../durably.ts'
import type { Core } from '../enclaveClient.ts'
import { Fatal } from '../errors.ts'
import type { Entry, Store } from '../store/store.ts'
import type { EpochOpenerOptions } from './epochOpener.ts'
import { exportState, placeOf } from './sealedState.ts'

interface NewKeyOptions extends Pick<EpochOpenerOptions, 'mirror' | 'newKeyRules' | 'log'> {
  readonly chain: Pick<Chain, 'head' | 'isDeployed'>
  readonly store: Store
  /** The log's first. */
  readonly configuration: Configuration
}

/** @throws Fatal 1 if the core does not come to the log of the mirror */
export async function createNewKey({ newKeyRules, ...options }: NewKeyOptions, core: Core): Promise<void> {
  const { store, mirror, configuration: logBegins, log } = options
  if (!newKeyRules) throw new Fatal('no configuration is named for the new key', 1)
  const { address } = await core.request('genesis', { configuration: newKeyRules.configuration, logBegins })
  const cuts = await commitSizes(options)
  let part: Entry[] = []
  const feed = async (): Promise<void> => {
    if (part.length === 0) return
    const { results } = await core.request('apply_event', { entries: part.map(({ leaf }) => leaf) })
    const at = results.findIndex(({ status }) => status !== 'accepted')
    if (at >= 0) throw new Fatal(`the core does not accept entry ${part[at]?.position} of the log`, 1)
    part = []
  }
  for await (const entry of store.entries()) {
    if (part.length === entriesPerRequestMax || bytesOf([...part, entry]) > entriesBytesMax) await feed()
    part.push(entry)
    if (cuts.has(BigInt(entry.position) + 1n)) await feed()
  }
  await feed()
  const status = await core.request('status', {})
  if (!mirror.isAt(status)) throw new Fatal('the core came to another log than the one that is stored', 1)
  await durably(store.saveSnapshot(await exportState(core, placeOf(status)), []))
  log.info({ address, entries: mirror.tree.size }, 'a new key for the log')
}

/** How long the log was at every commit that landed, as far as is stored, and at the present head. */
async function commitSizes({ chain, store }: Pick<NewKeyOptions, 'chain' | 'store'>): Promise<ReadonlySet<bigint>> {
  const sizes = new Set<bigint>()
  for await (const event of store.events()) if (event.name === 'Committed') sizes.add(event.args.next.logSize)
  const head = (await chain.isDeployed()) ? await chain.head() : undefined
  const made = head && (await store.commitWithRoot(head.counter, head.root))
  if (made) sizes.add(made.commit.next.logSize)
  return sizes
}

const bytesOf = (entries: readonly Entry[]): number => entries.reduce((sum, { leaf }) => sum + leaf.length, 0)
