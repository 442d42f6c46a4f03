/** Whether an entry is in a log: the half of RFC 9162 that a core never asks itself. */
import { nodeHash } from '../ledger/eventLog.ts'
import { type Hex, toBytes, toHex } from '../ledger/hex.ts'

/** A leaf hash, where it lies, and the path that proves it. */
export interface Inclusion {
  readonly leaf: Uint8Array
  readonly index: number
  readonly size: number
  readonly path: readonly Hex[]
}

/** Whether the path leads from the leaf to `root` (RFC 9162, 2.1.3.2). */
export function verifyInclusion({ leaf, index, size, path }: Inclusion, root: Hex): boolean {
  if (index < 0 || index >= size) return false
  let node = leaf
  let [place, last] = [index, size - 1]
  for (const step of path) {
    if (last === 0) return false
    if (place % 2 === 1 || place === last) {
      node = nodeHash(toBytes(step), node)
      while (place % 2 === 0 && place !== 0) [place, last] = [half(place), half(last)]
    } else {
      node = nodeHash(node, toBytes(step))
    }
    ;[place, last] = [half(place), half(last)]
  }
  return last === 0 && toHex(node) === root
}

const half = (n: number): number => Math.floor(n / 2)
