import { expect, test } from 'vitest'
import type { ChainEvent } from '../../../daemon/chain/events.ts'
import { createBooks } from '../../../daemon/services/books.ts'
import type { BlockPoint } from '../../../daemon/store/store.ts'
import { zeroHash } from '../../../ledger/hex.ts'
import { payeeOf } from '../ledger/support.ts'

const place = { blockNumber: 1, blockHash: zeroHash, blockTime: 0, position: 0, transactionHash: zeroHash }
const nothing = {
  events: async function* () {
    yield* []
  },
  cursor: async () => undefined,
  blockAt: async () => undefined,
}
const payee = payeeOf(1)
const paid: ChainEvent = { ...place, name: 'Paid', args: { payee, counter: 3n, amount: 5n, ticket: true } }
const claimed: ChainEvent = { ...place, name: 'Claimed', args: { payee, to: payeeOf(2), amount: 4n, total: 9n } }

test('row 21: what a payee claims by itself is paid, and is no try of ours', () => {
  const books = createBooks({ store: nothing })
  books.add([paid, claimed], { number: 1, hash: zeroHash })
  expect(books.of(payee)).toMatchObject({ paidWei: 9n, ticketsWei: 5n, lastTried: 3n })
  expect(books.of(payeeOf(2))).toBeUndefined()
})

test('row 34: who follows hears of events that were found later, in blocks that it had read', async () => {
  const next = { accountsRoot: zeroHash, logRoot: zeroHash, logSize: 1n, totalEarned: 5n, configHash: zeroHash }
  const args = { epoch: 1n, counter: 3n, prevRoot: zeroHash, next, totalPaid: 5n }
  const committed: ChainEvent = { ...place, position: 1, name: 'Committed', args }
  const direct: ChainEvent = { ...paid, name: 'Paid', args: { payee, counter: 3n, amount: 5n, ticket: false } }
  let [stored, newest]: [readonly ChainEvent[], number] = [[committed], 1]
  const blockAt = async (number: number): Promise<BlockPoint> => ({ number, hash: `0x${number}` })
  const books = createBooks({
    store: {
      blockAt,
      cursor: () => blockAt(newest),
      async *events(after = -1) {
        yield* stored.filter(({ blockNumber }) => blockNumber > after)
      },
    },
  })
  await books.catchUp()
  expect(books.of(payee)).toBeUndefined()
  stored = [direct, committed]
  newest = 2
  await books.catchUp()
  expect(books.of(payee)).toMatchObject({ paidWei: 5n })
})
