/**
 * The tree of balances that the contract can check: keccak256, sorted pairs, an odd node moves up unchanged, so that
 * OpenZeppelin's and Solady's `MerkleProof` verify its proofs. Leaves lie in the order in which accounts began.
 *
 * Levels are flat arrays of 32-byte nodes that only grow; a changed leaf costs one path, at the next root.
 */
import { keccak256 } from '#primitives'
import { concat, type Hex, toHex, zeroHash } from './hex.ts'
import { abiEncode } from './typedData.ts'

const nodeBytes = 32

/** `keccak256(keccak256(abi.encode(payee, earned)))`: hashed twice, so no leaf can be taken for an inner node. */
export const accountLeaf = (payee: Hex, earned: bigint): Uint8Array =>
  keccak256(keccak256(abiEncode(['address', 'uint96'], [payee, earned])))

export class AccountsTree {
  #size = 0
  #levels: Uint8Array[] = []
  #changed = new Map<number, () => Uint8Array>()

  /** Sets leaf `index`, at most one past the last; it is hashed when a root is next wanted, however often it is set before. */
  set(index: number, leaf: () => Uint8Array): void {
    if (index > this.#size) throw new RangeError('leaves are set in order')
    this.#size = Math.max(this.#size, index + 1)
    this.#changed.set(index, leaf)
  }

  /** How many leaves there are. */
  get size(): number {
    return this.#size
  }

  /** The root; of the empty tree 32 zero bytes. */
  root(): Hex {
    this.#refresh()
    return this.#size === 0 ? zeroHash : toHex(this.node(this.#levels.length - 1, 0))
  }

  #refresh(): void {
    let places = new Set<number>()
    for (const [index, leaf] of this.#changed) {
      this.#write(0, index, leaf())
      places.add(index)
    }
    this.#changed.clear()
    for (let level = 0, count = this.#size; count > 1; level++, count = (count + 1) >> 1) {
      const parents = new Set<number>()
      for (const place of places) parents.add(place >> 1)
      for (const parent of parents) this.#write(level + 1, parent, this.#join(level, parent * 2, count))
      places = parents
    }
  }

  #join(level: number, left: number, count: number): Uint8Array {
    const a = this.node(level, left)
    if (left + 1 >= count) return a
    const b = this.node(level, left + 1)
    return keccak256(isLess(a, b) ? concat(a, b) : concat(b, a))
  }

  /** The node at a place of a level, leaves being level 0, as of the last root. Of it proofs are made (`client/accountProof.ts`). */
  node(level: number, place: number): Uint8Array {
    return (this.#levels[level] as Uint8Array).subarray(place * nodeBytes, (place + 1) * nodeBytes)
  }

  #write(level: number, place: number, node: Uint8Array): void {
    const end = (place + 1) * nodeBytes
    let nodes = this.#levels[level] ?? new Uint8Array(nodeBytes)
    if (end > nodes.length) {
      const grown = new Uint8Array(Math.max(end, nodes.length * 2))
      grown.set(nodes)
      nodes = grown
    }
    nodes.set(node, place * nodeBytes)
    this.#levels[level] = nodes
  }
}

function isLess(a: Uint8Array, b: Uint8Array): boolean {
  const at = a.findIndex((byte, i) => byte !== b[i])
  return (a[at] as number) < (b[at] as number)
}
