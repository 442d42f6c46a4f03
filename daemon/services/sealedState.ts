/** Moves the core's sealed state between core and store. Runs in a turn of the caller. */

import { Refusal, type RefusalCode } from '../../ledger/refusal.ts'
import type { Configuration } from '../../ledger/structs.ts'
import { frameBytesMax } from '../../protocol/frame.ts'
import type { Result } from '../../protocol/messages.ts'
import { durably } from '../durably.ts'
import type { Core } from '../enclaveClient.ts'
import { Fatal } from '../errors.ts'
import type { RecordPlace, Snapshot, Store } from '../store/store.ts'
import type { RestartCore } from './coreRestart.ts'
import type { Mirror } from './mirror.ts'
import type { Unwrap } from './unwrap.ts'

/** Room in a frame for sealed things. */
const partBytesMax = frameBytesMax - 1024 * 1024
const partItemsMax = 4_096
/** So many records after a snapshot are loaded in seconds. */
const recordsMax = 10_000

export interface RecoveryOptions {
  readonly store: Store
  readonly mirror: Mirror
  readonly restartCore: RestartCore
}

/** A new ledger with a new key; stored before anyone hears of it. */
export async function createState(core: Core, store: Store, configuration: Configuration): Promise<void> {
  const { sealed, wrappedKeys } = await core.request('genesis', { configuration, logBegins: null })
  const last = placeOf(await core.request('status', {}))
  await durably(store.saveSnapshot({ chunks: sealed, wrappedKeys, last }, []))
}

/** Gives an empty core what is stored. @throws Fatal 1 if the core does not accept it */
export async function loadState(core: Core, store: Store, unwrap: Unwrap): Promise<void> {
  try {
    await load(core, store, unwrap)
  } catch (error) {
    // A load that was cut short earlier may still lie in the core: the refusal has cleared it away.
    if (!isRefusal(error, 'STATE_GAP')) throw fatalIfRefused(error)
    await load(core, store, unwrap).catch((again) => {
      throw fatalIfRefused(again)
    })
  }
}

async function load(core: Core, store: Store, unwrap: Unwrap): Promise<void> {
  let key = await unwrap(core, await store.wrappedKeys())
  let part: Uint8Array[] = []
  let bytes = 0
  for await (const sealed of store.sealedState()) {
    const size = sealed.length + 32
    if (bytes + size > partBytesMax || part.length === partItemsMax) {
      await core.request('load_state', { key, sealed: part, isLast: false })
      key = null // it opened the state with the first part
      part = []
      bytes = 0
    }
    part.push(sealed)
    bytes += size
  }
  await core.request('load_state', { key, sealed: part, isLast: true })
}

/**
 * Takes over a core that is ahead of the store because replies were lost: its whole state as a new snapshot, and what
 * was in the lost replies out of the intents. Nothing of that was acknowledged.
 *
 * @throws Fatal if the intents do not lead to the core's log. Restarting the core from the store then loses nothing that
 * was acknowledged: 75 where that is done, 1 where it is left to the operator
 */
export async function recoverState(core: Core, { store, mirror, restartCore }: RecoveryOptions): Promise<void> {
  const stored = await store.lastRecord()
  const status = await core.request('status', {})
  const snapshot = await exportState(core, placeOf(status))
  // From here on nothing may fail but for good: the mirror goes ahead of the store.
  const recovered = mirror.recover(await store.intentsAfter(stored?.number ?? 0))
  if (!mirror.isAt(status)) throw await unexplained(restartCore)
  await durably(store.saveSnapshot(snapshot, recovered))
}

async function unexplained(restartCore: RestartCore): Promise<Fatal> {
  const reason = 'the core holds entries that are not stored and that no intent explains'
  const isRestarted = await restartCore(reason)
  return isRestarted ? new Fatal(reason, 75) : new Fatal(`${reason}: restart the core`, 1)
}

/** Puts one snapshot in the place of very many records, so that loading does not take longer with every year. */
export async function compactState(core: Core, store: Store): Promise<void> {
  if ((await store.countRecords()) < recordsMax) return
  const last = placeOf(await core.request('status', {}))
  await durably(store.saveSnapshot(await exportState(core, last), []))
}

/** The present state of the core, whole: that of its record `last`. */
export async function exportState(core: Core, last: RecordPlace): Promise<Snapshot> {
  const chunks: Uint8Array[] = []
  let wrappedKeys: Snapshot['wrappedKeys'] = []
  for (let count = 1; chunks.length < count; ) {
    const reply = await core.request('export_state', { chunk: chunks.length })
    if (Number(reply.record) !== last.number) throw new Error('the core went on while it was exported')
    chunks.push(reply.sealed)
    wrappedKeys = reply.wrappedKeys
    count = reply.chunks
  }
  return { chunks, wrappedKeys, last }
}

/** How far the core's records have come. */
export const placeOf = ({ record }: Result<'status'>): RecordPlace => ({
  number: Number(record.number),
  hash: record.hash,
})

const isRefusal = (error: unknown, ...codes: readonly RefusalCode[]): boolean =>
  error instanceof Refusal && (codes as readonly string[]).includes(error.code)

/** A state that the core refuses does not get better by being sent again. */
const fatalIfRefused = (error: unknown): unknown =>
  isRefusal(error, 'STATE_FOREIGN', 'STATE_FORGED', 'STATE_GAP', 'STATE_INCOMPLETE', 'NO_STATE_KEY', 'BIRTH_REFUSED')
    ? new Fatal(`the core refuses the stored state: ${(error as Error).message}`, 1, { cause: error })
    : error
