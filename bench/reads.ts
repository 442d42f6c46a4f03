/** P8: what is public, read by many while batches come in and are anchored, beside Node serving as many bytes and nothing else. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import autocannon, { type Result } from 'autocannon'
import { createChildren } from '../anvil/children.ts'
import { waitFor } from '../anvil/waiting.ts'
import { createClient } from '../client/index.ts'
import { type BatchSource, createSource, payeeOf } from './ledger.ts'
import { type Bench, cpuSecondsOf, type Row, show } from './measure.ts'
import { makeBodies, sendAll } from './send.ts'
import { createPoster, startWorld, type World } from './world.ts'

const project = join(import.meta.dirname, '..')
const [connections, seconds] = [64, 5]
const [least, mostMs] = [5_000, 50]
const payees = 1_000
/** As many entries of the log as a whole tile takes, and the first. */
const entries = 256

export const reads: Bench = {
  name: 'reads',
  async run(say) {
    if (!existsSync(join(project, '.build/web/index.html')))
      await promisify(execFile)('vite', ['build', '--config', 'tools/page.config.js'], { cwd: project })
    const world = await startWorld(1, { anchorIntervalMs: 1_000 })
    const { post, close } = createPoster(`${world.url}/api/batches`)
    const source = createSource({ domain: world.domain, eventsPerBatch: 10, payees })
    await sendAll(makeBodies(source, entries), post)
    await anchored(world)
    const stop = new AbortController()
    const reporting = report(source, post, stop.signal)
    try {
      say(`${connections} connections for ${seconds} s each, while batches come in and are anchored`)
      const path = `/api/ledger/accounts/${payeeOf(1)}`
      const body = await (await fetch(`${world.url}${path}`)).text()
      const load = (one: string) => measure(`${world.url}${one}`, world.pids.daemon)
      const account = await load(path)
      const [tile, page] = [await load('/tile/0/000'), await load('/')]
      const bare = await loadBareServer(world.folder, body.length)
      return [
        {
          id: 'P8',
          what: `accounts with proof (${show(body.length)} bytes) over ${connections} connections, a CPU second of the daemon with all that it does meanwhile`,
          goal: `at least ${show(least)}, p99 under ${mostMs} ms`,
          measured: `${show(account.rate)}, p99 ${show(account.p99)} ms; Node serving as many bytes: ${show(bare.rate)}, p99 ${show(bare.p99)} ms`,
          isReached: account.rate >= least && account.p99 < mostMs,
        },
        told('a whole tile of the log', tile),
        told('the page', page),
      ]
    } finally {
      stop.abort()
      await reporting
      close()
      await world.stop()
    }
  },
}

interface Load {
  /** Requests a CPU second of the server, once it is warm. */
  readonly rate: number
  readonly p99: number
}

const told = (what: string, { rate, p99 }: Load): Row => ({
  id: 'P8',
  what: `${what}, the same way`,
  goal: 'told',
  measured: `${show(rate)}, p99 ${show(p99)} ms`,
  isReached: undefined,
})

async function measure(url: string, pid: number): Promise<Load> {
  await autocannon({ url, connections, duration: seconds })
  const before = cpuSecondsOf(pid)
  const { requests, latency, non2xx }: Result = await autocannon({ url, connections, duration: seconds })
  if (non2xx > 0) throw new Error(`${url}: ${non2xx} requests were not answered`)
  return { rate: requests.total / (cpuSecondsOf(pid) - before), p99: latency.p99 }
}

async function loadBareServer(folder: string, bytes: number): Promise<Load> {
  let url: string | undefined
  const child = createChildren().start({
    name: 'bare',
    file: process.execPath,
    args: [join(import.meta.dirname, 'baselines/bareServer.ts'), `${bytes}`],
    logPath: join(folder, 'bare.log'),
    onLine: (line) => {
      url ??= line
    },
  })
  const base = await until('the bare server does not listen', async () => url)
  const load = await measure(base, child.pid)
  await child.stop()
  return load
}

/** Until what is reported so far can be proved. */
const anchored = ({ url }: World) =>
  until('nothing is anchored', async () => (await createClient({ url }).account(payeeOf(1))).anchored ?? undefined)

const until = <T>(what: string, ask: () => Promise<T | undefined>): Promise<T> =>
  waitFor({ what, timeoutMs: 60_000, signal: new AbortController().signal }, ask)

/** One reporter, some twenty batches a second, until it is told to stop. */
async function report(
  source: BatchSource,
  post: (body: Uint8Array) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await sendAll(makeBodies(source, 1), post)
    await pause(50)
  }
}
