/** P3: how long one batch alone takes to be acknowledged, beside what it cannot do without. */
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkConfiguration } from '../ledger/config.ts'
import { authenticate } from '../ledger/entry.ts'
import { createSource, makeConfiguration } from './ledger.ts'
import { type Bench, inPairs, median, quantile, show } from './measure.ts'
import { makeBodies, sendAll } from './send.ts'
import { createPoster, startWorld } from './world.ts'

const rounds = 100
const bytes = Buffer.alloc(1400) // what one event makes a record
const mostTimes = 2.5

export const latency: Bench = {
  name: 'latency',
  async run(say) {
    const world = await startWorld(1)
    const { post, close } = createPoster(`${world.url}/api/batches`)
    const source = createSource({ domain: world.domain, eventsPerBatch: 1, payees: 1000 })
    const rules = checkConfiguration(makeConfiguration({ domain: world.domain }))
    const stranger = createSource({ domain: world.domain, eventsPerBatch: 1, payees: 1000 })
    const must = await startMust()
    const tails: number[] = []
    say('one batch in flight')
    const { ours, theirs, ratio } = await inPairs(
      5,
      async () => {
        const times = await sendAll(makeBodies(source, rounds), post)
        tails.push(quantile(times, 0.99))
        return median(times)
      },
      async () => {
        const batch = stranger.next(0)
        const check = await timesOf(() => authenticate(rules, batch))
        return median(check) + median(await timesOf(must.sync)) + median(await timesOf(must.echo))
      },
    )
    must.close()
    close()
    await world.stop()
    return [
      {
        id: 'P3',
        what: 'one batch in flight: p50 beside fdatasync, echo and signature check',
        goal: `at most ${mostTimes}`,
        measured: `${show(ratio)} (${show(ours)} ms against ${show(theirs)} ms; p99 ${show(median(tails))} ms)`,
        isReached: ratio <= mostTimes,
      },
    ]
  },
}

async function timesOf(work: () => unknown): Promise<number[]> {
  const times: number[] = []
  for (let i = 0; i < rounds; i++) {
    const startMs = performance.now()
    await work()
    times.push(performance.now() - startMs)
  }
  return times
}

async function startMust() {
  const folder = mkdtempSync(join(tmpdir(), 'bursar-must-'))
  const file = openSync(join(folder, 'log'), 'a')
  const path = join(folder, 'echo.sock')
  const server = createServer((socket: Socket) => socket.pipe(socket)).listen(path)
  const socket = connect(path)
  return {
    sync() {
      writeSync(file, bytes)
      fdatasyncSync(file)
    },
    async echo() {
      let missing = bytes.length
      await new Promise<void>((resolve) => {
        const take = (chunk: Buffer | string): void => {
          missing -= chunk.length
          if (missing > 0) return
          socket.off('data', take)
          resolve()
        }
        socket.on('data', take)
        socket.write(bytes)
      })
    },
    close() {
      socket.destroy()
      server.close()
      closeSync(file)
      rmSync(folder, { recursive: true })
    },
  }
}
