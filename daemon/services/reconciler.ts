/** Holds all books against each other: the store's batches, the ledger, the contract's registers, its events, and the broker's. */
import type { ReconciliationAnswer } from '../../client/api.ts'
import type { Hex } from '../../ledger/hex.ts'
import type { Chain } from '../chain/chain.ts'
import type { Store } from '../store/store.ts'
import type { Turns } from '../turns.ts'
import type { Books, PayeeBook } from './books.ts'
import { fetchAdmissions, fetchOddCommits, fetchStruck } from './commitsOnChain.ts'
import { createCoreAccountCheck } from './coreAccount.ts'
import { decideAll, type PayeeFacts } from './decideDiscrepancies.ts'
import type { Mirror } from './mirror.ts'
import type { Payer } from './payer.ts'

/** Registers asked for in one go. */
const payeesPerRead = 100

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

type AccountCheck = ReturnType<typeof createCoreAccountCheck>

export function createReconciler(options: ReconcilerOptions): Reconciler {
  let running: Promise<ReconciliationAnswer> | undefined
  const checkAccount = createCoreAccountCheck(options)
  return {
    // Whoever asks while it runs gets the same answer: many who ask at once cost as much as one.
    reconcile() {
      running ??= reconcile(options, checkAccount).finally(() => {
        running = undefined
      })
      return running
    },
  }
}

async function reconcile(options: ReconcilerOptions, checkAccount: AccountCheck): Promise<ReconciliationAnswer> {
  const { chain, turns, store } = options
  // In a turn the mirror has no entry that the store has not. What is asked afterwards is asked as of this moment.
  const { known, common, size, totalEarnedWei, block } = await turns.run(async () => snapshotOf(options))
  const earnings = await store.earnings(size)
  const admissions = await fetchAdmissions(options)
  const struck = await fetchStruck(options, admissions)
  const payees = [...new Set([...known.keys(), ...earnings.keys()])]
  const paid = block === undefined ? [] : await fetchPaid(chain, payees, block)
  const facts = payees.map((payee, i): PayeeFacts => {
    const { earnedWei = 0n, book, leftOut } = known.get(payee) ?? {}
    const [gainedWei, paidWei, struckWei] = [earnings.get(payee) ?? 0n, paid[i] ?? 0n, struck.get(payee) ?? 0n]
    return { payee, earnedWei, gainedWei, paidWei, struckWei, book, leftOut }
  })
  const totalPaidWei = block === undefined ? 0n : await chain.totalPaid(block)
  const committer = admissions.at(-1)?.args.committer
  const ofAccount = block === undefined || !committer ? [] : await checkAccount(committer, block)
  const sum = (of: (entry: PayeeFacts) => bigint): bigint => facts.reduce((total, entry) => total + of(entry), 0n)
  return {
    discrepancies: [
      ...decideAll({ facts, common, totalEarnedWei, totalPaidWei }),
      ...(await fetchOddCommits(options, admissions)),
      ...ofAccount,
    ],
    accounts: facts.filter((entry) => entry.earnedWei > 0n).length,
    earnedWei: sum((entry) => entry.earnedWei),
    paidWei: sum((entry) => entry.paidWei),
    owedWei: sum(({ earnedWei, paidWei }) => (earnedWei > paidWei ? earnedWei - paidWei : 0n)),
    checkedAtBlock: BigInt(block ?? 0),
  }
}

function snapshotOf({ mirror, books, payer }: ReconcilerOptions) {
  const { accounts, totalEarnedWei } = mirror.ledger
  const payees = new Set(
    [...accounts.values(), ...[...books.all()].map(([payee]) => ({ payee }))].map(({ payee }) => payee),
  )
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

function wordsFor({ leftOut }: Pick<Payer, 'leftOut'>, payee: Hex): string | undefined {
  const entry = leftOut.get(payee)
  return entry && (entry.detail === undefined ? entry.reason : `${entry.reason}: ${entry.detail}`)
}
