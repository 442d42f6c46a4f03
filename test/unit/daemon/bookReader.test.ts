import { expect, test } from 'vitest'
import { createBookReader } from '../../../daemon/services/bookReader.ts'
import type { Hex } from '../../../ledger/hex.ts'
import { payeeOf } from '../ledger/support.ts'

const [a, b, c] = [payeeOf(1), payeeOf(2), payeeOf(3)]

function createBooks() {
  const registers = new Map<Hex, bigint>()
  const gains: [position: number, payee: Hex, wei: bigint][] = []
  const asked: Hex[][] = []
  const from: number[] = []
  const chain = { isDown: false }
  const readBooks = createBookReader({
    chain: {
      async paid(payees) {
        if (chain.isDown) throw new Error('down')
        asked.push([...payees])
        return payees.map((payee) => registers.get(payee) ?? 0n)
      },
    },
    store: {
      async earnings(first, below) {
        from.push(first)
        const sums = new Map<Hex, bigint>()
        for (const [position, payee, wei] of gains)
          if (position >= first && position < below) sums.set(payee, (sums.get(payee) ?? 0n) + wei)
        return sums
      },
    },
  })
  const read = async (
    size: number,
    events: readonly (readonly [Hex, bigint])[],
    block: { readonly number?: number } = { number: 7 },
  ) => {
    const { gained, registers: found } = await readBooks({
      size,
      payees: events.map(([payee, eventsWei]) => ({ payee, eventsWei })),
      block: block.number,
    })
    return {
      gained: Object.fromEntries(gained),
      paid: Object.fromEntries([...found].map(([payee, { paidWei }]) => [payee, paidWei])),
    }
  }
  return { registers, gains, asked, from, chain, read }
}

test('default: what was read is not read again, but where entries or events say something new', async () => {
  const { registers, gains, asked, from, read } = createBooks()
  gains.push([1, a, 5n], [2, b, 6n])
  registers.set(a, 5n)
  const before = [
    [a, 5n],
    [b, 0n],
  ] as const
  expect(await read(3, before)).toEqual({ gained: { [a]: 5n, [b]: 6n }, paid: { [a]: 5n, [b]: 0n } })
  gains.push([3, b, 1n])
  registers.set(b, 7n)
  const after = [
    [a, 5n],
    [b, 7n],
  ] as const
  expect(await read(4, after)).toEqual({ gained: { [a]: 5n, [b]: 7n }, paid: { [a]: 5n, [b]: 7n } })
  expect(asked).toEqual([[a, b], [b]])
  expect(from).toEqual([0, 3])
})

test('behavior: a register that is not what the events say is read until it is', async () => {
  const { registers, asked, read } = createBooks()
  registers.set(a, 9n)
  for (let i = 0; i < 2; i++) expect((await read(1, [[a, 5n]])).paid).toEqual({ [a]: 9n })
  registers.set(a, 5n)
  for (let i = 0; i < 2; i++) expect((await read(1, [[a, 5n]])).paid).toEqual({ [a]: 5n })
  expect(asked).toEqual([[a], [a], [a]])
})

test('behavior: before there is a block, no register counts as read; whom only entries name is asked for too', async () => {
  const { registers, gains, asked, read } = createBooks()
  gains.push([1, c, 5n])
  registers.set(c, 2n)
  expect(await read(2, [], {})).toEqual({ gained: { [c]: 5n }, paid: {} })
  expect(await read(2, [[c, 2n]])).toEqual({ gained: { [c]: 5n }, paid: { [c]: 2n } })
  expect(asked).toEqual([[c]])
})

test('error: where the chain does not answer, nothing counts as read', async () => {
  const { registers, gains, read, chain } = createBooks()
  gains.push([1, a, 5n])
  registers.set(a, 1n)
  chain.isDown = true
  await expect(read(2, [[a, 1n]])).rejects.toThrow('down')
  chain.isDown = false
  expect(await read(2, [[a, 1n]])).toEqual({ gained: { [a]: 5n }, paid: { [a]: 1n } })
})
