/** The ledger: its head, and accounts with proofs against the anchored root. */
import type Router from '@koa/router'
import { accountAnswer, accountEntriesAnswer, ledgerHeadAnswer } from '../../client/api.ts'
import { rail } from '../../ledger/config.ts'
import type { Hex } from '../../ledger/hex.ts'
import { refuse } from '../../ledger/refusal.ts'
import { payeeRule } from '../../ledger/state.ts'
import { pause } from '../pause.ts'
import { Problem } from '../problem.ts'
import { createOwnAnchor } from '../services/ownAnchor.ts'
import type { Gain } from '../store/store.ts'
import { placeMax, readNumber } from './query.ts'
import { answer, readAddress, type Services } from './services.ts'

const entriesMax = 100
const storedPollMs = 5
const storedMsMax = 5_000

export function addLedgerRoutes(router: Router, { mirror, store, books, headWatch, payer, vitals }: Services): void {
  const ownAnchor = createOwnAnchor({ store, mirror, headWatch, books })

  router.get('/api/ledger/head', async (context) => {
    const { event, root } = (await ownAnchor()) ?? {}
    const anchored = event &&
      root && {
        counter: event.args.counter,
        root,
        commitment: event.args.next,
        transactionHash: event.transactionHash,
        blockNumber: BigInt(event.blockNumber),
      }
    answer(context, ledgerHeadAnswer, {
      logSize: BigInt(mirror.tree.size),
      logRoot: mirror.tree.root(),
      totalEarnedWei: mirror.ledger.totalEarnedWei,
      totalPaidWei: books.common.paidWei,
      treasuryWei: vitals.signs?.treasuryWei ?? null,
      head: headWatch.head ?? null,
      anchored: anchored ?? null,
    })
  })

  /** An entry is in the mirror a moment before it is in the store. */
  async function newest(payee: Hex, limit: number): Promise<readonly Gain[]> {
    const within = AbortSignal.timeout(storedMsMax)
    for (;;) {
      const from = mirror.lastGain(payee)
      const gains = await store.gains(payee, { from, limit })
      if (gains.length > 0 || from === 0) return gains
      await pause(storedPollMs, within)
    }
  }

  async function earlier(payee: Hex, untrusted: unknown, limit: number): Promise<readonly Gain[]> {
    const from = readNumber(untrusted, 'before', { least: 1, most: placeMax })
    const [at, ...gains] = await store.gains(payee, { from, limit: limit + 1 })
    if (at) return gains
    const expected = 'the member next of an earlier answer'
    return refuse('BAD_PARAMS', `before: expected ${expected}`, { path: 'before', expected })
  }

  router.get('/api/ledger/accounts/:address/entries', async (context) => {
    const payee = readAddress(context.params.address, 'address')
    const { before } = context.query
    const limit = readNumber(context.query.limit, 'limit', { least: 1, most: entriesMax, otherwise: entriesMax })
    const gains = before === undefined ? await newest(payee, limit) : await earlier(payee, before, limit)
    const last = gains.length === limit ? gains.at(-1) : undefined
    answer(context, accountEntriesAnswer, {
      // Nothing but batches brings anyone anything.
      entries: gains.flatMap(({ entry: { position, signed }, wei: gainWei }) => {
        if (!('batch' in signed)) return []
        const { reporter, sequence, events } = signed.batch
        return [{ position, reporter, sequence, gainWei, events: events.filter((event) => event.payee === payee) }]
      }),
      next: last ? `${last.entry.position}` : null,
    })
  })

  router.get('/api/ledger/accounts/:address', async (context) => {
    const payee = readAddress(context.params.address, 'address')
    const account = mirror.ledger.accounts.get(payee)
    if (!account) throw new Problem('NOT_FOUND', 'no such account', { payee })
    const { minimumWei, rail: number } = payeeRule(mirror.ledger, payee)
    const { earnedWei } = account.balance
    const { paidWei = 0n, exitedWei = 0n } = books.of(payee) ?? {}
    const gotWei = paidWei + exitedWei
    const owedWei = earnedWei > gotWei ? earnedWei - gotWei : 0n
    const left = owedWei > 0n ? payer.leftOut.get(payee) : undefined
    answer(context, accountAnswer, {
      payee,
      rail: number === rail.ticket ? 'ticket' : 'direct',
      minimumWei,
      earnedWei,
      paidWei,
      paidAtBlock: books.block === undefined ? null : BigInt(books.block),
      owedWei,
      preference: await ownPreference(),
      waitsFor: left ? { reason: left.reason, detail: left.detail?.slice(0, 300) ?? null } : null,
      anchored: await anchoredAccount(),
    })

    async function ownPreference() {
      const preference = account?.preference
      if (!preference) return null
      const entry = await store.entryLike({ preference, signature: '0x' })
      if (!entry || !('preference' in entry.signed)) return null
      return { position: entry.position, entry: { ...mirror.ledger.rules.domain, ...entry.signed } }
    }

    async function anchoredAccount() {
      const anchor = await ownAnchor()
      if (!anchor) return null
      const { counter, next: commitment, totalPaid: totalPaidWei } = anchor.event.args
      const proven = (await anchor.view()).prove(payee)
      return proven ? { counter, root: anchor.root, commitment, totalPaidWei, ...proven } : null
    }
  })
}
