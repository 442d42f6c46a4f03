/** `npm run sim -- --seeds N --steps M [--seed S] [--chain] [--json]`: every attack, by seed, on all cores. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { Command, InvalidArgumentError } from 'commander'
import { createPlayer, type Player } from './player.ts'
import { type Report, type Schedule, scheduleOf } from './run.ts'
import { shrink } from './shrink.ts'

interface Options {
  readonly seeds: number
  readonly steps: number
  readonly seed: number
  readonly workers: number
  readonly chain: boolean
  readonly json: boolean
  readonly replay?: string
}

const options = new Command('npm run sim --')
  .description('Plays a host that tries everything against real cores and a model of the contract.')
  .option('--seeds <n>', 'how many runs', parseCount, 200)
  .option('--steps <n>', 'moves in each', parseCount, 500)
  .option('--seed <n>', 'the first of the seeds', parseCount, 1)
  .option('--workers <n>', 'runs at once', parseCount, availableParallelism())
  .option('--chain', 'play each run again on the real contracts, on anvil', false)
  .option('--json', 'print the summary as JSON, all else goes to stderr', false)
  .option('--replay <file>', 'play the moves that a failure wrote down')
  .parse()
  .opts<Options>()

process.exitCode = options.replay ? await replay(options.replay) : await explore(options)

async function explore({ seeds, steps, seed, workers, chain, json }: Options): Promise<number> {
  const startedAt = performance.now()
  const tally = {
    seeds: 0,
    steps: 0,
    landed: 0,
    compared: 0,
    endings: {} as Record<string, number>,
    broken: [] as Report[],
  }
  let next = seed
  const end = seed + seeds
  const runOne = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL('./worker.ts', import.meta.url), {
        workerData: { steps, isOnChain: chain },
        // What a step leaves behind dies young, if it is given the room.
        resourceLimits: { maxYoungGenerationSizeMb: 64 },
      })
      const feed = (): void => {
        if (next < end && tally.broken.length === 0) worker.postMessage(next++)
        else worker.postMessage('end')
      }
      worker.on('error', reject)
      worker.on('exit', () => resolve())
      worker.on('message', (report: Report) => {
        tally.seeds++
        tally.steps += report.steps
        tally.landed += report.landed
        tally.compared += report.compared ?? 0
        const ending = report.ending ?? 'broken'
        tally.endings[ending] = (tally.endings[ending] ?? 0) + 1
        if (report.broken) tally.broken.push(report)
        if (process.stderr.isTTY) process.stderr.write(`\r${tally.seeds} of ${seeds} runs`)
        feed()
      })
      feed()
    })
  await Promise.all(Array.from({ length: Math.min(workers, seeds) }, runOne))
  if (process.stderr.isTTY) process.stderr.write('\r')

  const seconds = (performance.now() - startedAt) / 1000
  const { user, system } = process.cpuUsage()
  const cpuSeconds = (user + system) / 1e6
  const failures: Awaited<ReturnType<typeof explain>>[] = []
  if (tally.broken.length > 0)
    await withPlayer(async (player) => {
      for (const report of tally.broken) failures.push(await explain(report, steps, player))
    })
  const summary = {
    ...tally,
    broken: failures,
    seconds: round(seconds),
    stepsPerSecond: Math.round(tally.steps / seconds),
    // What a core of the machine does: other programs on it, and more workers, change nothing of this.
    stepsPerCpuSecond: Math.round(tally.steps / cpuSeconds),
    workers,
  }
  if (json) process.stdout.write(`${JSON.stringify(summary)}\n`)
  else console.log(summary)
  return failures.length === 0 ? 0 : 1
}

/** A failure made short and written down, so that it can be played again. */
async function explain(report: Report, steps: number, { play }: Player) {
  const { seed, broken } = report
  console.error(`seed ${seed} breaks: ${broken?.sentence}`)
  const short = await shrink(scheduleOf(seed, steps), report, play)
  const moves = short.schedule.steps.map(([name]) => name)
  const file = `.build/sim-${seed}.json`
  mkdirSync('.build', { recursive: true })
  writeFileSync(file, JSON.stringify(short.schedule))
  console.error(`${moves.length} moves do it, and the honest end: ${moves.join(' ')}`)
  console.error(`play them again: npm run sim -- ${options.chain ? '--chain ' : ''}--replay ${file}`)
  return { seed, ...broken, moves, file }
}

async function withPlayer<T>(use: (player: Player) => Promise<T>): Promise<T> {
  const player = await createPlayer(options.chain)
  return use(player).finally(player.stop)
}

async function replay(file: string): Promise<number> {
  const schedule = JSON.parse(readFileSync(file, 'utf8')) as Schedule
  const { broken, ending } = await withPlayer(({ play }) => play(schedule))
  console.log(broken ? `breaks at move ${broken.at}: ${broken.sentence}` : `no guarantee breaks: ${ending}`)
  return broken ? 1 : 0
}

function round(seconds: number): number {
  return Math.round(seconds * 100) / 100
}

function parseCount(text: string): number {
  const count = Number(text)
  if (Number.isSafeInteger(count) && count >= 0) return count
  throw new InvalidArgumentError('Write a whole number.')
}
