/** Plays the seeds that it is given, one at a time. */
import { parentPort, workerData } from 'node:worker_threads'
import { play, scheduleOf } from './run.ts'

const { steps } = workerData as { steps: number }

parentPort?.on('message', (seed: number) => parentPort?.postMessage(play(scheduleOf(seed, steps))))
