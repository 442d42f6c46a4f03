/** One run: a seed, so many moves, an ending. */
import { GuaranteeBroken } from './broken.ts'
import type { Traced } from './chain.ts'
import { checkBooks } from './checks.ts'
import { type Ending, finish } from './finish.ts'
import { birthMoves } from './moves/births.ts'
import { chainMoves } from './moves/chain.ts'
import { coreMoves } from './moves/cores.ts'
import { diskMoves } from './moves/disks.ts'
import { honestMoves } from './moves/honest.ts'
import type { Moves } from './moves/move.ts'
import { reporterMoves } from './moves/reporters.ts'
import { thiefMoves } from './moves/thieves.ts'
import { Random } from './random.ts'
import { World } from './world.ts'

export const moves: Moves = {
  ...coreMoves,
  ...diskMoves,
  ...birthMoves,
  ...reporterMoves,
  ...chainMoves,
  ...thiefMoves,
  ...honestMoves,
}
const names = Object.keys(moves)
const total = Object.values(moves).reduce((sum, { weight }) => sum + weight, 0)

/** A move and the dice that decide its details. */
export type Step = readonly [move: string, dice: number]

export interface Schedule {
  readonly seed: number
  readonly steps: readonly Step[]
}

export interface Report {
  readonly seed: number
  readonly steps: number
  readonly ending?: Ending
  readonly landed: number
  /** Transactions that were played on the real contracts too. */
  readonly compared?: number
  readonly broken?: { readonly guarantee: string; readonly sentence: string; readonly at: number }
  readonly trace?: readonly Traced[]
}

/** The moves of a seed. */
export function scheduleOf(seed: number, count: number): Schedule {
  const random = new Random(seed)
  return { seed, steps: Array.from({ length: count }, () => [draw(random), random.next()] as const) }
}

function draw(random: Random): string {
  let left = random.below(total)
  for (const name of names) {
    left -= moves[name]?.weight ?? 0
    if (left < 0) return name
  }
  throw new RangeError('weights do not add up')
}

/** Plays a schedule to its end, or to the first guarantee that breaks. */
export function play({ seed, steps }: Schedule, isTraced = false): Report {
  let world: World | undefined
  let at = 0
  try {
    world = new World({ seed, isTraced })
    for (const [name, dice] of steps) {
      world.random = new Random(dice)
      moves[name]?.run(world, new Random(dice ^ 0x2545f491))
      at++
    }
    world.random = new Random(seed ^ 0x1234)
    const ending = finish(world, seed % 3 === 0)
    checkBooks(world)
    return report(seed, world, at, { ending })
  } catch (error) {
    const guarantee = error instanceof GuaranteeBroken ? error.guarantee : 'crash'
    const sentence =
      error instanceof GuaranteeBroken ? error.message : `${error instanceof Error ? error.stack : error}`
    return report(seed, world, at, { broken: { guarantee, sentence, at } })
  }
}

/** Of a world that broke before it stood, nothing is known. */
const report = (
  seed: number,
  world: World | undefined,
  steps: number,
  rest: Pick<Report, 'ending' | 'broken'>,
): Report => ({
  seed,
  steps,
  landed: world?.chain.ghost.landed.length ?? 0,
  ...rest,
  ...(world?.chain.trace ? { trace: world.chain.trace } : {}),
})
