/**
 * The ledger as anyone can compute it from the log: the same code as the core's, over the entries that are stored.
 * It stands one entry for one with the core's log; where the two differ, nothing is right any more and the daemon stops.
 */
import { setImmediate } from 'node:timers/promises'
import { LogTree } from '../../client/logTree.ts'
import type { Rules } from '../../ledger/config.ts'
import { type Authentic, authenticate, decodeEntry, entryLeaf, fromSealed } from '../../ledger/entry.ts'
import { leafHash, logRoot } from '../../ledger/eventLog.ts'
import type { OddEvent } from '../../ledger/events.ts'
import { type Hex, toBytes, toHex } from '../../ledger/hex.ts'
import { Refusal } from '../../ledger/refusal.ts'
import { commitmentOf, createLedger, type Ledger, rootOf } from '../../ledger/state.ts'
import type { Commitment } from '../../ledger/structs.ts'
import { applyEntry } from '../../ledger/transition.ts'
import { hashStruct } from '../../ledger/typedData.ts'
import { decodeLedger, encodeLedger } from '../../protocol/ledgerState.ts'
import { Fatal } from '../errors.ts'
import type { Incoming } from '../incoming.ts'
import type { NewEntry, Store } from '../store/store.ts'
import { type AccountsView, createAccountsView } from './accountsView.ts'
import { LastGains } from './lastGains.ts'

const entriesPerTurn = 16

/** So many events are computed again in a few seconds. */
const eventsPerStateMax = 100_000

/** Views of so many commits are kept at hand: those that may yet turn out to be the anchored one. */
const viewsMax = 4

export interface Mirror {
  readonly ledger: Ledger
  /** Hashes of all configurations of the log, the one in force last. */
  readonly configHashes: readonly Hex[]
  /** All leaf hashes, for proofs. */
  readonly tree: LogTree
  /** Position of the last entry that named a payee; 0 where none did. It may be about to be stored. */
  lastGain(payee: Hex): number
  /** How long the log was in the stored state that this one went on from; 1: it was computed from the first entry on. */
  readonly resumedAt: number
  /** Applies every stored entry that is new, while another process or nobody writes them. @throws Fatal 1 */
  catchUp(): Promise<void>
  /** Applies what the core says it accepted at `position`. @throws Fatal 1 if by these rules it is not so */
  accept(entry: Incoming, position: number, odd: readonly OddEvent[]): NewEntry
  /** Applies what the core may have accepted before its reply was lost, as the core would. */
  recover(leaves: readonly Uint8Array[]): NewEntry[]
  /** Whether the core's log is this one. */
  isAt(log: { readonly logSize: bigint; readonly logRoot: Hex }): boolean
  /** Keeps the accounts as they are now, for proofs against this commitment. @throws Fatal 1 if it is not of this state */
  freeze(commitment: Commitment): void
  /** Stores the present state, of which a commit is stored, where a start would have to compute too much again. */
  keep(counter: bigint): Promise<void>
  /** The accounts as they were at a commitment: kept, or computed again from the log. */
  viewAt(commitment: Commitment): Promise<AccountsView>
}

export interface MirrorOptions {
  readonly rules: Rules
  readonly store: Store
  /** The state is stored anew after so many events. */
  readonly eventsPerState?: number
}

export function createMirror({ rules, store, eventsPerState = eventsPerStateMax }: MirrorOptions): Mirror {
  let ledger = createLedger(rules.configuration)
  let [hasBegun, resumedAt, eventsSince] = [false, 1, 0]
  const tree = new LogTree()
  let lastGains = new LastGains()
  const views = new Map<Hex, Promise<AccountsView>>()
  tree.append(leafHash(entryLeaf({ configuration: rules.configuration, signatures: [] })))

  const configHashes = [rules.hash]

  const apply = (signed: Authentic): NewEntry | undefined => {
    const outcome = applyEntry(ledger, signed)
    if (outcome.status !== 'accepted') return undefined
    tree.append(signed.leafHash)
    if ('configuration' in signed) configHashes.push(ledger.rules.hash)
    eventsSince += 'batch' in signed ? signed.batch.events.length : 1
    const { position, odd } = outcome
    const gains = [...outcome.gains].map(([payee, wei]) => {
      const index = ledger.accounts.indexOf(payee) as number
      const previous = lastGains.of(index)
      lastGains.set(index, position)
      return { payee, wei, previous }
    })
    return { position, leaf: signed.leaf, leafHash: toHex(signed.leafHash), signed, odd, gains }
  }
  const keep = (root: Hex, view: Promise<AccountsView>): Promise<AccountsView> => {
    views.set(root, view)
    const [oldest] = views.keys()
    if (oldest && views.size > viewsMax) views.delete(oldest)
    return view
  }

  /** Goes on from the stored state instead of from the first entry, where there is one that fits. */
  const resume = async (): Promise<void> => {
    const stored = await storedLedger(store)
    if (!stored) return
    const { size } = stored.ledger.log
    for await (const hash of store.leafHashes(tree.size, size)) tree.append(toBytes(hash))
    if (tree.size !== size || tree.root() !== logRoot(stored.ledger.log))
      throw new Fatal(`the stored log of ${size} is not the one that the core committed to`, 1)
    for (const { position, signed } of await store.configurations())
      if (position < size) configHashes.push(hashStruct('Configuration', signed.configuration))
    ledger = stored.ledger
    lastGains = stored.lastGains
    resumedAt = size
  }

  return {
    get ledger() {
      return ledger
    },
    configHashes,
    tree,
    lastGain(payee) {
      const index = ledger.accounts.indexOf(payee)
      return index === undefined ? 0 : lastGains.of(index)
    },
    get resumedAt() {
      return resumedAt
    },
    async catchUp() {
      if (!hasBegun) await resume()
      hasBegun = true
      for await (const { signed, leaf, position, leafHash: stored } of store.entries(tree.size)) {
        const entry = apply(fromSealed(signed, leaf))
        if (entry?.position !== position || entry.leafHash !== stored)
          throw new Fatal(`entry ${position} of the store does not follow from those before it`, 1)
      }
    },
    accept({ signed, leaf }, position, odd) {
      const entry = apply(fromSealed(signed, leaf))
      if (entry?.position !== position || JSON.stringify(entry.odd) !== JSON.stringify(odd))
        throw new Fatal(`the core accepted at ${position} what the rules do not accept there`, 1)
      return entry
    },
    recover: (leaves) =>
      leaves
        .map((leaf) => orNothing(() => apply(authenticate(ledger.rules, decodeEntry(leaf), leaf))))
        .filter((entry) => entry !== undefined),
    isAt: ({ logSize, logRoot }) => logSize === BigInt(tree.size) && logRoot === tree.root(),
    freeze(commitment) {
      const root = rootOf(commitment)
      if (root !== rootOf(commitmentOf(ledger)))
        throw new Fatal(`the core committed to ${root}, which is not the root of its log by the rules`, 1)
      keep(root, Promise.resolve(createAccountsView(ledger.accounts)))
    },
    async keep(counter) {
      // To write it takes as long as it has accounts.
      if (eventsSince < Math.max(eventsPerState, 2 * ledger.accounts.size)) return
      await store.saveLedger({ counter, chunks: [lastGains.write(ledger.accounts.size), ...encodeLedger(ledger)] })
      eventsSince = 0
    },
    viewAt(commitment) {
      const root = rootOf(commitment)
      // Kept as a promise: many who ask at once make one computation.
      return views.get(root) ?? keep(root, replay(rules, store, commitment))
    },
  }
}

/** The accounts as they were at a commitment. @throws Fatal 1 if the log leads to another root */
async function replay(rules: Rules, store: Store, commitment: Commitment): Promise<AccountsView> {
  const stored = (await storedLedger(store))?.ledger
  const ledger = stored && BigInt(stored.log.size) <= commitment.logSize ? stored : createLedger(rules.configuration)
  if (commitment.logSize > BigInt(ledger.log.size)) {
    for await (const { signed, leafHash } of store.entries(ledger.log.size)) {
      applyEntry(ledger, { ...signed, leafHash: toBytes(leafHash) } as Authentic)
      if (BigInt(ledger.log.size) === commitment.logSize) break
      // Whoever asks for an old anchor must not hold up those who report.
      if (ledger.log.size % entriesPerTurn === 0) await setImmediate()
    }
  }
  if (rootOf(commitmentOf(ledger)) !== rootOf(commitment))
    throw new Fatal(`the log does not lead to the anchored root ${rootOf(commitment)}`, 1)
  return createAccountsView(ledger.accounts)
}

interface Stored {
  readonly ledger: Ledger
  readonly lastGains: LastGains
}

/**
 * The stored state, where it is one that the core committed to. Any other is as good as none: the log has all of it.
 */
async function storedLedger(store: Store): Promise<Stored | undefined> {
  const state = await store.ledgerState()
  const read = state && readStored(state.chunks)
  const commit = read && (await store.commitWithRoot(state.counter, rootOf(commitmentOf(read.ledger))))
  return commit && read
}

function readStored([lastGains, ...chunks]: readonly Uint8Array[]): Stored | undefined {
  try {
    return { ledger: decodeLedger(chunks), lastGains: LastGains.read(lastGains as Uint8Array) }
  } catch {
    return undefined // as it was saved, and not in these words: another version's
  }
}

/** A refused entry consumed nothing, in the core as here. */
function orNothing<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    if (error instanceof Refusal) return undefined
    throw error
  }
}
