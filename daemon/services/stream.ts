/**
 * What happens, told as it happens: anchors, boots and payouts out of the store, in the order of the chain. Every listener
 * has its own place in that order and may come back to it. What the chain takes back is told as well.
 */

import type { Logger } from 'pino'
import type { Hex } from '../../ledger/hex.ts'
import { rootOf } from '../../ledger/state.ts'
import type { ChainEvent, EventName } from '../chain/events.ts'
import { createComplaints } from '../complaints.ts'
import { pause } from '../pause.ts'
import type { Cursor } from '../routes/query.ts'
import type { Store } from '../store/store.ts'

const told = [
  'Opened',
  'Committed',
  'Paid',
  'PaymentFailed',
  'Claimed',
  'Exited',
] as const satisfies readonly EventName[]
type Told = (typeof told)[number]

/** Behind an event: where it is, and the first digits of its block's hash, by which it is known again. */
export interface Place extends Cursor {
  /** Undefined for a place at which no event was. */
  readonly mark: string | undefined
}

export interface StreamEvent {
  readonly place: Place
  readonly name: 'boot' | 'anchor' | 'payout' | 'rewind'
  readonly payee: Hex | undefined
  readonly data: Readonly<Record<string, unknown>>
}

export interface Listener {
  /** Undefined: everything. */
  readonly payee: Hex | undefined
  /** Where it stands; it is moved along. */
  place: Place
  tell(event: StreamEvent): void
}

export interface Stream {
  /** Adds a listener. @returns what takes it away */
  add(listener: Listener): () => void
  /** The place behind everything that the store has now. */
  end(): Promise<Place>
  run(signal: AbortSignal): Promise<never>
}

interface StreamOptions {
  readonly store: Pick<Store, 'cursor' | 'eventsNamed'>
  readonly pollMs: number
  readonly log: Logger
}

/** In one turn a listener that is far behind is told so much of each kind. */
const pageMax = 200
/** So far back a listener is taken when the chain took back what it was told: further than the chain goes. */
const rewindBlocks = 1_000

export function createStream({ store, pollMs, log }: StreamOptions): Stream {
  const listeners = new Set<Listener>()
  const complain = createComplaints(log)

  const turn = async (): Promise<void> => {
    const cursor = await store.cursor()
    if (!cursor) return
    // Most listeners stand at the same place: it is read once.
    const pages = new Map<string, Promise<readonly StreamEvent[] | undefined>>()
    for (const listener of listeners) {
      const { blockNumber, position, mark } = listener.place
      const key = `${blockNumber}.${position}.${mark}`
      const page = pages.get(key) ?? (blockNumber > cursor.number ? undefined : readPage(store, listener.place))
      if (page) pages.set(key, page)
      const events = await page
      if (!events) {
        const block = Math.max(0, Math.min(blockNumber, cursor.number) - rewindBlocks)
        listener.place = { blockNumber: block, position: lastIndex, mark: undefined }
        listener.tell({ place: listener.place, name: 'rewind', payee: undefined, data: { block } })
        continue
      }
      for (const event of events) {
        listener.place = event.place
        if (listener.payee === undefined || event.payee === undefined || event.payee === listener.payee)
          listener.tell(event)
      }
    }
  }
  return {
    add(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async end() {
      return { blockNumber: (await store.cursor())?.number ?? 0, position: lastIndex, mark: undefined }
    },
    async run(signal) {
      for (;;) {
        if (listeners.size > 0) await turn().catch((error: unknown) => complain('cannot read the events', error))
        await pause(pollMs, signal)
      }
    },
  }
}

/** Behind every event of a block. */
const lastIndex = 99_999_999

/**
 * The next events after a place, of all kinds, in order; up to where it is sure that none is missing in between. Undefined
 * where the event at this place is no more.
 */
async function readPage(store: StreamOptions['store'], place: Place): Promise<readonly StreamEvent[] | undefined> {
  const { blockNumber, position, mark } = place
  // The last one is read again: only if it is still there, what follows is what follows.
  const after = mark === undefined ? place : { blockNumber, position: position - 1 }
  const found = await Promise.all(told.map((name) => store.eventsNamed(name, { after, limit: pageMax })))
  const ends = found.filter((events) => events.length === pageMax).map((events) => events.at(-1) as ChainEvent)
  const end = ends.sort(compare)[0]
  const all = found.flat().sort(compare)
  const sure = (end ? all.filter((event) => compare(event, end) <= 0) : all).map((event) => streamEvent(event))
  if (mark === undefined) return sure
  const [first, ...next] = sure
  return first && compare(first.place, place) === 0 && first.place.mark === mark ? next : undefined
}

const compare = (a: Cursor, b: Cursor): number => a.blockNumber - b.blockNumber || a.position - b.position

function streamEvent(event: ChainEvent<Told>): StreamEvent {
  const { blockNumber, blockHash, blockTime, position, transactionHash } = event
  const place = { blockNumber, position, mark: blockHash.slice(2, 10) }
  const where = { transaction_hash: transactionHash, block_number: `${blockNumber}`, at: `${blockTime}` }
  if (event.name === 'Opened') {
    const { epoch, boot } = event.args
    return { place, name: 'boot', payee: undefined, data: { epoch: `${epoch}`, boot, ...where } }
  }
  if (event.name === 'Committed') {
    const { counter, next } = event.args
    const data = { counter: `${counter}`, root: rootOf(next), log_size: `${next.logSize}`, ...where }
    return { place, name: 'anchor', payee: undefined, data }
  }
  const { payee, amount } = event.args
  const status = ({ Paid: 'paid', PaymentFailed: 'failed', Claimed: 'claimed', Exited: 'exited' } as const)[event.name]
  return { place, name: 'payout', payee, data: { payee, status, amount_wei: `${amount}`, ...where } }
}
