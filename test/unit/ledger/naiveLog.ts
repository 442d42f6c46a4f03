/** RFC 6962, section 2.1, word by word over ranges of leaves: recursive, and independent of `ledger/eventLog.ts`. */
import { createHash } from 'node:crypto'
import { type Hex, toBytes, toHex } from '../../../ledger/hex.ts'

const hash = (...parts: readonly Uint8Array[]): Buffer =>
  parts.reduce((h, part) => h.update(part), createHash('sha256')).digest()

/** The largest power of two smaller than n. */
function k(n: number): number {
  let power = 1
  while (power * 2 < n) power *= 2
  return power
}

/** D is all of `leaves`; each function is of D[from:to] as the RFC writes it, n = to - from. */
export function createNaiveLog(leaves: readonly Uint8Array[]) {
  const known = new Map<string, Buffer>() // the RFC's definition alone would hash every leaf again for every proof

  function mth(from: number, to: number): Buffer {
    const root = known.get(`${from}:${to}`) ?? mthOf(from, to)
    known.set(`${from}:${to}`, root)
    return root
  }

  function mthOf(from: number, to: number): Buffer {
    if (from === to) return hash()
    if (to - from === 1) return hash(Buffer.of(0), leaves[from] as Uint8Array)
    const middle = from + k(to - from)
    return hash(Buffer.of(1), mth(from, middle), mth(middle, to))
  }

  function path(m: number, from: number, to: number): Buffer[] {
    if (to - from === 1) return []
    const split = k(to - from)
    const middle = from + split
    return m < split ? [...path(m, from, middle), mth(middle, to)] : [...path(m - split, middle, to), mth(from, middle)]
  }

  function subproof(m: number, from: number, to: number, isWhole: boolean): Buffer[] {
    if (m === to - from) return isWhole ? [] : [mth(from, to)]
    const split = k(to - from)
    const middle = from + split
    return m <= split
      ? [...subproof(m, from, middle, isWhole), mth(middle, to)]
      : [...subproof(m - split, middle, to, false), mth(from, middle)]
  }

  return {
    root: (size: number): Hex => hex(mth(0, size)),
    path: (index: number, size: number): Hex[] => path(index, 0, size).map(hex),
    proof: (older: number, newer: number): Hex[] => subproof(older, 0, newer, true).map(hex),
  }
}

const hex = (bytes: Buffer): Hex => `0x${bytes.toString('hex')}`

/** Leaves of different lengths, an empty one among them. */
export const someLeaves = (n: number): Buffer[] =>
  Array.from({ length: n }, (_, i) => Buffer.alloc(i % 41, `leaf ${i}`))

/** A hash with one bit turned. */
export const flipped = (hash: Hex, bit: number): Hex => {
  const bytes = toBytes(hash)
  bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7))
  return toHex(bytes)
}
