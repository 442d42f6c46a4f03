/** Commits: which totals are paid, on which rail, with which tickets. What anyone is owed is the ledger's to say. */
import { rail } from '../ledger/config.ts'
import { concat, type Hex, toBytes, toHex } from '../ledger/hex.ts'
import { refuse } from '../ledger/refusal.ts'
import { commitmentOf, type Ledger, payeeRule } from '../ledger/state.ts'
import type { Commit } from '../ledger/structs.ts'
import { abiEncode } from '../ledger/typedData.ts'
import type { Params } from '../protocol/messages.ts'
import type { OwnBase } from './heads.ts'
import type { Live } from './live.ts'
import { senderNonce } from './tickets.ts'

type Wanted = Params<'prepare_payouts'>['payments'][number]

interface Decided {
  /** Tickets first: the contract takes them so. */
  readonly payments: readonly (Wanted & { readonly isTicket: boolean })[]
  /** Payees who are owed nothing, or less than their minimum, by the `paid` that is shown. */
  readonly leftOut: readonly Hex[]
}

/**
 * Decides what a commit pays. A `paid` that is a lie only makes a ticket that does not fit.
 *
 * @throws Refusal `DUPLICATE_PAYEE`, `UNKNOWN_PAYEE`, `TOTAL_ABOVE_EARNED`
 */
export function decidePayments(ledger: Ledger, wanted: readonly Wanted[]): Decided {
  const seen = new Set<Hex>()
  const leftOut: Hex[] = []
  const payments: Decided['payments'][number][] = []
  for (const payment of wanted) {
    const { payee, total, paid } = payment
    if (seen.has(payee)) refuse('DUPLICATE_PAYEE', 'a payee is paid once in a commit', { payee })
    seen.add(payee)
    const account = ledger.accounts.get(payee)
    if (!account) refuse('UNKNOWN_PAYEE', 'this payee has no account', { payee })
    const { earnedWei } = account.balance
    if (total > earnedWei)
      refuse('TOTAL_ABOVE_EARNED', 'no more is paid than was earned', {
        payee,
        earned: `${earnedWei}`,
        got: `${total}`,
      })
    const { rail: number, minimumWei } = payeeRule(ledger, payee)
    if (paid >= total || earnedWei - paid < minimumWei) leftOut.push(payee)
    else payments.push({ ...payment, isTicket: number === rail.ticket })
  }
  return { payments: payments.sort((a, b) => Number(b.isTicket) - Number(a.isTicket)), leftOut }
}

/** The commit that follows `base`: always of the present state, with the tickets signed. */
export function buildCommit(
  live: Live,
  boot: Hex,
  base: OwnBase,
  { payments }: Decided,
  round: { number: bigint; blockHash: Hex },
): Commit {
  const at = { epoch: live.epoch, counter: base.counter + 1n }
  const ticketSigs = payments
    .filter((payment) => payment.isTicket)
    .flatMap(({ payee, total, paid }, index) => {
      const signature = live.signer.signTicket({
        recipient: payee,
        faceValueWei: total - paid,
        senderNonce: senderNonce({ ...at, index }),
        round: round.number,
        roundBlockHash: round.blockHash,
      })
      return [signature.slice(0, 66) as Hex, `0x${signature.slice(66)}` as Hex]
    })
  return {
    ...at,
    boot,
    prevRoot: base.root,
    next: commitmentOf(live.ledger),
    round: round.number,
    payments: payments.map(packPayment),
    ticketSigs,
  }
}

/** Payee and cumulative total in one word: 20 and 12 bytes. */
const packPayment = ({ payee, total }: Wanted): Hex =>
  toHex(concat(toBytes(payee), abiEncode(['uint96'], [total]).subarray(20)))
