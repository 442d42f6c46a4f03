/** Plays the seeds that it is given, one at a time; on the real contracts too, if wanted. */
import { parentPort, workerData } from 'node:worker_threads'
import { type Binding, createBinding } from './binding/replay.ts'
import { play, type Report, scheduleOf } from './run.ts'

const { steps, isOnChain } = workerData as { steps: number; isOnChain: boolean }
let binding: Promise<Binding> | undefined
// Refusals and reverts are what is expected here: to note each one's stack would cost a tenth of the time.
Error.stackTraceLimit = 0

parentPort?.on('message', async (seed: number | 'end') => {
  if (seed === 'end') {
    if (binding) (await binding).stop()
    process.exit()
  }
  const { trace, ...report } = play(scheduleOf(seed, steps), isOnChain)
  parentPort?.postMessage(trace && !report.broken ? await bind(report, trace) : report)
})

/** A model that differs from the contract is as bad as a guarantee that breaks. */
async function bind(report: Report, trace: NonNullable<Report['trace']>): Promise<Report> {
  binding ??= createBinding()
  const { compared, difference } = await (await binding).replay(trace)
  if (!difference) return { ...report, compared }
  const { at, call, what, model, contract } = difference
  const sentence = `${call}, ${what}: the model says ${model}, the contract ${contract}`
  return { ...report, compared, broken: { guarantee: 'binding', sentence, at } }
}
