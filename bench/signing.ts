/** P7, second half: the signatures of a commit with sixty tickets, beside viem signing messages. */
import { privateKeyToAccount } from 'viem/accounts'
import { ask, firstHead, hints, openCore, request, serve } from './core.ts'
import { makeConfiguration, payeeOf } from './ledger.ts'
import { type Bench, cpuSeconds, inPairs, show } from './measure.ts'

const tickets = 60
/** Each ticket, the commit, the transaction around it. */
const signatures = tickets + 2
const rounds = 10
const least = 8

export const signing: Bench = {
  name: 'signing',
  async run(say) {
    say(`commits of ${tickets} tickets`)
    const payees = Array.from({ length: tickets }, (_, n) => payeeOf(n))
    const core = openCore(makeConfiguration({ ticketPayees: payees }), tickets)
    const round = { number: 7n, blockHash: `0x${'77'.repeat(32)}` } as const
    const payments = payees.map((payee) => ({ payee, total: 1n, paid: 0n }))
    const params = { head: firstHead(1n, core.boot), round, payments, hints }
    const { commit } = ask(core, 'prepare_payouts', params)
    if (commit.ticketSigs.length !== 2 * tickets) throw new Error('a ticket was left out')
    const frame = request('prepare_payouts', params)
    const account = privateKeyToAccount(`0x${'01'.repeat(32)}`)
    const message = { raw: `0x${'02'.repeat(32)}` } as const
    const rateOf = async (work: () => unknown, times: number, made: number): Promise<number> =>
      (times * made) /
      (await cpuSeconds(async () => {
        for (let i = 0; i < times; i++) await work()
      }))
    const { ours, theirs, ratio } = await inPairs(
      5,
      () => rateOf(() => serve(core, frame), rounds, signatures),
      () => rateOf(() => account.signMessage({ message }), tickets, 1),
    )
    return [
      {
        id: 'P7',
        what: `signatures of commits of ${tickets} tickets, all that the core does for them counted, beside viem's signMessage`,
        goal: `at least ${least}`,
        measured: `${show(ratio)} (${show(ours)} against ${show(theirs)} signatures a CPU second)`,
        isReached: ratio >= least,
      },
    ]
  },
}
