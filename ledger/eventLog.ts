/**
 * The append-only log: the Merkle tree of RFC 6962 (section 2.1) over SHA-256, one leaf an entry.
 *
 * The core keeps only the peaks: the roots of the maximal complete subtrees, largest first, one for each set bit of the
 * size. They suffice to append and to give the root.
 */
import { sha256 } from '#primitives'
import { concat, type Hex, toBytes, toHex } from './hex.ts'

/** `SHA-256(0x00 || leaf)`. */
export const leafHash = (leaf: Uint8Array): Uint8Array => sha256(concat(new Uint8Array([0]), leaf))

/** `SHA-256(0x01 || left || right)`. */
export const nodeHash = (left: Uint8Array, right: Uint8Array): Uint8Array =>
  sha256(concat(new Uint8Array([1]), left, right))

/** Size of the left part of a tree of n > 1 leaves: the largest power of two below n. */
export const splitPoint = (n: number): number => 2 ** (31 - Math.clz32(n - 1))

export interface Frontier {
  readonly size: number
  readonly peaks: readonly Uint8Array[]
}

export const emptyLog: Frontier = { size: 0, peaks: [] }

/** The frontier after one more leaf: as a binary counter carries, equal subtrees join. */
export function append({ size, peaks }: Frontier, leaf: Uint8Array): Frontier {
  let node = leaf
  const left = [...peaks]
  for (let rest = size; rest % 2 === 1; rest = (rest - 1) / 2) node = nodeHash(left.pop() as Uint8Array, node)
  return { size: size + 1, peaks: [...left, node] }
}

/** Merkle tree hash of the whole log; of the empty log SHA-256 of nothing. */
export function logRoot({ peaks }: Frontier): Hex {
  const root = peaks.reduceRight<Uint8Array | undefined>(
    (right, left) => (right ? nodeHash(left, right) : left),
    undefined,
  )
  return toHex(root ?? sha256(new Uint8Array()))
}

/** A log as far as a proof is concerned. */
export interface LogPoint {
  readonly size: number
  readonly root: Hex
}

/** Whether the log of `older` is a prefix of that of `newer` (RFC 9162, 2.1.4.2). */
export function verifyConsistency(older: LogPoint, newer: LogPoint, proof: readonly Hex[]): boolean {
  if (older.size > newer.size) return false
  if (older.size === newer.size) return older.root === newer.root && proof.length === 0
  if (older.size === 0) return proof.length === 0 && older.root === logRoot(emptyLog)

  // A complete old tree is itself the first node of the walk and is not repeated in the proof.
  const isComplete = Number.isInteger(Math.log2(older.size))
  const [first, ...steps] = isComplete ? [older.root, ...proof] : proof
  if (first === undefined) return false
  let [place, last] = [older.size - 1, newer.size - 1]
  while (place % 2 === 1) [place, last] = [half(place), half(last)]
  let oldNode = toBytes(first)
  let newNode = oldNode
  for (const step of steps.map(toBytes)) {
    if (last === 0) return false
    if (place % 2 === 1 || place === last) {
      oldNode = nodeHash(step, oldNode)
      newNode = nodeHash(step, newNode)
      while (place % 2 === 0 && place !== 0) [place, last] = [half(place), half(last)]
    } else {
      newNode = nodeHash(newNode, step)
    }
    ;[place, last] = [half(place), half(last)]
  }
  return last === 0 && toHex(oldNode) === older.root && toHex(newNode) === newer.root
}

const half = (n: number): number => Math.floor(n / 2)
