import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { accountProof, treeOfLeaves } from '../../../client/accountProof.ts'
import { createAccountsView } from '../../../daemon/services/accountsView.ts'
import { type Account, Accounts, rowBytes } from '../../../ledger/accounts.ts'
import { accountLeaf } from '../../../ledger/accountsTree.ts'
import type { Hex } from '../../../ledger/hex.ts'
import { InvariantBroken } from '../../../ledger/invariant.ts'
import type { Preference } from '../../../ledger/structs.ts'
import { payeeOf } from './support.ts'

const wei = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 96n - 1n }), fc.constantFrom(0n, 2n ** 64n - 1n, 2n ** 64n))
const steps = fc.array(fc.record({ n: fc.nat(20), earnedWei: wei, debtWei: wei }), { maxLength: 60 })

const preferenceOf = (payee: Hex): Preference => ({ payee, number: 0n, rail: 1, minimumWei: 5n, redirect: payeeOf(9) })

function apply(all: readonly { n: number; earnedWei: bigint; debtWei: bigint }[]) {
  const [accounts, naive] = [new Accounts(), new Map<Hex, Account>()]
  for (const { n, ...balance } of all) {
    const payee = payeeOf(n)
    accounts.setBalance(payee, balance)
    naive.set(payee, { index: naive.get(payee)?.index ?? naive.size, payee, balance, preference: undefined })
  }
  return { accounts, naive }
}

const rootOf = (all: Iterable<Account>): Hex =>
  treeOfLeaves([...all].map(({ payee, balance }) => accountLeaf(payee, balance.earnedWei))).root()

test('default: they hold what a map of objects would, and are the tree of its leaves', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const { accounts, naive } = apply(all)
      expect([...accounts.values()]).toEqual([...naive.values()])
      for (let n = 0; n <= 20; n++) {
        expect(accounts.get(payeeOf(n))).toEqual(naive.get(payeeOf(n)))
        expect(accounts.has(payeeOf(n))).toBe(naive.has(payeeOf(n)))
      }
      expect(accounts.size).toBe(naive.size)
      expect(accounts.tree.root()).toBe(rootOf(naive.values()))
    }),
  )
})

test('behavior: rows that were saved begin the same accounts, after those that are there', () => {
  fc.assert(
    fc.property(steps, fc.nat(20), (all, cut) => {
      const { accounts } = apply(all)
      const [at, copy] = [Math.min(cut, accounts.size), new Accounts()]
      copy.append(accounts.rows(0, at))
      copy.append(accounts.rows(at, accounts.size))
      expect([...copy.values()]).toEqual([...accounts.values()])
      expect(copy.tree.root()).toBe(accounts.tree.root())
    }),
  )
})

test('behavior: a view stays as it was, whatever is set and begun later', () => {
  fc.assert(
    fc.property(steps, steps, (before, later) => {
      const { accounts, naive } = apply(before)
      const view = createAccountsView(accounts)
      const [root, then] = [accounts.tree.root(), [...naive.values()]]
      for (const { n, ...balance } of later) accounts.setBalance(payeeOf(n), balance)
      accounts.tree.root()
      const tree = treeOfLeaves(then.map(({ payee, balance }) => accountLeaf(payee, balance.earnedWei)))
      expect(tree.root()).toBe(root)
      const listed = then.map(({ payee, balance: { earnedWei } }) => ({ payee, earnedWei }))
      expect(view.size).toBe(then.length)
      expect(view.list(0, 100)).toEqual(listed)
      expect(view.list(1, 2)).toEqual(listed.slice(1, 3))
      expect(view.list(200, 2)).toEqual([])
      for (let n = 0; n <= 20; n++) {
        const account = naive.get(payeeOf(n))
        const proved = account && { earnedWei: account.balance.earnedWei, proof: accountProof(tree, account.index) }
        expect(view.prove(payeeOf(n))).toEqual(proved)
      }
    }),
  )
})

test('behavior: a preference is the last that was set, and a balance leaves it as it is', () => {
  const { accounts } = apply([{ n: 0, earnedWei: 1n, debtWei: 0n }])
  const preference = preferenceOf(payeeOf(0))
  accounts.setPreference({ ...preference, rail: 0 })
  accounts.setPreference(preference)
  accounts.setBalance(payeeOf(0), { earnedWei: 2n, debtWei: 3n })
  const balance = { earnedWei: 2n, debtWei: 3n }
  expect(accounts.get(payeeOf(0))).toEqual({ index: 0, payee: payeeOf(0), balance, preference })
  expect([...accounts.preferences()]).toEqual([preference])
})

describe('error', () => {
  test.each([-1n, 2n ** 96n])('a balance of %d wei', (bad) => {
    const accounts = new Accounts()
    expect(() => accounts.setBalance(payeeOf(0), { earnedWei: bad, debtWei: 0n })).toThrow(InvariantBroken)
    expect(() => accounts.setBalance(payeeOf(0), { earnedWei: 0n, debtWei: bad })).toThrow(InvariantBroken)
  })

  test('a preference of nobody', () => {
    expect(() => new Accounts().setPreference(preferenceOf(payeeOf(0)))).toThrow(InvariantBroken)
  })

  test('rows that begin an account twice', () => {
    const rows = new Uint8Array(2 * rowBytes)
    expect(() => new Accounts().append(rows)).toThrow(InvariantBroken)
    const accounts = new Accounts()
    accounts.append(rows.subarray(rowBytes))
    expect(() => accounts.append(rows.subarray(rowBytes))).toThrow(InvariantBroken)
  })
})
