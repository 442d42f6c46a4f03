/**
 * Every interleaving of two cores, two payees and two batches, to a depth, breadth first: the shortest way to a broken
 * guarantee is found first.
 *
 * `npm run sim:exhaust [-- --depth N] [--json]`
 */
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { Command } from 'commander'
import { acts, begin, expand, type Reached } from './interleavings.ts'

/** What a worker is given at once. */
const portion = 20

if (isMainThread) await main()
else parentPort?.on('message', (some: readonly Reached[]) => parentPort?.postMessage(some.flatMap(expand)))

async function main(): Promise<void> {
  const { depth, json } = new Command('npm run sim:exhaust --')
    .description('Explores every interleaving of two cores, two payees and two batches.')
    .option('--depth <n>', 'moves in a row', Number, 5)
    .option('--json', 'print the result as JSON', false)
    .parse()
    .opts<{ depth: number; json: boolean }>()
  const workers = Array.from({ length: availableParallelism() }, () => new Worker(new URL(import.meta.url)))
  try {
    const result = { depth, acts: Object.keys(acts).length, ...(await explore(depth, workers)) }
    console.log(json ? JSON.stringify(result) : result)
  } finally {
    for (const worker of workers) await worker.terminate()
  }
}

async function explore(depth: number, workers: readonly Worker[]) {
  const first = begin()
  const seen = new Set([first.state])
  let transitions = 0
  let edge: Reached[] = [first]
  for (let level = 1; level <= depth; level++) {
    const next: Reached[] = []
    const work = async (worker: Worker): Promise<void> => {
      while (edge.length > 0) {
        for (const reached of await ask(worker, edge.splice(0, portion))) {
          transitions++
          if (seen.has(reached.state)) continue
          seen.add(reached.state)
          next.push(reached)
        }
      }
    }
    await Promise.all(workers.map(work))
    edge = next
    if (process.stderr.isTTY) process.stderr.write(`depth ${level}: ${seen.size} states\n`)
  }
  return { states: seen.size, transitions }
}

/** @throws Error that the worker threw */
async function ask(worker: Worker, some: readonly Reached[]): Promise<readonly Reached[]> {
  worker.postMessage(some)
  const [reached] = await once(worker, 'message')
  return reached
}
