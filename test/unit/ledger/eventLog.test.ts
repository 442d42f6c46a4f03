import { describe, expect, test } from 'vitest'
import {
  append,
  emptyLog,
  type Frontier,
  leafHash,
  logRoot,
  nodeHash,
  splitPoint,
  verifyConsistency,
} from '../../../ledger/eventLog.ts'
import { type Hex, toBytes, toHex } from '../../../ledger/hex.ts'
import { createNaiveLog, flipped, someLeaves } from './naiveLog.ts'

const sizeMax = 130
const leaves = someLeaves(sizeMax)
const hashes = leaves.map((leaf) => leafHash(leaf))
const naive = createNaiveLog(leaves)
const roots: Hex[] = Array.from({ length: sizeMax + 1 }, (_, size) => naive.root(size))
const rootAt = (size: number): Hex => roots[size] as Hex

/** The log after each number of leaves. */
const frontiers: Frontier[] = [emptyLog]
for (const leaf of hashes) frontiers.push(append(frontiers.at(-1) as Frontier, leaf))

test('logRoot: as the naive tree at every size from 0 to 130', () => {
  expect(frontiers.map(logRoot)).toEqual(roots)
})

test('logRoot: of the empty log, the SHA-256 of nothing', () => {
  expect(logRoot(emptyLog)).toBe('0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
})

test('append: leaves the log before it as it was, and one peak for each bit of the size', () => {
  const before = frontiers[7] as Frontier
  append(before, hashes[7] as Uint8Array)
  expect(logRoot(before)).toBe(rootAt(7))
  for (const { size, peaks } of frontiers)
    expect(peaks.length).toBe([...size.toString(2)].filter((b) => b === '1').length)
})

test('splitPoint: the largest power of two below n, up to 2^31', () => {
  expect([2, 3, 4, 5, 8, 9, 2 ** 30, 2 ** 30 + 1, 2 ** 31].map(splitPoint)).toEqual([
    1,
    2,
    2,
    4,
    4,
    8,
    2 ** 29,
    2 ** 30,
    2 ** 30,
  ])
})

test('leafHash: a leaf that spells two nodes is not their parent', () => {
  const [a, b] = [hashes[0] as Uint8Array, hashes[1] as Uint8Array]
  expect(toHex(leafHash(Buffer.concat([a, b])))).not.toBe(rootAt(2))
})

describe('verifyConsistency', () => {
  const point = (size: number) => ({ size, root: rootAt(size) })
  const proofOf = (older: number, newer: number): Hex[] => (older === 0 ? [] : naive.proof(older, newer))

  test('every pair of sizes from 0 to 130', () => {
    for (let newer = 0; newer <= sizeMax; newer++)
      for (let older = 0; older <= newer; older++)
        expect(verifyConsistency(point(older), point(newer), proofOf(older, newer)), `${older}/${newer}`).toBe(true)
  })

  test('error: a fork, whichever root is the other one', () => {
    const other = rootAt(9)
    for (let newer = 1; newer <= 20; newer++)
      for (let older = 1; older <= newer; older++) {
        const steps = proofOf(older, newer)
        if (older !== 9) expect(verifyConsistency({ size: older, root: other }, point(newer), steps)).toBe(false)
        if (newer !== 9) expect(verifyConsistency(point(older), { size: newer, root: other }, steps)).toBe(false)
      }
  })

  test('error: sizes changed, the older larger, an older that is not empty called empty', () => {
    for (const [older, newer] of [
      [1, 2],
      [3, 7],
      [4, 8],
      [6, 8],
      [64, 130],
      [65, 130],
    ] as const) {
      const steps = proofOf(older, newer)
      expect(verifyConsistency({ ...point(older), size: older - 1 }, point(newer), steps)).toBe(false)
      expect(verifyConsistency({ ...point(older), size: older + 1 }, point(newer), steps)).toBe(false)
      expect(verifyConsistency(point(newer), point(older), steps)).toBe(false)
      expect(verifyConsistency({ size: 0, root: rootAt(older) }, point(newer), [])).toBe(false)
    }
  })

  test('error: the older larger, under one root', () => {
    for (const [older, newer] of [
      [2, 1],
      [4, 1],
      [4, 2],
      [8, 3],
    ] as const)
      expect(verifyConsistency({ size: older, root: rootAt(5) }, { size: newer, root: rootAt(5) }, [])).toBe(false)
  })

  test('error: a step above both roots', () => {
    const [ab, c, d, above] = [rootAt(2), toHex(hashes[2] as Uint8Array), toHex(hashes[3] as Uint8Array), rootAt(5)]
    const over = (left: Hex, right: Hex): Hex => toHex(nodeHash(toBytes(left), toBytes(right)))
    const [older, newer] = [over(ab, c), over(ab, over(c, d))]
    expect(verifyConsistency({ size: 3, root: older }, { size: 4, root: newer }, [c, d, ab])).toBe(true)
    const [higher, highest] = [older, newer].map((root) => over(above, root)) as [Hex, Hex]
    expect(verifyConsistency({ size: 3, root: higher }, { size: 4, root: highest }, [c, d, ab, above])).toBe(false)
  })

  test('error: steps where there is nothing to prove', () => {
    expect(verifyConsistency(point(0), point(5), [rootAt(1)])).toBe(false)
    expect(verifyConsistency(point(5), point(5), [rootAt(1)])).toBe(false)
    expect(verifyConsistency(point(5), { size: 5, root: rootAt(4) }, [])).toBe(false)
  })

  test('error: any flipped byte, a step less, a step more, none', () => {
    for (const [older, newer] of [
      [1, 2],
      [3, 7],
      [4, 8],
      [6, 8],
      [7, 13],
      [64, 130],
      [129, 130],
    ] as const) {
      const good = proofOf(older, newer)
      const fails = (steps: readonly Hex[]) =>
        expect(verifyConsistency(point(older), point(newer), steps), `${older}/${newer}`).toBe(false)
      for (const [i, step] of good.entries()) {
        for (let byte = 0; byte < 32; byte++) fails(good.with(i, flipped(step, byte * 8)))
        fails(good.toSpliced(i, 1))
        fails(good.toSpliced(i, 0, step))
      }
      fails([...good, rootAt(3)])
      fails([])
    }
  })
})
