/** The daemon's settings, for the operator's commands: the same file and environment as the daemon reads. */
import { readFileSync, statSync } from 'node:fs'
import type { Command } from 'commander'
import { type Client, createClient } from '../client/index.ts'
import { type Config, ConfigFaults, loadConfig } from '../daemon/config.ts'
import { Fault } from './fault.ts'

export interface SettingsOptions {
  readonly config: string
  readonly json: boolean
}

export const settingsPathDefault = '/etc/bursar/daemon.json'

/** Adds `--config` and `--json`. */
export const withSettings = (command: Command): Command =>
  command
    .option('--config <file>', 'settings of the daemon', process.env.BURSAR_CONFIG ?? settingsPathDefault)
    .option('--json', 'print one line of JSON', false)

/** @throws Fault `SETTINGS_FAULTY` with every fault */
export function readSettings(path: string): Config {
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

export const daemonClient = ({ listen }: Config): Client => createClient({ url: urlOf(listen) })

/** For the operator's API, token and all. @throws Fault where there is none */
export function operatorClient({ operator, operatorToken }: Config): Client {
  if (!operator || !operatorToken)
    throw new Fault('NO_OPERATOR_API', 'the settings have no `operator`', {
      next: 'add {"listen", "tokenFile"} as `bursar init` writes it, and restart the daemon',
    })
  const headers = { authorization: `Bearer ${operatorToken}` }
  return createClient({ url: urlOf(operator.listen), fetch: (place, init) => fetch(place, { ...init, headers }) })
}
