/**
 * The whole log as a tree (RFC 6962, section 2.1), for whoever keeps all leaves: the daemon's mirror, an auditor.
 * Every complete subtree is stored once, so a root or a proof at any past size costs O(log n) hashes, and a leaf 64 bytes.
 * It only grows.
 */
import { emptyLog, logRoot, nodeHash, splitPoint } from '../ledger/eventLog.ts'
import { type Hex, toHex } from '../ledger/hex.ts'

const nodeBytes = 32
const nodesPerChunk = 256

export class LogTree {
  /** Nodes of level n are the roots of the complete subtrees of 2^n leaves, left to right. */
  readonly #levels: NodeList[] = []

  /** Number of leaves. */
  get size(): number {
    return this.#levels[0]?.length ?? 0
  }

  /** Adds a leaf by its leaf hash, 32 bytes. @throws RangeError */
  append(leafHash: Uint8Array): void {
    if (leafHash.length !== nodeBytes) throw new RangeError('a leaf hash has 32 bytes')
    let node = leafHash
    for (let level = 0; ; level++) {
      const nodes = this.#levels[level] ?? new NodeList()
      this.#levels[level] = nodes
      nodes.push(node)
      if (nodes.length % 2 === 1) return
      node = nodeHash(nodes.at(nodes.length - 2), node)
    }
  }

  /** The leaf hash at a position. @throws RangeError */
  leafHash(index: number): Uint8Array {
    return this.node(0, index)
  }

  /** The root of the complete subtree of 2^level leaves that is number `index` among those of its size. @throws RangeError */
  node(level: number, index: number): Uint8Array {
    const nodes = this.#levels[level]
    if (!nodes || index < 0 || index >= nodes.length) throw new RangeError(`no node ${index} on level ${level}`)
    return nodes.at(index)
  }

  /** The root when the log held `size` leaves. @throws RangeError: it never held so many */
  root(size = this.size): Hex {
    this.#checkSize(size)
    return size === 0 ? logRoot(emptyLog) : toHex(this.#rangeHash(0, size))
  }

  /** Inclusion path (RFC 6962, 2.1.1) of the leaf at `index` in the log of `size` leaves. @throws RangeError */
  inclusionPath(index: number, size = this.size): Hex[] {
    this.#checkSize(size)
    if (!Number.isInteger(index) || index < 0 || index >= size) throw new RangeError(`no leaf ${index} among ${size}`)
    const path: Hex[] = []
    let [from, to] = [0, size]
    while (to - from > 1) {
      const middle = from + splitPoint(to - from)
      const isLeft = index < middle
      path.push(toHex(isLeft ? this.#rangeHash(middle, to) : this.#rangeHash(from, middle)))
      if (isLeft) to = middle
      else from = middle
    }
    return path.reverse()
  }

  /**
   * Proof (RFC 6962, 2.1.2) that the log of `olderSize` is a prefix of that of `newerSize`; nothing to prove, so no
   * steps, where the older is empty or both are one. @throws RangeError
   */
  consistencyProof(olderSize: number, newerSize = this.size): Hex[] {
    this.#checkSize(newerSize)
    this.#checkSize(olderSize)
    if (olderSize > newerSize) throw new RangeError(`a log of ${olderSize} is no prefix of one of ${newerSize}`)
    if (olderSize === 0) return []
    const proof: Hex[] = []
    let [from, to] = [0, newerSize]
    while (olderSize !== to) {
      const middle = from + splitPoint(to - from)
      const isLeft = olderSize <= middle
      proof.push(toHex(isLeft ? this.#rangeHash(middle, to) : this.#rangeHash(from, middle)))
      if (isLeft) to = middle
      else from = middle
    }
    // The walk ended at the old tree's last subtree; if that is the whole old tree, the verifier has its root already.
    if (from !== 0) proof.push(toHex(this.#rangeHash(from, to)))
    return proof.reverse()
  }

  /** Root of the subtree over leaves `from` up to `to`, which lies where RFC 6962's splits put one. */
  #rangeHash(from: number, to: number): Uint8Array {
    const count = to - from
    const level = 31 - Math.clz32(count)
    if (count === 2 ** level) return (this.#levels[level] as NodeList).at(from / count)
    const middle = from + splitPoint(count)
    return nodeHash(this.#rangeHash(from, middle), this.#rangeHash(middle, to))
  }

  #checkSize(size: number): void {
    if (!Number.isInteger(size) || size < 0 || size > this.size)
      throw new RangeError(`the log has ${this.size} leaves, not ${size}`)
  }
}

/** A list of 32-byte nodes in chunks: grows without copying, and wastes at most one chunk. */
class NodeList {
  length = 0
  readonly #chunks: Uint8Array[] = []

  push(node: Uint8Array): void {
    const place = this.length % nodesPerChunk
    if (place === 0) this.#chunks.push(new Uint8Array(nodesPerChunk * nodeBytes))
    this.length++
    this.#slot(this.length - 1).set(node)
  }

  at(index: number): Uint8Array {
    return this.#slot(index)
  }

  #slot(index: number): Uint8Array {
    const start = (index % nodesPerChunk) * nodeBytes
    const chunk = this.#chunks[Math.floor(index / nodesPerChunk)] as Uint8Array
    return chunk.subarray(start, start + nodeBytes)
  }
}
