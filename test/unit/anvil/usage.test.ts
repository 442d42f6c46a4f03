import { describe, expect, test } from 'vitest'
import { createUsage, type Usage } from '../../../anvil/usage.ts'
import type { Hex } from '../../../ledger/hex.ts'

const payees = Array.from({ length: 20 }, (_, index): Hex => `0x${`${index + 1}`.padStart(40, '0')}`)
const usageOf = (reporter: number, startMs = 1_760_000_000_000): Usage =>
  createUsage({ reporter, payees, hasCredits: reporter === 2, startMs })

interface Line {
  readonly type: string
  readonly id: string
  readonly at_ms?: number
}

const take = (usage: Usage, count: number): Line[] =>
  Array.from({ length: count }, (_, given) => JSON.parse(usage.next(count - given)))

describe.each([0, 1, 2])('reporter %i', (reporter) => {
  test.each([1, 2, 3, 10, 667])('behavior: after %i events no session is open', (count) => {
    const lines = take(usageOf(reporter), count)
    const started = lines.filter(({ type }) => type === 'session_start').map(({ id }) => id)
    const ended = lines.filter(({ type }) => type === 'session_end').map(({ id }) => id)
    expect(ended.sort()).toEqual(started.sort())
  })

  test('behavior: no session is silent for longer than the configuration credits', () => {
    const last = new Map<string, number>()
    for (const { type, id, at_ms } of take(usageOf(reporter), 5_000)) {
      if (at_ms === undefined) continue
      if (type !== 'session_start') expect(at_ms - (last.get(id) ?? 0)).toBeLessThan(60_000)
      last.set(id, at_ms)
    }
  })
})

test('behavior: the same usage every time, and worth the same at any hour', () => {
  const [a, b, later] = [usageOf(1), usageOf(1), usageOf(1, 1_800_000_000_000)]
  expect(take(a, 500)).toEqual(take(b, 500))
  take(later, 500)
  expect(later.earnings()).toEqual(a.earnings())
})

test('behavior: credits only from who may give them', () => {
  const typesOf = (reporter: number): Set<string> => new Set(take(usageOf(reporter), 1_000).map(({ type }) => type))
  expect(typesOf(0)).not.toContain('credit')
  expect(typesOf(2)).toContain('credit')
})
