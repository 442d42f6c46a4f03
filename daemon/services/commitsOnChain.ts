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

/** Commits on the chain that were struck out or that this store does not know. One of a log that is not this one's cannot be explained. */
export async function fetchOddCommits(
  { store, mirror }: CommitReader,
  admissions: readonly ChainEvent<'Admitted'>[],
): Promise<Discrepancy[]> {
  const found: Discrepancy[] = []
  const add = (kind: Discrepancy['kind'], code: string, detail: string): void => {
    found.push({ kind, code, detail, payee: null, amountWei: 0n })
  }
  for await (const event of eventsOf(store, 'Committed')) {
    const { counter, next } = event.args
    if (admissions.some((one) => one.args.counter < counter && isBefore(event, one)))
      add('struck', 'STRUCK_COMMIT', `commit ${counter} was taken back by the admit of an earlier anchor`)
    else if (await store.commitWithRoot(counter, rootOf(next))) continue
    else if (await isOwn(mirror, next))
      add(
        'unknown_transaction',
        'UNKNOWN_COMMIT',
        `commit ${counter} is of this ledger, and this store does not know it`,
      )
    else add('unexplained', 'FOREIGN_COMMIT', `commit ${counter} is not of this ledger`)
  }
  return found
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
