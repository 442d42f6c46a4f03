/** P7: a commit with sixty tickets, beside viem signing as many messages. */
import { privateKeyToAccount } from 'viem/accounts'
import { ask, firstHead, hints, openCore } from './core.ts'
import { makeConfiguration, payeeOf } from './ledger.ts'
import { type Bench, cpuSeconds, inPairs, show } from './measure.ts'

const tickets = 60
const rounds = 5
const least = 8

export const signing: Bench = {
  name: 'signing',
  async run(say) {
    say(`commits of ${tickets} tickets`)
    const payees = Array.from({ length: tickets }, (_, n) => payeeOf(n))
    const core = openCore(makeConfiguration({ ticketPayees: payees }), tickets)
    const round = { number: 7n, blockHash: `0x${'77'.repeat(32)}` } as const
    const payments = payees.map((payee) => ({ payee, total: 1n, paid: 0n }))
    const account = privateKeyToAccount(`0x${'01'.repeat(32)}`)
    const message = { raw: `0x${'02'.repeat(32)}` } as const
    const rateOf = async (work: () => unknown): Promise<number> =>
      (rounds * tickets) /
      (await cpuSeconds(async () => {
        for (let i = 0; i < rounds; i++) await work()
      }))
    const { ours, theirs, ratio } = await inPairs(
      5,
      () => rateOf(() => ask(core, 'prepare_payouts', { head: firstHead(1n, core.boot), round, payments, hints })),
      () =>
        rateOf(async () => {
          for (let i = 0; i < tickets; i++) await account.signMessage({ message })
        }),
    )
    return [
      {
        id: 'P7',
        what: `a whole commit of ${tickets} tickets through the core beside viem's signMessage`,
        goal: `at least ${least}`,
        measured: `${show(ratio)} (${show(ours)} against ${show(theirs)} tickets a CPU second)`,
        isReached: ratio >= least,
      },
    ]
  },
}
