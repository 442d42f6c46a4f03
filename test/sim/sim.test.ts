/** The hostile host, every day: so many seeds, and no guarantee breaks; a share of them on the real contracts too. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { bite, breakCopy } from './teeth/bite.ts'
import { sabotages } from './teeth/sabotages.ts'

const folder = import.meta.dirname

function run(file: string, ...options: readonly string[]) {
  const files = ['--import', join(folder, 'crypto/register.ts'), join(folder, file)]
  const { stdout, stderr } = spawnSync(process.execPath, [...files, ...options, '--json'], { encoding: 'utf8' })
  expect(stderr).toBe('')
  return JSON.parse(stdout)
}

describe('simulation', () => {
  test('200 seeds of 500 moves break no guarantee', { timeout: 600_000 }, () => {
    const { broken, endings, landed, ...told } = run('main.ts', '--seeds', '200', '--steps', '500')
    expect(broken).toEqual([])
    expect(told).toMatchObject({ seeds: 200, steps: 100_000 })
    // A simulation in which nothing happens proves nothing.
    expect(landed).toBeGreaterThan(1_500)
    expect(Object.keys(endings)).toEqual(expect.arrayContaining(['paid', 'exited']))
  })

  test('the model is the contract: outcomes, events and registers of 6 seeds of 250 moves', {
    timeout: 600_000,
  }, () => {
    const { broken, compared } = run('main.ts', '--chain', '--seeds', '6', '--steps', '250')
    expect(broken).toEqual([])
    expect(compared).toBeGreaterThan(500)
  })

  test('every interleaving of two cores, two payees and two batches, three moves deep', { timeout: 600_000 }, () => {
    const { states, transitions } = run('exhaust.ts', '--depth', '3')
    expect(states).toBeGreaterThan(150)
    expect(transitions).toBeGreaterThan(states)
  })

  test('a failure is shrunk to a list of moves that plays it again', { timeout: 600_000 }, () => {
    const sabotage = sabotages.find(({ name }) => name === 'totals are paid as if they were due')
    const copy = breakCopy(sabotage as NonNullable<typeof sabotage>)
    const sim = (...args: readonly string[]) => {
      const files = ['--import', join(copy, 'test/sim/crypto/register.ts'), join(copy, 'test/sim/main.ts')]
      return spawnSync(process.execPath, [...files, ...args], { encoding: 'utf8', cwd: copy })
    }
    const failed = sim('--seeds', '6', '--steps', '120', '--workers', '1', '--json')
    expect(failed.status).toBe(1)
    const [{ seed, guarantee, moves, file }] = JSON.parse(failed.stdout).broken
    expect([seed > 0, guarantee]).toEqual([true, 'G2'])
    expect(moves.length).toBeLessThan(20)
    expect(failed.stderr).toContain(`--replay ${file}`)
    const again = sim('--replay', file)
    expect([again.status, again.stdout]).toEqual([1, expect.stringContaining('G2 (never paid twice)')])
  })

  const sample = [
    'commits of any epoch',
    'a standing deposit',
    'signatures are optional',
    'a foreign root is taken for a head',
  ]
  test.each(sample)('sees the sabotage: %s', { timeout: 600_000 }, async (name) => {
    const sabotage = sabotages.find((one) => one.name === name)
    expect(sabotage).toBeDefined()
    const { found } = await bite(sabotage as NonNullable<typeof sabotage>, { finds: 1, seedsMax: 40, steps: 500 })
    expect(found.map(({ guarantee }) => guarantee)).toEqual([sabotage?.guarantee])
  })
})
