/** P8: accounts read by many while batches come in. */
import autocannon from 'autocannon'
import { type BatchSource, createSource, payeeOf } from './ledger.ts'
import { type Bench, cpuSecondsOf, show } from './measure.ts'
import { makeBodies, sendAll } from './send.ts'
import { createPoster, startWorld } from './world.ts'

const [connections, seconds] = [64, 10]
const [least, mostMs] = [5_000, 50]
const payees = 1_000

export const reads: Bench = {
  name: 'reads',
  async run(say) {
    const world = await startWorld(1)
    const { post, close } = createPoster(`${world.url}/api/batches`)
    const source = createSource({ domain: world.domain, eventsPerBatch: 100, payees })
    await sendAll(makeBodies(source, 10), post)
    say(`${connections} connections for ${seconds} s, while batches come in`)
    const stop = new AbortController()
    const reporting = report(source, post, stop.signal)
    const before = cpuSecondsOf(world.pids.daemon)
    const url = `${world.url}/api/ledger/accounts/${payeeOf(1)}`
    const { requests, latency, non2xx } = await autocannon({ url, connections, duration: seconds })
    const cpu = cpuSecondsOf(world.pids.daemon) - before
    stop.abort()
    const batches = await reporting
    close()
    await world.stop()
    if (non2xx > 0) throw new Error(`${non2xx} reads were not answered`)
    const rate = requests.total / cpu
    return [
      {
        id: 'P8',
        what: `accounts read over ${connections} connections while ${batches} batches came in, a CPU second of the daemon`,
        goal: `at least ${show(least)}, p99 under ${mostMs} ms`,
        measured: `${show(rate)} (${show(requests.average)} a second), p99 ${show(latency.p99)} ms`,
        isReached: rate >= least && latency.p99 < mostMs,
      },
    ]
  },
}

/** One reporter that goes on until it is told to stop. @returns how many batches it brought in */
async function report(
  source: BatchSource,
  post: (body: Uint8Array) => Promise<void>,
  signal: AbortSignal,
): Promise<number> {
  let sent = 0
  while (!signal.aborted) {
    await sendAll(makeBodies(source, 1), post)
    sent++
  }
  return sent
}
