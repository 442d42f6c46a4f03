import { expect, test } from 'vitest'
import { LastGains } from '../../../daemon/services/lastGains.ts'

test('default: as a map of index and position, and again when it was written and read', () => {
  const last = new LastGains()
  const expected = new Map<number, number>()
  for (let i = 0; i < 3_000; i++) {
    const [index, position] = [(i * 7_919) % 2_500, 2 ** 31 - 1 - i]
    last.set(index, position)
    expected.set(index, position)
  }
  const again = LastGains.read(last.write(2_500))
  for (let index = 0; index < 2_600; index++) {
    expect(last.of(index)).toBe(expected.get(index) ?? 0)
    expect(again.of(index)).toBe(expected.get(index) ?? 0)
  }
})
