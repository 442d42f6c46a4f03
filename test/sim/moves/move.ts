/** A move of anybody in the world. What it chooses, it draws from `random`, so that a list of moves can be played again. */
import type { Random } from '../random.ts'
import type { World } from '../world.ts'

export interface Move {
  /** How often it is made, beside the others. */
  readonly weight: number
  /** Rows of the list of attacks that it plays. */
  readonly rows: readonly number[]
  run(world: World, random: Random): void
}

export type Moves = Readonly<Record<string, Move>>
