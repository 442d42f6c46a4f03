/** `npm run soak -- --minutes 30 [--seed N] [--calm] [--json]`. Exit code 1 where anything does not add up. */
import { Command, InvalidArgumentError } from 'commander'
import { createChildren } from '../../anvil/children.ts'
import { soak } from './soak.ts'

const eventsPerSecond = 100
/** One in so many seconds. */
const secondsPerDisturbance = 8

const positive = (text: string): number => {
  if (Number(text) > 0) return Number(text)
  throw new InvalidArgumentError('A number above 0.')
}
const { minutes, seed, calm, json } = new Command('npm run soak --')
  .description(
    'Runs everything under load, kills parts of it at random, and holds all books against each other at the end.',
  )
  .option('--minutes <minutes>', 'how long', positive, 30)
  .option('--seed <number>', 'what is killed when', positive, Math.floor(Math.random() * 2 ** 31) + 1)
  .option('--calm', 'kill nothing: what memory each part has is that of its whole life then', false)
  .option('--json', 'print the result as JSON, all else goes to stderr', false)
  .parse()
  .opts<{ minutes: number; seed: number; calm: boolean; json: boolean }>()

const result = await soak({
  children: createChildren(),
  seed,
  events: Math.ceil(minutes * 60 * eventsPerSecond),
  eventsPerSecond,
  disturbances: calm ? 0 : Math.ceil((minutes * 60) / secondsPerDisturbance),
  say: (sentence) => void process.stderr.write(`${sentence}\n`),
})
for (const sentence of result.found) process.stderr.write(`${sentence}\n`)
process.stdout.write(`${JSON.stringify(result, null, json ? 0 : 2)}\n`)
process.exit(result.found.length === 0 ? 0 : 1)
