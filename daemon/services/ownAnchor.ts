/** Which commits on the chain are of this ledger: a thief with the core's key can put others there, and an admission take them back. */
import type { Hex } from '../../ledger/hex.ts'
import { rootOf } from '../../ledger/state.ts'
import type { Commitment } from '../../ledger/structs.ts'
import type { Head } from '../chain/chain.ts'
import type { ChainEvent } from '../chain/events.ts'
import { Fatal } from '../errors.ts'
import type { Store } from '../store/store.ts'
import type { AccountsView } from './accountsView.ts'
import type { Books } from './books.ts'
import type { HeadWatch } from './headWatch.ts'
import type { Mirror } from './mirror.ts'

interface OwnAnchorOptions {
  readonly store: Pick<Store, 'committed' | 'commitWithRoot' | 'lastCommitted'>
  readonly mirror: Pick<Mirror, 'tree' | 'viewAt'>
  readonly headWatch: Pick<HeadWatch, 'head'>
  readonly books: Pick<Books, 'block'>
}

/** A thief fills no more commits than this with others before the anchor before them is out of sight. */
const commitsMax = 50

/** The newest live anchor that is of this ledger; undefined before the first, or where there are too many others on it. */
async function fetchOwnAnchor(options: OwnAnchorOptions): Promise<ChainEvent<'Committed'> | undefined> {
  const { store, mirror, headWatch } = options
  // What was struck out lies above the head.
  const newest = headWatch.head?.counter ?? (await store.lastCommitted())?.args.counter ?? 0n
  for (let counter = newest; counter > 0n && counter > newest - BigInt(commitsMax); counter--) {
    const event = await store.committed(counter)
    if (!event) continue
    if (await store.commitWithRoot(counter, rootOf(event.args.next))) return event
    // The disk may have lost it: then the log says whether it is ours. Not of many, for that takes all of the log each time.
    if (counter === newest && (await isOwn(mirror, event.args.next))) return event
  }
  return undefined
}

export interface OwnAnchor {
  readonly event: ChainEvent<'Committed'>
  readonly root: Hex
  /** The accounts as they were then. @throws Fatal 1 */
  view(): Promise<AccountsView>
}

interface Search {
  readonly head: Head | undefined
  /** Up to which events are known. */
  readonly block: number | undefined
  readonly anchor: Promise<OwnAnchor | undefined>
}

/** The newest own anchor, looked for once for each time that the head is read or blocks are: many ask for the same. */
export function createOwnAnchor(options: OwnAnchorOptions): () => Promise<OwnAnchor | undefined> {
  let last: Search | undefined
  const find = async (): Promise<OwnAnchor | undefined> => {
    const event = await fetchOwnAnchor(options)
    if (!event) return undefined
    const { next } = event.args
    let view: Promise<AccountsView> | undefined
    return { event, root: rootOf(next), view: () => (view ??= options.mirror.viewAt(next)) }
  }
  return async () => {
    const [{ head }, { block }] = [options.headWatch, options.books]
    if (!last || last.head !== head || last.block !== block) last = { head, block, anchor: find() }
    return last.anchor.catch((error) => {
      last = undefined // asked again, it may be known
      throw error
    })
  }
}

/** Whether the log leads to a commitment. */
export async function isOwn(mirror: OwnAnchorOptions['mirror'], commitment: Commitment): Promise<boolean> {
  const size = Number(commitment.logSize)
  if (size > mirror.tree.size || mirror.tree.root(size) !== commitment.logRoot) return false
  try {
    await mirror.viewAt(commitment)
    return true
  } catch (error) {
    if (error instanceof Fatal) return false
    throw error
  }
}
