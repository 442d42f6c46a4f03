/** Plays seeds in a tree that was broken on purpose, until a guarantee breaks so many times. Prints what it found as JSON. */
import { play, scheduleOf } from '../run.ts'

Error.stackTraceLimit = 0
const [wanted = 3, max = 60, steps = 300] = process.argv.slice(2).map(Number)
const found: { seed: number; guarantee: string; sentence: string }[] = []
for (let seed = 1; seed <= max && found.length < wanted; seed++) {
  const { broken } = play(scheduleOf(seed, steps))
  if (broken) found.push({ seed, guarantee: broken.guarantee, sentence: broken.sentence.split('\n')[0] ?? '' })
}
console.log(JSON.stringify(found))
