/** P5: a core that comes back, beside the same ledger as one encrypted JSON file. */

import { createCore } from '../enclave/core.ts'
import { entryLeaf } from '../ledger/entry.ts'
import { type Blob, loadBlob, sealBlob } from './baselines/jsonBlob.ts'
import { ask, createPlatform, openCore } from './core.ts'
import { createSource, makeConfiguration, payeeOf } from './ledger.ts'
import { type Bench, cpuSeconds, show } from './measure.ts'

const accounts = 1_000_000
const [eventsPerBatch, batches] = [100, 1_000]
const most = 0.15

export const restart: Bench = {
  name: 'restart',
  async run(say) {
    say(`a ledger of ${accounts} accounts, and ${eventsPerBatch * batches} events after its snapshot`)
    const { platform, sealed, blob, root } = makeLedger()
    // One pair: either takes so long that what else the machine does is spread over both.
    const startMs = performance.now()
    const core = createCore(platform)
    const ours = await cpuSeconds(() => {
      sealed.forEach((one, i) => {
        ask(core, 'load_state', { key: null, sealed: [one], isLast: i === sealed.length - 1 })
      })
      if (core.live?.ledger.accounts.tree.root() !== root) throw new Error('another ledger was loaded')
    })
    const seconds = (performance.now() - startMs) / 1000
    say('the same from one encrypted JSON file')
    const theirs = await cpuSeconds(() => {
      if (loadBlob(blob) !== root) throw new Error('the baseline loads another ledger')
    })
    return [
      {
        id: 'P5',
        what: 'restart with the root computed again, beside one encrypted JSON file',
        goal: `at most ${most}`,
        measured: `${show(ours / theirs)} (${show(ours)} against ${show(theirs)} CPU seconds, one pair; ${show(seconds)} s)`,
        isReached: ours / theirs <= most,
      },
    ]
  },
}

function makeLedger() {
  const platform = createPlatform()
  const core = openCore(makeConfiguration({}), accounts, platform)
  const sealed: Uint8Array[] = []
  for (let chunk = 0, chunks = 1; chunk < chunks; chunk++) {
    const part = ask(core, 'export_state', { chunk })
    sealed.push(part.sealed)
    chunks = part.chunks
  }
  const source = createSource({ eventsPerBatch, payees: accounts })
  const events: { payee: string; wei: string }[] = []
  for (let i = 0; i < batches; i++) {
    const entry = source.next(0)
    events.push(...entry.batch.events.map(({ payee, value }) => ({ payee, wei: `${value}` })))
    const { record } = ask(core, 'apply_event', { entries: [entry].map(entryLeaf) })
    if (!record) throw new Error('a batch was refused')
    sealed.push(record)
  }
  const plain = Object.fromEntries(Array.from({ length: accounts }, (_, n) => [payeeOf(n), '1']))
  const blob: Blob = sealBlob({ accounts: plain, events })
  return { platform, sealed, blob, root: core.live?.ledger.accounts.tree.root() }
}
