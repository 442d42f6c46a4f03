/** This machine: store, disk, daemon. */
import { statfs } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { LaneAndHost } from '../../daemon/config.ts'
import { versionOf } from '../../daemon/store/migrations.ts'
import { openDatabase } from '../../daemon/store/open.ts'
import { daemonClient } from '../settings.ts'
import { type Finding, fail, found, ok, warn } from './finding.ts'

const freeBytesLow = 2 * 2 ** 30

export const checkHost = (config: LaneAndHost): Promise<Finding[]> =>
  Promise.all([
    found('store', 'mend `store` in the settings', () => checkStore(config)),
    ...(config.store.startsWith('sqlite:') ? [found('disk', 'mend `store`', () => checkDisk(config))] : []),
    found('daemon', 'start it: bursar serve, or systemctl start bursar', () => checkDaemon(config)),
  ])

async function checkStore({ store, rules }: LaneAndHost): Promise<Finding> {
  const database = await openDatabase(store)
  try {
    const version = await versionOf(database.query)
    if (version === 0) return ok('store', 'empty: the daemon makes its tables at the first start')
    const [row] = await database.query('SELECT config_hash FROM deployment')
    if (row && row.config_hash !== rules.hash)
      return fail('store', `it belongs to configuration ${row.config_hash}`, 'name the store of this deployment')
    const [count] = await database.query('SELECT count(*) AS n FROM entries')
    return ok('store', `schema ${version}, ${count?.n} entries`)
  } finally {
    await database.close()
  }
}

async function checkDisk({ store }: LaneAndHost): Promise<Finding> {
  const folder = dirname(resolve(store.slice('sqlite:'.length)))
  const { bavail, bsize } = await statfs(folder)
  return judgeDisk(folder, bavail * bsize)
}

export function judgeDisk(folder: string, freeBytes: number): Finding {
  const said = `${(freeBytes / 2 ** 30).toFixed(1)} GiB free at ${folder}`
  return freeBytes >= freeBytesLow
    ? ok('disk', said)
    : warn('disk', said, 'make room: without it nothing is acknowledged')
}

async function checkDaemon(config: LaneAndHost): Promise<Finding> {
  const { state, isEpochOpen } = await daemonClient(config).status()
  return isEpochOpen ? ok('daemon', state) : warn('daemon', state, 'see BursarNotOpen in docs/OPERATING.md')
}
