/** The daemon's settings, for the operator's commands: the same file and environment as the daemon reads. */
import { readFileSync, statSync } from 'node:fs'
import type { Command } from 'commander'
import { type Client, createClient } from '../client/index.ts'
import { type Config, ConfigFaults, loadConfig } from '../daemon/config.ts'
import type { Codec } from '../protocol/codec.ts'
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

/** Asks the operator's API. @throws Fault where there is none, or it does not answer */
export async function askOperator<T>({ operator, operatorToken }: Config, path: string, codec: Codec<T>): Promise<T> {
  if (!operator || !operatorToken)
    throw new Fault('NO_OPERATOR_API', 'the settings have no `operator`', {
      next: 'add {"listen", "tokenFile"} as `bursar init` writes it, and restart the daemon',
    })
  const headers = { authorization: `Bearer ${operatorToken}` }
  const response = await fetch(urlOf(operator.listen) + path, { headers }).catch((cause) => {
    throw new Fault('UNREACHABLE', `the daemon does not answer at ${operator.listen}`, {
      next: 'bursar doctor',
      exitCode: 75,
      cause,
    })
  })
  const answer: unknown = await response.json()
  if (response.ok) return codec.read(answer, '')
  const { code = 'HTTP_ERROR', detail = `HTTP ${response.status}` } = answer as Record<string, string>
  throw new Fault(code, detail, { next: 'bursar doctor', exitCode: response.status >= 500 ? 75 : 1 })
}
