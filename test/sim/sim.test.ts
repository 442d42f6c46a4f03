/** The hostile host, every day: so many seeds, and no guarantee breaks. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

const folder = import.meta.dirname
const [seeds, steps] = [200, 500]

describe('simulation', () => {
  test(`${seeds} seeds of ${steps} moves break no guarantee`, { timeout: 600_000 }, () => {
    const { stdout, stderr } = spawnSync(
      process.execPath,
      [
        ...['--import', join(folder, 'crypto/register.ts'), join(folder, 'main.ts')],
        ...['--seeds', `${seeds}`, '--steps', `${steps}`, '--json'],
      ],
      { encoding: 'utf8' },
    )
    expect(stderr).toBe('')
    const { broken, endings, landed, ...told } = JSON.parse(stdout)
    expect(broken).toEqual([])
    expect(told).toMatchObject({ seeds, steps: seeds * steps })
    // A simulation in which nothing happens proves nothing.
    expect(landed).toBeGreaterThan(10 * seeds)
    expect(Object.keys(endings)).toEqual(expect.arrayContaining(['paid', 'exited']))
  })
})
