/**
 * The tree of balances that the contract can check: keccak256, sorted pairs, an odd node moves up unchanged, so that
 * OpenZeppelin's and Solady's `MerkleProof` verify its proofs. Leaves lie in the order in which accounts began.
 *
 * Levels are flat arrays of 32-byte nodes that only grow; a changed leaf costs one path, at the next root.
 */
import { keccak256 } from '#primitives'
import { type Hex, toHex, zeroHash } from './hex.ts'
import { abiEncode } from './typedData.ts'

const nodeBytes = 32

/** `keccak256(keccak256(abi.encode(payee, earned)))`: hashed twice, so no leaf can be taken for an inner node. */
export const accountLeaf = (payee: Hex, earned: bigint): Uint8Array =>
  keccak256(keccak256(abiEncode(['address', 'uint96'], [payee, earned])))

export class AccountsTree {
  readonly #leafOf: (index: number) => Uint8Array
  /** For each leaf, whether it has changed since it was hashed. */
  #changed = new Uint8Array(1)
  readonly #pair = new Uint8Array(2 * nodeBytes)
  #size = 0
  #levels: Uint8Array<ArrayBuffer>[] = []

  /** A tree whose leaf at a place is what `leafOf` gives when it is hashed. */
  constructor(leafOf: (index: number) => Uint8Array) {
    this.#leafOf = leafOf
  }

  /** Leaf `index`, at most one past the last, has changed; it is hashed when a root is next wanted, however often it changes before. */
  touch(index: number): void {
    if (index > this.#size) throw new RangeError('leaves begin in order')
    this.#size = Math.max(this.#size, index + 1)
    this.#changed = withRoom(this.#changed, this.#size)
    this.#changed[index] = 1
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

  /** The tree as it is now, for reading, whatever becomes of this one. */
  copy(): AccountsTree {
    this.#refresh()
    const copy = new AccountsTree(this.#leafOf)
    copy.#size = this.#size
    copy.#levels = this.#levels.map((nodes) => nodes.slice())
    return copy
  }

  #refresh(): void {
    let places: number[] = []
    for (let at = this.#changed.indexOf(1); at >= 0; at = this.#changed.indexOf(1, at + 1)) places.push(at)
    this.#changed.fill(0)
    for (const place of places) this.#write(0, place, this.#leafOf(place))
    for (let level = 0, count = this.#size; count > 1; level++, count = (count + 1) >> 1) {
      places = parentsOf(places)
      for (const place of places) this.#write(level + 1, place, this.#join(level, 2 * place, count))
    }
  }

  #join(level: number, left: number, count: number): Uint8Array {
    const a = this.node(level, left)
    if (left + 1 >= count) return a
    const b = this.node(level, left + 1)
    const isInOrder = isLess(a, b)
    this.#pair.set(isInOrder ? a : b)
    this.#pair.set(isInOrder ? b : a, nodeBytes)
    return keccak256(this.#pair)
  }

  /** The node at a place of a level, leaves being level 0, as of the last root. Of it proofs are made (`client/accountProof.ts`). */
  node(level: number, place: number): Uint8Array {
    return (this.#levels[level] as Uint8Array).subarray(place * nodeBytes, (place + 1) * nodeBytes)
  }

  #write(level: number, place: number, node: Uint8Array): void {
    const nodes = withRoom(this.#levels[level] ?? new Uint8Array(nodeBytes), (place + 1) * nodeBytes)
    nodes.set(node, place * nodeBytes)
    this.#levels[level] = nodes
  }
}

/** The places one level up, each once, of places in ascending order. */
const parentsOf = (places: readonly number[]): number[] =>
  places.map((place) => place >> 1).filter((parent, i, parents) => parent !== parents[i - 1])

/** The bytes with room for so many: themselves, or a copy of at least twice their length. */
export function withRoom(bytes: Uint8Array<ArrayBuffer>, length: number): Uint8Array<ArrayBuffer> {
  if (length <= bytes.length) return bytes
  const grown = new Uint8Array(Math.max(length, 2 * bytes.length))
  grown.set(bytes)
  return grown
}

function isLess(a: Uint8Array, b: Uint8Array): boolean {
  let at = 0
  while (at < nodeBytes - 1 && a[at] === b[at]) at++
  return (a[at] as number) < (b[at] as number)
}
