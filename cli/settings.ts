/** The daemon's settings, for the operator's commands: the same file and environment as the daemon reads. */
import { readFileSync, statSync } from 'node:fs'
import type { Command } from 'commander'
import { type Client, createClient } from '../client/index.ts'
import { type Config, ConfigFaults, type LaneAndHost, loadConfig } from '../daemon/config.ts'
import { Fault } from './fault.ts'

export interface SettingsOptions {
  readonly config: string
  readonly json: boolean
  readonly lane?: string
}

export const settingsPathDefault = '/etc/bursar/daemon.json'

/** Adds `--config`, `--lane` and `--json`. */
export const withSettings = (command: Command): Command =>
  command
    .option('--config <file>', 'settings of the daemon', process.env.BURSAR_CONFIG ?? settingsPathDefault)
    .option('--lane <name>', 'which lane, where the settings have several')
    .option('--json', 'print one line of JSON', false)

/** Every lane of the settings, or the one that is named. @throws Fault `SETTINGS_FAULTY` with every fault, `NO_SUCH_LANE` */
export function readLanes({ config: path, lane: wanted }: SettingsOptions): readonly LaneAndHost[] {
  const { host, lanes } = readSettings(path)
  const found = lanes.filter(({ name }) => wanted === undefined || name === wanted)
  if (found.length > 0) return found.map((lane) => ({ ...host, ...lane }))
  throw new Fault('NO_SUCH_LANE', `the settings have no lane ${wanted}`, { next: nameOne(lanes), exitCode: 2 })
}

/** The lane that is meant. @throws Fault `LANE_NOT_NAMED` where there are several */
export function readLane(options: SettingsOptions): LaneAndHost {
  const lanes = readLanes(options)
  if (lanes.length === 1) return lanes[0] as LaneAndHost
  throw new Fault('LANE_NOT_NAMED', 'the settings have several lanes', { next: nameOne(lanes), exitCode: 2 })
}

const nameOne = (lanes: readonly { readonly name: string | null }[]): string =>
  lanes[0]?.name === null ? 'leave --lane out' : `--lane with one of ${lanes.map(({ name }) => name).join(', ')}`

function readSettings(path: string): Config {
  try {
    return loadConfig({
      env: { ...process.env, BURSAR_CONFIG: path },
      readFile: (file) => readFileSync(file, 'utf8'),
      modeOf: (file) => statSync(file).mode,
    })
  } catch (error) {
    if (!(error instanceof ConfigFaults)) throw error
    throw new Fault('SETTINGS_FAULTY', `the settings have faults:\n  ${error.faults.join('\n  ')}`, {
      next: 'mend them; `bursar init` writes a file with every setting and what it means',
      exitCode: 2,
    })
  }
}

/** Where a listener is reached from this machine. */
const urlOf = (listen: string): string => `http://${listen.replace(/^0\.0\.0\.0:/, '127.0.0.1:')}`

const laneUrl = (listen: string, { name }: LaneAndHost): string =>
  name === null ? urlOf(listen) : `${urlOf(listen)}/lanes/${name}`

export const daemonClient = (lane: LaneAndHost): Client => createClient({ url: laneUrl(lane.listen, lane) })

/** For the operator's API, token and all. @throws Fault where there is none */
export function operatorClient(lane: LaneAndHost): Client {
  const { operator, operatorToken } = lane
  if (!operator || !operatorToken)
    throw new Fault('NO_OPERATOR_API', 'the settings have no `operator`', {
      next: 'add {"listen", "tokenFile"} as `bursar init` writes it, and restart the daemon',
    })
  const headers = { authorization: `Bearer ${operatorToken}` }
  const url = laneUrl(operator.listen, lane)
  return createClient({ url, fetch: (place, init) => fetch(place, { ...init, headers }) })
}
