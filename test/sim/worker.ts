/** Plays the seeds that it is given, one at a time; on the real contracts too, if wanted. */
import { parentPort, workerData } from 'node:worker_threads'
import { createPlayer } from './player.ts'
import { scheduleOf } from './run.ts'

const { steps, isOnChain } = workerData as { steps: number; isOnChain: boolean }
const player = createPlayer(isOnChain)
// Refusals and reverts are what is expected here: to note each one's stack would cost a tenth of the time.
Error.stackTraceLimit = 0

parentPort?.on('message', async (seed: number | 'end') => {
  const { play, stop } = await player
  if (seed === 'end') {
    stop()
    process.exit()
  }
  const { trace: _, ...report } = await play(scheduleOf(seed, steps))
  parentPort?.postMessage(report)
})
