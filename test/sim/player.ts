/** A run on the model, and the same on the real contracts: a difference is as bad as a guarantee that breaks. */
import { play, type Report, type Schedule } from './run.ts'

export interface Player {
  play(schedule: Schedule): Promise<Report>
  stop(): void
}

/** Plays on the model alone; or, where wanted, on a chain of its own too, which is what loads all that this needs. */
export async function createPlayer(isOnChain: boolean): Promise<Player> {
  if (!isOnChain) return { play: async (schedule) => play(schedule), stop: () => undefined }
  const { createBinding } = await import('./binding/replay.ts')
  const binding = await createBinding()
  return {
    stop: binding.stop,
    async play(schedule) {
      const { trace = [], ...report } = play(schedule, true)
      if (report.broken) return report
      const { compared, difference } = await binding.replay(trace)
      if (!difference) return { ...report, compared }
      const { call, what, model, contract } = difference
      const sentence = `${call}, ${what}: the model says ${model}, the contract ${contract}`
      return { ...report, compared, broken: { guarantee: 'binding', sentence, at: report.steps } }
    },
  }
}
