/**
 * Row 32: daemon, core or both are killed before and after every write, message and reply. The steps are those of a life
 * that was recorded; `npm run soak:crash` takes all of them (`CRASH_PART=2/8`: the second eighth), and every other run a
 * few that a seed decides.
 */
import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { useChains } from '../chain/chains.ts'
import { describeEngines, type Engine } from '../unit/daemon/engines.ts'
import { live, type Victim } from './crash.ts'
import { prepareGround } from './world.ts'

/** So many an engine. */
const lives = Number(process.env.CRASH_LIVES ?? 4)
const seed = Number(process.env.CRASH_SEED ?? 1)
const [part = 1, parts = 1] = (process.env.CRASH_PART ?? '1/1').split('/').map(Number)
/** Of each name: the first times it happens. What comes later is the same again. */
const timesMax = 3
const lifeMs = 60_000

const startChain = useChains()

interface Kill {
  readonly victim: Victim
  readonly step: string
}

const nameOf = ({ victim, step }: Kill): string => `${victim}: ${step}`

/** By their names, so that a step which came in one record and not in another moves no other to another part. */
function chosenOf(all: readonly Kill[]): Kill[] {
  const key = (kill: Kill): number =>
    createHash('sha256')
      .update(`${seed} ${nameOf(kill)}`)
      .digest()
      .readUInt32BE()
  return all
    .filter((kill) => key(kill) % parts === part - 1)
    .sort((a, b) => key(a) - key(b))
    .slice(0, lives)
}

const early = (step: string): boolean => Number(/ (\d+) (?:before|after)$/.exec(step)?.[1]) <= timesMax

async function crashEverywhere(engine: Engine): Promise<void> {
  const { rpcUrl } = await startChain({ kind: 'local' })
  const ground = await prepareGround(rpcUrl)
  const { steps } = await live({ ground, store: await engine.place() })
  const [ofDaemon, ofCore] = [steps.daemon.filter(early), steps.core.filter(early)]
  const all: Kill[] = [
    ...ofDaemon.map((step) => ({ victim: 'daemon' as const, step })),
    ...ofDaemon.map((step) => ({ victim: 'both' as const, step })),
    ...ofCore.map((step) => ({ victim: 'core' as const, step })),
  ]
  expect(ofCore.length).toBeGreaterThan(10)
  expect(ofDaemon.length).toBeGreaterThan(80)
  const chosen = chosenOf(all)
  console.log(
    `${engine.name}: ${ofDaemon.length} steps of the daemon, ${ofCore.length} of the core; seed ${seed}, part ${part}/${parts}, ${chosen.length} of ${all.length} lives`,
  )
  const missed: string[] = []
  const failed: string[] = []
  for (const [index, kill] of chosen.entries()) {
    const name = nameOf(kill)
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
