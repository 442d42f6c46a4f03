/** Makes a failing list of moves short: leaves out what is not needed for the same guarantee to break. */
import type { Report, Schedule } from './run.ts'

const triesMax = 2_000

/** The shortest schedule found that breaks the same guarantee, and how it ends. */
export async function shrink(
  schedule: Schedule,
  first: Report,
  play: (schedule: Schedule) => Report | Promise<Report>,
): Promise<{ readonly schedule: Schedule; readonly report: Report }> {
  const wanted = first.broken?.guarantee
  let best: Schedule = { ...schedule, steps: schedule.steps.slice(0, (first.broken?.at ?? 0) + 1) }
  let report = first
  let tries = 0
  for (let size = Math.ceil(best.steps.length / 2); size >= 1; size = size > 1 ? Math.ceil(size / 2) : 0) {
    for (let from = best.steps.length - size; from >= 0 && tries < triesMax; from -= size, tries++) {
      const candidate = { ...best, steps: best.steps.toSpliced(from, size) }
      const played = await play(candidate)
      if (played.broken?.guarantee !== wanted) continue
      best = { ...candidate, steps: candidate.steps.slice(0, (played.broken?.at ?? 0) + 1) }
      report = played
    }
  }
  return { schedule: best, report }
}
