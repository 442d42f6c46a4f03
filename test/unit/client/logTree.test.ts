import { describe, expect, test } from 'vitest'
import { LogTree } from '../../../client/logTree.ts'
import { leafHash } from '../../../ledger/eventLog.ts'
import { createNaiveLog, someLeaves } from '../ledger/naiveLog.ts'

const sizeMax = 130
const leaves = someLeaves(sizeMax)
const naive = createNaiveLog(leaves)

const treeOf = (count: number): LogTree => {
  const tree = new LogTree()
  for (const leaf of leaves.slice(0, count)) tree.append(leafHash(leaf))
  return tree
}
const full = treeOf(sizeMax)

test('root, inclusionPath, consistencyProof: as the naive tree at every size from 0 to 130', () => {
  for (let size = 0; size <= sizeMax; size++) {
    expect(full.root(size)).toBe(naive.root(size))
    for (let index = 0; index < size; index++) expect(full.inclusionPath(index, size)).toEqual(naive.path(index, size))
    for (let older = 1; older <= size; older++)
      expect(full.consistencyProof(older, size), `${older}/${size}`).toEqual(naive.proof(older, size))
    expect(full.consistencyProof(0, size)).toEqual([])
  }
})

test('default: the present size', () => {
  const tree = treeOf(77)
  expect(tree.size).toBe(77)
  expect(tree.root()).toBe(full.root(77))
  expect(tree.inclusionPath(5)).toEqual(full.inclusionPath(5, 77))
  expect(tree.consistencyProof(33)).toEqual(full.consistencyProof(33, 77))
})

test('behavior: roots at past sizes hold over the end of a chunk', () => {
  const tree = new LogTree()
  const roots: string[] = []
  for (let i = 0; i < 1030; i++) {
    roots.push(tree.root())
    tree.append(leafHash(Buffer.from(`${i}`)))
  }
  for (const size of [0, 255, 256, 257, 511, 512, 513, 1024, 1029]) expect(tree.root(size)).toBe(roots[size])
})

test('behavior: what was appended is copied', () => {
  const tree = new LogTree()
  const leaf = leafHash(leaves[0] as Buffer)
  tree.append(leaf)
  leaf.fill(0)
  expect(tree.root()).toBe(full.root(1))
})

describe('error', () => {
  const tree = treeOf(7)

  test.each([-1, 8, 1.5, Number.NaN])('there is no size %d', (size) => {
    expect(() => tree.root(size)).toThrow(RangeError)
    expect(() => tree.inclusionPath(0, size)).toThrow(RangeError)
    expect(() => tree.consistencyProof(1, size)).toThrow(RangeError)
    expect(() => tree.consistencyProof(size)).toThrow(RangeError)
  })

  test.each([-1, 7, 0.5])('there is no leaf %d', (index) => {
    expect(() => tree.inclusionPath(index)).toThrow(RangeError)
  })

  test('a larger log is no prefix of a smaller', () => {
    expect(() => tree.consistencyProof(5, 4)).toThrow(RangeError)
  })

  test('what is not 32 bytes is no leaf hash', () => {
    expect(() => tree.append(new Uint8Array(31))).toThrow(RangeError)
    expect(tree.size).toBe(7)
  })
})
