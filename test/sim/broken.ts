/** The guarantees of the design, by name. */
export const guarantees = {
  G1: 'one history',
  G2: 'never paid twice',
  G3: 'no stale boot',
  G4: 'fenced by generation',
  G5: 'a lie costs only time',
  G6: 'an event counts once',
  G7: 'nothing acknowledged is lost',
  G8: 'the way out',
  G9: 'bounded damage',
  G10: 'accountable',
} as const
export type Guarantee = keyof typeof guarantees

/** What the simulator looks for. */
export class GuaranteeBroken extends Error {
  override readonly name = 'GuaranteeBroken'
  readonly guarantee: Guarantee
  constructor(guarantee: Guarantee, sentence: string) {
    super(`${guarantee} (${guarantees[guarantee]}): ${sentence}`)
    this.guarantee = guarantee
  }
}

/** Holds the world to a guarantee. */
export function hold(guarantee: Guarantee, holds: boolean, sentence: string | (() => string)): asserts holds {
  if (!holds) throw new GuaranteeBroken(guarantee, typeof sentence === 'string' ? sentence : sentence())
}
