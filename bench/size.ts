/** P4: what an event costs when the ledger is large. */
import { entryLeaf } from '../ledger/entry.ts'
import { ask, openCore } from './core.ts'
import { createSource, makeConfiguration } from './ledger.ts'
import { type Bench, cpuSeconds, inPairs, show } from './measure.ts'

const [small, large] = [1_000, 1_000_000]
const [eventsPerBatch, batches] = [100, 50]
const least = 0.9

export const size: Bench = {
  name: 'size',
  async run(say) {
    say(`cores with ${small} and ${large} accounts`)
    const [of, ofSmall] = [large, small].map((accounts) => {
      const core = openCore(makeConfiguration({}), accounts)
      const source = createSource({ eventsPerBatch, payees: accounts })
      let bytes = 0
      return {
        bytes: () => bytes,
        async rate() {
          const entries = Array.from({ length: batches }, () => source.next(0))
          const seconds = await cpuSeconds(() => {
            for (const entry of entries)
              bytes = ask(core, 'apply_event', { entries: [entry].map(entryLeaf) }).record?.length ?? 0
          })
          return (batches * eventsPerBatch) / seconds
        },
      }
    }) as [Subject, Subject]
    const { ours, theirs, ratio } = await inPairs(5, of.rate, ofSmall.rate)
    const each = [of, ofSmall].map((subject) => subject.bytes() / eventsPerBatch)
    return [
      {
        id: 'P4',
        what: `a core of ${show(large)} accounts beside one of ${show(small)}`,
        goal: `at least ${least}`,
        measured: `${show(ratio)} (${show(ours)} against ${show(theirs)} events a CPU second)`,
        isReached: ratio >= least,
      },
      {
        id: 'P4',
        what: 'sealed bytes an event, large beside small',
        goal: 'the same',
        measured: each.map(show).join(' and '),
        isReached: Math.abs((each[0] as number) / (each[1] as number) - 1) < 0.01,
      },
    ]
  },
}

interface Subject {
  bytes(): number
  rate(): Promise<number>
}
