/** P9: what an account takes. In a process of its own, which holds nothing else. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Bench, show } from './measure.ts'

const bytesMost = 250
const residentMost = 512 * 1024 * 1024

export const memory: Bench = {
  name: 'memory',
  async run(say) {
    say('a core that grows to 1,000,000 accounts')
    const holder = join(import.meta.dirname, 'holdAccounts.ts')
    const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', holder])
    const { bytesEach, resident }: { bytesEach: number; resident: number } = JSON.parse(stdout)
    return [
      {
        id: 'P9',
        what: 'bytes a core account',
        goal: `at most ${bytesMost}`,
        measured: show(bytesEach),
        isReached: bytesEach <= bytesMost,
      },
      {
        id: 'P9',
        what: 'resident, a core of 1,000,000 accounts',
        goal: 'under 512 MiB',
        measured: `${show(resident / 1024 / 1024)} MiB`,
        isReached: resident < residentMost,
      },
    ]
  },
}
