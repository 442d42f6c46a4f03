/** Holds all books against each other: the store's batches, the ledger, the contract's registers, its events, and the broker's. */
import type { Discrepancy, ReconciliationAnswer } from '../../client/api.ts'
import type { Hex } from '../../ledger/hex.ts'
import { rootOf } from '../../ledger/state.ts'
import type { Chain } from '../chain/chain.ts'
import type { ChainEvent, EventName } from '../chain/events.ts'
import type { Lane } from '../lane.ts'
import type { EventQuery, Store } from '../store/store.ts'
import type { Books, PayeeBook } from './books.ts'
import { decideAll, type PayeeFacts } from './decideDiscrepancies.ts'
import type { Mirror } from './mirror.ts'
import type { Payer } from './payer.ts'

/** Registers asked for in one go. */
const payeesPerRead = 100
const eventsPerRead = 1_000

export interface ReconcilerOptions {
  readonly chain: Pick<Chain, 'paid' | 'totalPaid'>
  readonly lane: Lane
  readonly mirror: Pick<Mirror, 'ledger' | 'tree'>
  readonly books: Books
  readonly payer: Pick<Payer, 'leftOut'>
  readonly store: Pick<Store, 'eventsNamed' | 'commitWithRoot' | 'earnings'>
}

export interface Reconciler {
  /** @throws what the chain throws */
  reconcile(): Promise<ReconciliationAnswer>
}

export function createReconciler(options: ReconcilerOptions): Reconciler {
  let running: Promise<ReconciliationAnswer> | undefined
  return {
    // Whoever asks while it runs gets the same answer: many who ask at once cost as much as one.
    reconcile() {
      running ??= reconcile(options).finally(() => {
        running = undefined
      })
      return running
    },
  }
}

async function reconcile(options: ReconcilerOptions): Promise<ReconciliationAnswer> {
  const { chain, lane, store } = options
  // Holding the lane, the mirror has no entry that the store has not. What is asked afterwards is asked as of this moment.
  const { known, common, size, totalEarnedWei, block } = await lane.run(async () => snapshotOf(options))
  const earnings = await store.earnings(size)
  const payees = [...new Set([...known.keys(), ...earnings.keys()])]
  const paid = block === undefined ? [] : await fetchPaid(chain, payees, block)
  const facts = payees.map((payee, i): PayeeFacts => {
    const { earnedWei = 0n, book, leftOut } = known.get(payee) ?? {}
    return { payee, earnedWei, gainedWei: earnings.get(payee) ?? 0n, paidWei: paid[i] ?? 0n, book, leftOut }
  })
  const totalPaidWei = block === undefined ? 0n : await chain.totalPaid(block)
  const sum = (of: (entry: PayeeFacts) => bigint): bigint => facts.reduce((total, entry) => total + of(entry), 0n)
  return {
    discrepancies: [...decideAll({ facts, common, totalEarnedWei, totalPaidWei }), ...(await oddCommits(options))],
    accounts: facts.filter((entry) => entry.earnedWei > 0n).length,
    earnedWei: sum((entry) => entry.earnedWei),
    paidWei: sum((entry) => entry.paidWei),
    owedWei: sum(({ earnedWei, paidWei }) => (earnedWei > paidWei ? earnedWei - paidWei : 0n)),
    checkedAtBlock: BigInt(block ?? 0),
  }
}

function snapshotOf({ mirror, books, payer }: ReconcilerOptions) {
  const { accounts, totalEarnedWei } = mirror.ledger
  const payees = new Set([...accounts.keys(), ...[...books.all()].map(([payee]) => payee)])
  const known = new Map(
    [...payees].map((payee) => {
      const book = books.of(payee)
      const earnedWei = accounts.get(payee)?.balance.earnedWei ?? 0n
      return [payee, { earnedWei, book: book && ({ ...book } as PayeeBook), leftOut: wordsFor(payer, payee) }]
    }),
  )
  return { known, common: { ...books.common }, size: mirror.tree.size, totalEarnedWei, block: books.block }
}

async function fetchPaid(chain: ReconcilerOptions['chain'], payees: readonly Hex[], block: number): Promise<bigint[]> {
  const paid: bigint[] = []
  for (let at = 0; at < payees.length; at += payeesPerRead)
    paid.push(...(await chain.paid(payees.slice(at, at + payeesPerRead), block)))
  return paid
}

/** Commits on the chain that were struck out or that this store does not know. One of a log that is not this one's cannot be explained. */
async function oddCommits({ store, mirror: { tree } }: ReconcilerOptions): Promise<Discrepancy[]> {
  const admitted: ChainEvent<'Admitted'>[] = []
  for await (const event of eventsOf(store, 'Admitted')) admitted.push(event)
  const found: Discrepancy[] = []
  const add = (kind: Discrepancy['kind'], code: string, detail: string): void => {
    found.push({ kind, code, detail, payee: null, amountWei: 0n })
  }
  for await (const event of eventsOf(store, 'Committed')) {
    const { counter, next } = event.args
    const size = Number(next.logSize)
    const isOurs = size <= tree.size && tree.root(size) === next.logRoot
    if (admitted.some((one) => one.args.counter < counter && isBefore(event, one)))
      add('struck', 'STRUCK_COMMIT', `commit ${counter} was taken back by the admit of an earlier anchor`)
    else if (!isOurs)
      add('unexplained', 'FOREIGN_COMMIT', `commit ${counter} is of a log of ${size} entries that is not this one`)
    else if (!(await store.commitWithRoot(counter, rootOf(next))))
      add('unknown_transaction', 'UNKNOWN_COMMIT', `commit ${counter} is of this log, and this store does not know it`)
  }
  return found
}

async function* eventsOf<Name extends EventName>(store: Pick<Store, 'eventsNamed'>, name: Name) {
  for (let after: EventQuery['after']; ; ) {
    const events = await store.eventsNamed(name, { after, limit: eventsPerRead })
    yield* events
    after = events.at(-1)
    if (events.length < eventsPerRead) return
  }
}

const isBefore = (a: ChainEvent, b: ChainEvent): boolean =>
  a.blockNumber < b.blockNumber || (a.blockNumber === b.blockNumber && a.position < b.position)

function wordsFor({ leftOut }: Pick<Payer, 'leftOut'>, payee: Hex): string | undefined {
  const entry = leftOut.get(payee)
  return entry && (entry.detail === undefined ? entry.reason : `${entry.reason}: ${entry.detail}`)
}
