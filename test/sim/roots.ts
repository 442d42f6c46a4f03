/** The root of a commitment, hashed once: the checks ask for those of the same commits after every transaction. */
import type { Hex } from '../../ledger/hex.ts'
import { rootOf as hashOf } from '../../ledger/state.ts'
import type { Commitment } from '../../ledger/structs.ts'

const roots = new WeakMap<Commitment, Hex>()

export function rootOf(commitment: Commitment): Hex {
  const root = roots.get(commitment) ?? hashOf(commitment)
  roots.set(commitment, root)
  return root
}
