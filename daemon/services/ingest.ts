/**
 * Entries in, receipts out. Entries that wait while the core and the disk are busy go together in the next request: one
 * record and one fsync for all of them. An entry is answered after its record, and every one before it, is on disk.
 */

import type { Receipt, SignedLogHead } from '../../client/receipt.ts'
import { leafHash } from '../../ledger/eventLog.ts'
import type { OddEvent } from '../../ledger/events.ts'
import { toHex } from '../../ledger/hex.ts'
import { Refusal } from '../../ledger/refusal.ts'
import { type EntryResult, entriesBytesMax, entriesPerRequestMax, type Result } from '../../protocol/messages.ts'
import { durably } from '../durably.ts'
import { CoreLost, Fatal } from '../errors.ts'
import type { Incoming } from '../incoming.ts'
import { OutOfStep, placeAfter } from '../store/sealedHeader.ts'
import type { NewEntry, RecordPlace, Store } from '../store/store.ts'
import type { Turns } from '../turns.ts'
import type { Mirror } from './mirror.ts'
import type { Gate, Session } from './session.ts'

/** What waits is bounded in number and in bytes. */
const waitingMax = 2_048
const waitingBytesMax = 64 * 1024 * 1024

export interface Answer {
  readonly status: 'accepted' | 'already_accepted'
  readonly odd: readonly OddEvent[]
  readonly receipt: Receipt
}

/** No more batches can wait. */
export class QueueFull extends Error {
  override readonly name = 'QueueFull'
}

export interface IngestOptions {
  readonly gate: Gate
  readonly turns: Turns
  readonly mirror: Mirror
  readonly store: Store
  /** Ends the process. */
  readonly halt: (fatal: Fatal) => void
}

export interface Ingest {
  /**
   * Brings an entry into the log.
   * @throws Refusal of the core, NotOpen, QueueFull; CoreLost: send it again to learn what became of it
   */
  submit(entry: Incoming): Promise<Answer>
  /** Resolves when nothing waits any more. */
  drain(): Promise<void>
  /** What waits for its turn. */
  readonly waiting: { readonly batches: number; readonly bytes: number }
}

interface Waiting {
  readonly entry: Incoming
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
}

export function createIngest(options: IngestOptions): Ingest {
  const waiting: Waiting[] = []
  let waitingBytes = 0
  let pump: Promise<void> | undefined
  let end: Fatal | undefined

  const takeGroup = (): Waiting[] => {
    let [bytes, count] = [0, 0]
    for (const { entry } of waiting.slice(0, entriesPerRequestMax)) {
      bytes += entry.leaf.length
      if (count > 0 && bytes > entriesBytesMax) break
      count++
    }
    const group = waiting.splice(0, count)
    waitingBytes -= group.reduce((sum, { entry }) => sum + entry.leaf.length, 0)
    return group
  }
  /** Mirror and store may differ from here on: nothing more goes to the core. */
  const die = (fatal: Fatal): void => {
    end = fatal
    for (const { reject } of waiting.splice(0)) reject(fatal)
    options.halt(fatal)
  }
  const run = async (): Promise<void> => {
    while (waiting.length > 0) {
      // The group is taken when its turn has come, so that it holds all that came while others had theirs.
      let group: Waiting[] = []
      try {
        await options.turns.run(async () => {
          group = takeGroup()
          await bringIn(options, group)
        })
      } catch (error) {
        for (const { reject } of group) reject(error)
        if (error instanceof Fatal) return die(error)
      }
    }
    pump = undefined
  }

  return {
    async submit(entry) {
      const bytes = entry.leaf.length
      if (end) throw end
      options.gate.session()
      if (waiting.length >= waitingMax || waitingBytes + bytes > waitingBytesMax)
        throw new QueueFull('too many batches are waiting')
      waitingBytes += bytes
      const answer = new Promise<Answer>((resolve, reject) => {
        waiting.push({ entry, resolve, reject })
      })
      pump ??= run()
      return answer
    },
    drain: async () => {
      await pump
    },
    get waiting() {
      return { batches: waiting.length, bytes: waitingBytes }
    },
  }
}

/** Sends a group, stores what came of it, answers each. Runs in a turn. */
async function bringIn(options: IngestOptions, group: readonly Waiting[]): Promise<void> {
  const { gate, store } = options
  const session = gate.session()
  const last = await durably(store.lastRecord())
  if (!last) throw new Fatal('an open ledger without a state', 75)
  const leaves = group.map(({ entry }) => entry.leaf)
  await durably(store.intend(last.number + 1, leaves))

  const reply = await applyEvent(options, session, leaves)
  const head = checkReply(options, session, last, reply)
  const accepted = reply.results.flatMap((result, i) => acceptOne(options.mirror, result, group[i] as Waiting))
  if (!options.mirror.isAt(reply)) throw new Fatal('the log of the core is not that of the mirror', 1)
  if (reply.record) await durably(store.saveAccepted({ sealed: reply.record, entries: accepted, head }))
  else await durably(Promise.all([store.dropIntents(), store.saveLogHead(head)]))

  await Promise.all(reply.results.map((result, i) => answerOne(options, group[i] as Waiting, result, head)))
}

/** @throws Refusal of the request as a whole: nothing of it was taken */
async function applyEvent({ store }: IngestOptions, session: Session, entries: readonly Uint8Array[]) {
  try {
    return await session.core.request('apply_event', { entries })
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    await durably(store.dropIntents())
    session.end(`the core refuses to apply: ${error.code}`)
    throw error
  }
}

/** The signed head of a reply that fits what is stored. Otherwise others have used this core: all is compared anew. */
function checkReply(
  options: IngestOptions,
  session: Session,
  last: RecordPlace,
  reply: Result<'apply_event'>,
): SignedLogHead {
  const { head, record, results } = reply
  const why = (): string | undefined => {
    if (results.some((result) => result.status === 'accepted') !== (record !== null)) return 'a record is missing'
    if (head?.boot !== session.boot || head.epoch !== session.epoch) return 'the core has opened another epoch'
    if (!record) return options.mirror.isAt(reply) ? undefined : 'the log of the core has moved on'
    try {
      placeAfter(last, record)
      return undefined
    } catch (error) {
      if (error instanceof OutOfStep) return error.message
      throw error
    }
  }
  const reason = why()
  if (reason === undefined && head) return head
  session.end(reason ?? 'no head was signed')
  throw new CoreLost(`the core is ahead of the store: ${reason}`, 'unknown')
}

const acceptOne = (mirror: Mirror, { status, position, odd }: EntryResult, { entry }: Waiting): NewEntry[] =>
  status === 'accepted' && position !== null ? [mirror.accept(entry, position, odd as readonly OddEvent[])] : []

async function answerOne(
  options: IngestOptions,
  item: Waiting,
  result: EntryResult,
  head: SignedLogHead,
): Promise<void> {
  const receiptFor = (position: number): Receipt => ({
    head,
    position,
    path: options.mirror.tree.inclusionPath(position, Number(head.size)),
  })
  if (result.status === 'accepted' && result.position !== null)
    return item.resolve({
      status: 'accepted',
      odd: result.odd as readonly OddEvent[],
      receipt: receiptFor(result.position),
    })

  // The core knows only the last batch of each reporter, and of other entries none; the store knows them all.
  const known = await durably(options.store.entryLike(item.entry.signed))
  if (known?.leafHash === toHex(leafHash(item.entry.leaf)))
    return item.resolve({ status: 'already_accepted', odd: known.odd, receipt: receiptFor(known.position) })
  const { message, facts } = result.problem ?? { message: 'the core gave no reason', facts: {} }
  item.reject(new Refusal(result.problem?.code ?? 'SEQUENCE_REPEAT', message, facts))
}
