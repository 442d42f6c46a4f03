/**
 * Row 32: daemon, core or both are killed before and after every write, message and reply. The steps are those of a life
 * that was recorded; `npm run soak:crash` takes all of them, and every other run a share that a seed decides.
 */
import { expect, test } from 'vitest'
import { useChains } from '../chain/chains.ts'
import { describeEngines, type Engine } from '../unit/daemon/engines.ts'
import { live, type Victim } from './crash.ts'
import { prepareGround } from './world.ts'

/** So many an engine. */
const lives = Number(process.env.CRASH_LIVES ?? 4)
const seed = Number(process.env.CRASH_SEED ?? 1)
/** Of each name: the first times it happens. What comes later is the same again. */
const timesMax = 3
const lifeMs = 60_000

const startChain = useChains()

/** xorshift32: the same seed, the same share. */
function shuffled<T>(items: readonly T[]): T[] {
  let state = (seed * 2_654_435_761) | 1
  const keyed = items.map((item) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return { item, key: state }
  })
  return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item)
}

const early = (step: string): boolean => Number(/ (\d+) (?:before|after)$/.exec(step)?.[1]) <= timesMax

async function crashEverywhere(engine: Engine): Promise<void> {
  const { rpcUrl } = await startChain({ kind: 'local' })
  const ground = await prepareGround(rpcUrl)
  const { steps } = await live({ ground, store: await engine.place() })
  const [ofDaemon, ofCore] = [steps.daemon.filter(early), steps.core.filter(early)]
  const all: { victim: Victim; step: string }[] = [
    ...ofDaemon.map((step) => ({ victim: 'daemon' as const, step })),
    ...ofDaemon.map((step) => ({ victim: 'both' as const, step })),
    ...ofCore.map((step) => ({ victim: 'core' as const, step })),
  ]
  expect(ofCore.length).toBeGreaterThan(10)
  expect(ofDaemon.length).toBeGreaterThan(100)
  const chosen = shuffled(all).slice(0, lives)
  console.log(
    `${engine.name}: ${ofDaemon.length} steps of the daemon, ${ofCore.length} of the core; seed ${seed}, ${chosen.length} of ${all.length} lives`,
  )
  const missed: string[] = []
  const failed: string[] = []
  for (const [index, kill] of chosen.entries()) {
    const name = `${kill.victim}: ${kill.step}`
    try {
      const { isKilled } = await live({ ground, store: await engine.place(), kill })
      if (!isKilled) missed.push(name)
    } catch (error) {
      // One that fails does not hide those behind it.
      failed.push(name)
      console.error(engine.name, index, error)
    }
    if (index % 20 === 19) console.log(`${engine.name}: ${index + 1} lived, ${failed.length} failed`)
  }
  expect(failed).toEqual([])
  // A step of a background poll may come once less in another life.
  if (missed.length > 0) console.log(`${engine.name}: ${missed.length} steps did not come again:\n${missed.join('\n')}`)
  expect(missed.length).toBeLessThan(Math.max(2, chosen.length / 5))
}

describeEngines((engine) => {
  test('G7, row 32: killed at any step, nothing acknowledged is lost and nothing counted or paid twice', {
    timeout: Math.min(lives + 1, 1_000) * lifeMs,
  }, async () => {
    await crashEverywhere(engine)
  })
})
