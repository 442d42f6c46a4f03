import { describe, expect, test } from 'vitest'
import { verifyInclusion } from '../../../client/inclusion.ts'
import { leafHash } from '../../../ledger/eventLog.ts'
import type { Hex } from '../../../ledger/hex.ts'
import { createNaiveLog, flipped, someLeaves } from '../ledger/naiveLog.ts'

const sizeMax = 130
const leaves = someLeaves(sizeMax)
const hashes = leaves.map((leaf) => leafHash(leaf))
const naive = createNaiveLog(leaves)
const roots: Hex[] = Array.from({ length: sizeMax + 1 }, (_, size) => naive.root(size))
const rootAt = (size: number): Hex => roots[size] as Hex

describe('verifyInclusion', () => {
  const at = (index: number, size: number) => ({
    leaf: hashes[index] as Uint8Array,
    index,
    size,
    path: naive.path(index, size),
  })

  test('every leaf at every size from 0 to 130', () => {
    for (let size = 0; size <= sizeMax; size++)
      for (let index = 0; index < size; index++) expect(verifyInclusion(at(index, size), rootAt(size))).toBe(true)
  })

  test('error: another place, another size, another leaf, another root', () => {
    for (let size = 1; size <= 20; size++)
      for (let index = 0; index < size; index++) {
        const good = at(index, size)
        for (let other = 0; other < size; other++)
          if (other !== index) expect(verifyInclusion({ ...good, index: other }, rootAt(size))).toBe(false)
        expect(verifyInclusion({ ...good, leaf: hashes[size] as Uint8Array }, rootAt(size))).toBe(false)
        expect(verifyInclusion(good, rootAt(size + 1))).toBe(false)
      }
  })

  test('error: an index that is no place in the log', () => {
    const good = at(0, 1)
    for (const index of [-1, 1, 2 ** 31]) expect(verifyInclusion({ ...good, index }, rootAt(1))).toBe(false)
    expect(verifyInclusion({ ...good, size: 0 }, rootAt(0))).toBe(false)
  })

  test('error: any flipped byte of the path, a step less, a step more, two steps swapped', () => {
    for (const [index, size] of [
      [0, 2],
      [6, 7],
      [3, 13],
      [100, 130],
      [129, 130],
    ] as const) {
      const good = at(index, size)
      const fails = (path: readonly Hex[]) => expect(verifyInclusion({ ...good, path }, rootAt(size))).toBe(false)
      for (const [i, step] of good.path.entries()) {
        for (let byte = 0; byte < 32; byte++) fails(good.path.with(i, flipped(step, byte * 8)))
        fails(good.path.toSpliced(i, 1))
        fails(good.path.toSpliced(i, 0, step))
      }
      fails([...good.path, rootAt(3)])
      if (good.path.length > 1) fails(good.path.toReversed())
    }
  })
})
