/** Something that cannot be so is so: our fault, never the caller's. Whoever catches it stops writing. */
export class InvariantBroken extends Error {
  override readonly name = 'InvariantBroken'
}

/** Stays on in production: a ledger that stopped can be repaired, one that went on wrong cannot. */
export function invariant(holds: boolean, sentence: string): asserts holds {
  if (!holds) throw new InvariantBroken(sentence)
}
