import { expect, test } from 'vitest'
import { createChildren } from '../../anvil/children.ts'
import { soak } from './soak.ts'

test("behavior: under load, with parts killed and the chain's server misbehaving, everything is paid once", {
  timeout: 240_000,
}, async () => {
  const said: string[] = []
  const say = (sentence: string) => void said.push(sentence)
  const options = { seed: 20_268, events: 900, eventsPerSecond: 150, disturbances: 5, say }
  const result = await soak({ children: createChildren(), ...options })
  expect(result, said.join('\n')).toMatchObject({ found: [], events: 900, discrepancies: 0, owedWei: '0' })
  for (const samples of Object.values(result.residentMiB)) expect(samples).toHaveLength(3)
  expect(Object.values(result.disturbances).reduce((a, b) => a + b)).toBe(5)
})
