/** Holds all books against each other: the store's batches, the ledger, the contract's registers, its events, and the broker's. */
import type { ReconciliationAnswer } from '../../client/api.ts'
import type { Hex } from '../../ledger/hex.ts'
import type { Chain } from '../chain/chain.ts'
import type { Store } from '../store/store.ts'
import type { Turns } from '../turns.ts'
import { createBookReader } from './bookReader.ts'
import type { Books, PayeeBook } from './books.ts'
import { createOddCommitsCheck, fetchAdmissions, fetchStruck } from './commitsOnChain.ts'
import { createCoreAccountCheck } from './coreAccount.ts'
import { decideAll, type PayeeFacts } from './decideDiscrepancies.ts'
import type { Mirror } from './mirror.ts'
import type { Payer } from './payer.ts'

export interface ReconcilerOptions {
  readonly chain: Pick<Chain, 'paid' | 'totalPaid' | 'nonce'>
  readonly turns: Turns
  readonly mirror: Pick<Mirror, 'ledger' | 'tree' | 'viewAt'>
  readonly books: Books
  readonly payer: Pick<Payer, 'leftOut'>
  readonly store: Pick<Store, 'eventsNamed' | 'commitWithRoot' | 'earnings' | 'transactionsBetween'>
}

export interface Reconciler {
  /** @throws what the chain throws */
  reconcile(): Promise<ReconciliationAnswer>
}

/** So many times as long as it took to read everything, no more than what is new is read. */
const restFactor = 20

/** What remembers, from one reconciliation to the next, what it has read. */
const begin = (options: ReconcilerOptions) => ({
  readBooks: createBookReader(options),
  checkAccount: createCoreAccountCheck(options),
  checkCommits: createOddCommitsCheck(options),
})
type Memory = ReturnType<typeof begin>

export function createReconciler(options: ReconcilerOptions): Reconciler {
  let running: Promise<ReconciliationAnswer> | undefined
  let memory = begin(options)
  let wholeAt = Number.NEGATIVE_INFINITY
  /** All is read again where anything did not fit, and from time to time: what was altered behind our back is found too. */
  const look = async (): Promise<ReconciliationAnswer> => {
    const startedAt = performance.now()
    const isWhole = startedAt >= wholeAt
    if (isWhole) memory = begin(options)
    const answer = await reconcile(options, memory)
    if (answer.discrepancies.some(({ kind }) => kind === 'unexplained')) wholeAt = Number.NEGATIVE_INFINITY
    else if (isWhole) wholeAt = performance.now() + restFactor * (performance.now() - startedAt)
    return answer
  }
  return {
    // Whoever asks while it runs gets the same answer: many who ask at once cost as much as one.
    reconcile() {
      running ??= look().finally(() => {
        running = undefined
      })
      return running
    },
  }
}

async function reconcile(
  options: ReconcilerOptions,
  { readBooks, checkAccount, checkCommits }: Memory,
): Promise<ReconciliationAnswer> {
  const { chain, turns } = options
  // In a turn the mirror has no entry that the store has not. What is asked afterwards is asked as of this moment.
  const { known, others, common, size, totalEarnedWei, block } = await turns.run(async () => snapshotOf(options))
  const { gained, registers } = await readBooks({ size, payees: known, block })
  const { accounts } = options.mirror.ledger
  for (const payee of gained.keys()) if (!accounts.has(payee) && !others.has(payee)) known.push(ofNobody(payee))
  const admissions = await fetchAdmissions(options)
  const struck = await fetchStruck(options, admissions)
  const facts = known.map((entry): PayeeFacts => {
    const { payee } = entry
    const [gainedWei, paidWei] = [gained.get(payee) ?? 0n, registers.get(payee)?.paidWei ?? 0n]
    return { ...entry, gainedWei, paidWei, struckWei: struck.get(payee) ?? 0n }
  })
  const totalPaidWei = block === undefined ? 0n : await chain.totalPaid(block)
  const committer = admissions.at(-1)?.args.committer
  const ofAccount = block === undefined || !committer ? [] : await checkAccount(committer, block)
  const sum = (of: (entry: PayeeFacts) => bigint): bigint => facts.reduce((total, entry) => total + of(entry), 0n)
  return {
    discrepancies: [
      ...decideAll({ facts, common, totalEarnedWei, totalPaidWei }),
      ...(await checkCommits(admissions)),
      ...ofAccount,
    ],
    accounts: facts.filter((entry) => entry.earnedWei > 0n).length,
    earnedWei: sum((entry) => entry.earnedWei),
    paidWei: sum((entry) => entry.paidWei),
    owedWei: sum(({ earnedWei, paidWei }) => (earnedWei > paidWei ? earnedWei - paidWei : 0n)),
    checkedAtBlock: BigInt(block ?? 0),
  }
}

interface Known extends Pick<PayeeFacts, 'payee' | 'earnedWei' | 'book' | 'leftOut'> {
  readonly eventsWei: bigint
}

const ofNobody = (payee: Hex): Known => ({ payee, earnedWei: 0n, eventsWei: 0n, book: undefined, leftOut: undefined })

/** As everything is at this moment: with very many accounts it must not take long. */
function snapshotOf({ mirror, books, payer }: ReconcilerOptions) {
  const { accounts, totalEarnedWei } = mirror.ledger
  const known: Known[] = []
  const add = (payee: Hex, earnedWei: bigint): void => {
    const now = books.of(payee)
    const book = now && ({ ...now } as PayeeBook)
    known.push({ payee, earnedWei, eventsWei: book?.paidWei ?? 0n, book, leftOut: wordsFor(payer, payee) })
  }
  for (const { payee, balance } of accounts.values()) add(payee, balance.earnedWei)
  /** Of whom events tell, and the ledger nothing. */
  const others = new Set<Hex>()
  for (const [payee] of books.all()) if (!accounts.has(payee)) others.add(payee)
  for (const payee of others) add(payee, 0n)
  return { known, others, common: { ...books.common }, size: mirror.tree.size, totalEarnedWei, block: books.block }
}

function wordsFor({ leftOut }: Pick<Payer, 'leftOut'>, payee: Hex): string | undefined {
  const entry = leftOut.get(payee)
  return entry && (entry.detail === undefined ? entry.reason : `${entry.reason}: ${entry.detail}`)
}
