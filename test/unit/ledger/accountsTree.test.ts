import { SimpleMerkleTree, StandardMerkleTree } from '@openzeppelin/merkle-tree'
import fc from 'fast-check'
import { encodeAbiParameters, keccak256 } from 'viem'
import { describe, expect, test } from 'vitest'
import { accountProof, treeOfLeaves } from '../../../client/accountProof.ts'
import { AccountsTree, accountLeaf } from '../../../ledger/accountsTree.ts'
import { type Hex, toHex, zeroHash } from '../../../ledger/hex.ts'
import { payeeOf } from './support.ts'

const sizeMax = 130
const encoding = ['address', 'uint96']
const earnedOf = (index: number): bigint => (BigInt(index) * 0x1234567890abcdef12345n) % 2n ** 96n

const treeOf = (size: number): AccountsTree =>
  treeOfLeaves(Array.from({ length: size }, (_, i) => accountLeaf(payeeOf(i), earnedOf(i))))

/** The same tree, one whole level after another, by viem alone. */
function naiveRoot(accounts: readonly (readonly [Hex, bigint])[]): Hex {
  const types = [{ type: 'address' }, { type: 'uint96' }] as const
  let level = accounts.map((account) => keccak256(keccak256(encodeAbiParameters(types, account))))
  while (level.length > 1) {
    const pairs = Array.from({ length: Math.ceil(level.length / 2) }, (_, i) => level.slice(2 * i, 2 * i + 2))
    level = pairs.map(([a, b]) =>
      b === undefined
        ? (a as Hex)
        : keccak256(
            `0x${[a, b]
              .sort()
              .map((h) => (h as Hex).slice(2))
              .join('')}`,
          ),
    )
  }
  return level[0] ?? zeroHash
}

const accountsOf = (size: number) => Array.from({ length: size }, (_, i) => [payeeOf(i), earnedOf(i)] as const)

test('accountLeaf: the double hash of abi.encode(payee, earned)', () => {
  const encoded = encodeAbiParameters([{ type: 'address' }, { type: 'uint96' }], [payeeOf(3), 2n ** 96n - 1n])
  expect(toHex(accountLeaf(payeeOf(3), 2n ** 96n - 1n))).toBe(keccak256(keccak256(encoded)))
})

/** Every size up to 34, and those around the next two powers of two. */
const sizes = [...Array.from({ length: 35 }, (_, i) => i), 63, 64, 65, 127, 128, 129]

test('root: as the naive tree', () => {
  for (const size of sizes) expect(treeOf(size).root()).toBe(naiveRoot(accountsOf(size)))
})

test("proof: OpenZeppelin's verifier accepts every leaf", () => {
  const leaves = accountsOf(sizeMax).map(([payee, earned]) => toHex(accountLeaf(payee, earned)))
  for (const size of sizes) {
    const tree = treeOf(size)
    const root = tree.root()
    for (let i = 0; i < size; i++)
      expect(SimpleMerkleTree.verify(root, leaves[i] as Hex, accountProof(tree, i)), `${i} of ${size}`).toBe(true)
  }
})

test("proof: OpenZeppelin's verifier, hashing the leaf itself, accepts the true amount and no other", () => {
  for (const size of [1, 2, 3, 64, 65, 129, 130]) {
    const tree = treeOf(size)
    const [index, root] = [size - 1, tree.root()]
    const [payee, earned] = [payeeOf(index), earnedOf(index)]
    expect(StandardMerkleTree.verify(root, encoding, [payee, earned], accountProof(tree, index))).toBe(true)
    expect(StandardMerkleTree.verify(root, encoding, [payee, earned + 1n], accountProof(tree, index))).toBe(false)
    expect(StandardMerkleTree.verify(root, encoding, [payeeOf(size), earned], accountProof(tree, index))).toBe(false)
  }
})

test('touch: a tree that grew and changed in any order of roots is the tree of its last amounts', () => {
  const step = fc.record({
    place: fc.nat(40),
    earned: fc.bigInt({ min: 0n, max: 2n ** 96n - 1n }),
    isRead: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const accounts: (readonly [Hex, bigint])[] = []
      const tree = new AccountsTree((index) => accountLeaf(...(accounts[index] as readonly [Hex, bigint])))
      for (const { place, earned, isRead } of steps) {
        const index = Math.min(place, accounts.length)
        accounts[index] = [payeeOf(index), earned]
        tree.touch(index)
        if (isRead) expect(tree.root()).toBe(naiveRoot(accounts))
      }
      expect(tree.root()).toBe(naiveRoot(accounts))
      for (const [i, account] of accounts.entries())
        expect(StandardMerkleTree.verify(tree.root(), encoding, [...account], accountProof(tree, i))).toBe(true)
    }),
    { numRuns: 50 },
  )
})

test('touch: a leaf is hashed once, however often it changes before a root is wanted', () => {
  let hashed = 0
  const tree = new AccountsTree(() => {
    hashed++
    return accountLeaf(payeeOf(0), 1n)
  })
  for (let i = 0; i < 5; i++) tree.touch(0)
  expect(hashed).toBe(0)
  tree.root()
  tree.root()
  expect(hashed).toBe(1)
})

describe('error', () => {
  test('a leaf beyond the next', () => {
    expect(() => treeOf(3).touch(4)).toThrow(RangeError)
  })

  test.each([-1, 3, Number.NaN])('no proof of leaf %d', (index) => {
    expect(() => accountProof(treeOf(3), index)).toThrow(RangeError)
  })
})
