/** Reads out of the stored events which commits the contract took back, what had left by them, and which are not of this ledger. */
import type { Discrepancy } from '../../client/api.ts'
import type { Hex } from '../../ledger/hex.ts'
import { rootOf } from '../../ledger/state.ts'
import type { ChainEvent, EventName } from '../chain/events.ts'
import type { EventQuery, Store } from '../store/store.ts'
import type { Mirror } from './mirror.ts'
import { isOwn } from './ownAnchor.ts'

const eventsPerRead = 1_000

export interface CommitReader {
  readonly store: Pick<Store, 'eventsNamed' | 'commitWithRoot'>
  readonly mirror: Pick<Mirror, 'tree' | 'viewAt'>
}

/** The first is that of the deployment; any other may have taken commits back. */
export async function fetchAdmissions({ store }: Pick<CommitReader, 'store'>): Promise<ChainEvent<'Admitted'>[]> {
  const admissions: ChainEvent<'Admitted'>[] = []
  for await (const event of eventsOf(store, 'Admitted')) admissions.push(event)
  return admissions
}

/**
 * Commits on the chain that were struck out or that this store does not know. One of a log that is not this one's cannot be
 * explained. Each is looked at once, but where an admission or a reorganisation may have changed what it is.
 */
export function createOddCommitsCheck(reader: CommitReader) {
  const { store } = reader
  let seen = begin('')
  return async (admissions: readonly ChainEvent<'Admitted'>[]): Promise<Discrepancy[]> => {
    const under = admissions.map(({ blockHash }) => blockHash).join()
    if (seen.under !== under || !(await isStored(store, seen.last))) seen = begin(under)
    /** From the first on that a mirror which is behind may yet come to know. */
    const open: Discrepancy[] = []
    let isOpen = false
    for await (const event of eventsOf(store, 'Committed', seen.last)) {
      const one = await judge(reader, event, admissions)
      isOpen ||= one?.kind === 'unexplained'
      if (one) (isOpen ? open : seen.found).push(one)
      if (!isOpen) seen.last = event
    }
    return [...seen.found, ...open]
  }
}

/** What is odd about a commit, if anything is. */
async function judge(
  { store, mirror }: CommitReader,
  event: ChainEvent<'Committed'>,
  admissions: readonly ChainEvent<'Admitted'>[],
): Promise<Discrepancy | undefined> {
  const { counter, next } = event.args
  const odd = (kind: Discrepancy['kind'], code: string, words: string): Discrepancy => {
    return { kind, code, detail: `commit ${counter} ${words}`, payee: null, amountWei: 0n }
  }
  if (admissions.some((one) => one.args.counter < counter && isBefore(event, one)))
    return odd('struck', 'STRUCK_COMMIT', 'was taken back by the admit of an earlier anchor')
  if (await store.commitWithRoot(counter, rootOf(next))) return undefined
  if (await isOwn(mirror, next))
    return odd('unknown_transaction', 'UNKNOWN_COMMIT', 'is of this ledger, and this store does not know it')
  return odd('unexplained', 'FOREIGN_COMMIT', 'is not of this ledger')
}

interface Seen {
  /** Of which admissions this was found. */
  readonly under: string
  readonly found: Discrepancy[]
  last: ChainEvent<'Committed'> | undefined
}

const begin = (under: string): Seen => ({ under, found: [], last: undefined })

async function isStored(store: CommitReader['store'], event: ChainEvent<'Committed'> | undefined): Promise<boolean> {
  if (!event) return true
  const after = { blockNumber: event.blockNumber, position: event.position - 1 }
  const [now] = await store.eventsNamed('Committed', { after, limit: 1 })
  return now?.blockHash === event.blockHash && now.position === event.position
}

/** What each payee had got since an anchor when the contract went back to it, wei: it counts as lost, and its register keeps it. */
export async function fetchStruck(
  { store }: Pick<CommitReader, 'store'>,
  admissions: readonly ChainEvent<'Admitted'>[],
): Promise<ReadonlyMap<Hex, bigint>> {
  const struck = new Map<Hex, bigint>()
  const counted = new Set<string>() // going back twice takes nothing back twice
  for (const admission of admissions) {
    const anchor = await lastCommit(store, admission)
    // Where no more counts as paid than at the anchor, all since then is lost. Not halted, an admission takes nothing back.
    if (anchor?.args.totalPaid !== admission.args.totalPaid) continue
    for (const name of ['Paid', 'Claimed'] as const)
      for await (const event of eventsOf(store, name, anchor)) {
        if (!isBefore(event, admission)) break
        const place = `${event.blockNumber}.${event.position}`
        if (counted.has(place)) continue
        counted.add(place)
        const { payee, amount } = event.args
        struck.set(payee, (struck.get(payee) ?? 0n) + amount)
      }
  }
  return struck
}

/** The commit that an admission goes on from. */
async function lastCommit(
  store: CommitReader['store'],
  admission: ChainEvent<'Admitted'>,
): Promise<ChainEvent<'Committed'> | undefined> {
  let last: ChainEvent<'Committed'> | undefined
  for await (const event of eventsOf(store, 'Committed'))
    if (event.args.counter === admission.args.counter && isBefore(event, admission)) last = event
  return last
}

async function* eventsOf<Name extends EventName>(
  store: CommitReader['store'],
  name: Name,
  from: EventQuery['after'] = undefined,
) {
  for (let after = from; ; ) {
    const events = await store.eventsNamed(name, { after, limit: eventsPerRead })
    yield* events
    after = events.at(-1)
    if (events.length < eventsPerRead) return
  }
}

const isBefore = (a: ChainEvent, b: ChainEvent): boolean =>
  a.blockNumber < b.blockNumber || (a.blockNumber === b.blockNumber && a.position < b.position)
