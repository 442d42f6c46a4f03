import { expect, test } from 'vitest'
import type { Head } from '../../../daemon/chain/chain.ts'
import { createAccountsView } from '../../../daemon/services/accountsView.ts'
import { createOwnAnchor } from '../../../daemon/services/ownAnchor.ts'
import { type Hex, zeroHash } from '../../../ledger/hex.ts'
import { commitmentOf, createLedger, rootOf } from '../../../ledger/state.ts'
import { configuration, payeeOf } from '../ledger/support.ts'

const ledger = createLedger(configuration())
ledger.accounts.setBalance(payeeOf(0), { earnedWei: 5n, debtWei: 0n })
const next = commitmentOf(ledger)
const headOf = (counter: bigint): Head => ({ counter, root: rootOf(next) }) as Head

/** A store that knows so many commits, all of this ledger, and counts how often it is asked. */
function createAsked(head: Head | undefined, indexed: bigint) {
  const asked = { indexed, block: 7, times: 0, views: 0, isBroken: false, head }
  const event = (counter: bigint) => ({ args: { counter, next, totalPaid: 0n } }) as never
  const anchor = createOwnAnchor({
    headWatch: asked,
    books: asked,
    mirror: {
      tree: {} as never,
      viewAt: async () => {
        asked.views++
        return createAccountsView(ledger.accounts)
      },
    },
    store: {
      lastCommitted: async () => event(asked.indexed),
      committed: async (counter: bigint) => {
        asked.times++
        if (asked.isBroken) throw new Error('the disk is gone')
        return counter <= asked.indexed ? event(counter) : undefined
      },
      commitWithRoot: async (_: bigint, root: Hex) => (root === rootOf(next) ? ({} as never) : undefined),
    },
  })
  return { asked, anchor }
}

test('default: many who ask while the head is the same make one search, and one view', async () => {
  const { asked, anchor } = createAsked(headOf(3n), 3n)
  const all = await Promise.all([anchor(), anchor(), anchor()])
  const again = await anchor()
  expect(asked.times).toBe(1)
  expect(again).toBe(all[0])
  expect(again).toMatchObject({ root: rootOf(next), event: { args: { counter: 3n } } })
  const [one, other] = await Promise.all([again?.view(), all[1]?.view()])
  expect(one).toBe(other)
  expect(asked.views).toBe(1)
  expect(one?.prove(payeeOf(0))).toEqual({ earnedWei: 5n, proof: [] })
})

test('behavior: a head that was read anew is searched anew, though it be the same', async () => {
  const { asked, anchor } = createAsked(headOf(3n), 3n)
  await anchor()
  asked.head = headOf(3n)
  await anchor()
  expect(asked.times).toBe(2)
})

test('behavior: what is not indexed yet is found with the block that has it, and is not looked for before', async () => {
  const { asked, anchor } = createAsked(headOf(3n), 2n)
  expect((await anchor())?.event.args.counter).toBe(2n)
  expect((await anchor())?.event.args.counter).toBe(2n)
  expect(asked.times).toBe(2)
  asked.indexed = 3n
  asked.block++
  expect((await anchor())?.event.args.counter).toBe(3n)
})

test('behavior: before the head is known, the index says what is newest', async () => {
  const { asked, anchor } = createAsked(undefined, 2n)
  expect((await anchor())?.event.args.counter).toBe(2n)
  asked.indexed = 3n
  asked.block++
  expect((await anchor())?.event.args.counter).toBe(3n)
})

test('behavior: before the first commit there is none', async () => {
  const { anchor } = createAsked({ ...headOf(0n), root: zeroHash }, 0n)
  expect(await anchor()).toBeUndefined()
})

test('error: a search that failed is made again with the next question', async () => {
  const { asked, anchor } = createAsked(headOf(3n), 3n)
  asked.isBroken = true
  await expect(anchor()).rejects.toThrow('the disk is gone')
  asked.isBroken = false
  expect((await anchor())?.event.args.counter).toBe(3n)
})
