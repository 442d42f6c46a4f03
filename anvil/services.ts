/** Core and daemon as processes of their own, started again when they die. */
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Configuration } from '../ledger/structs.ts'
import { struct } from '../protocol/codec.ts'
import type { Child, Children } from './children.ts'
import { writePrivate } from './durable.ts'
import type { Home } from './home.ts'
import { type Service, startService } from './service.ts'
import { type DaemonOrder, makeDaemonConfiguration } from './settings.ts'

const project = join(import.meta.dirname, '..')

export interface Services {
  readonly core: Service
  readonly daemon: Service
  /** Where the daemon's API is. */
  readonly url: string
  /** Where the operator's is; the token is in the folder, see {@link operatorTokenName}. */
  readonly operatorUrl: string
}

/** File of the run's folder with the operator's token. */
export const operatorTokenName = 'operator.token'

export interface ServicesOptions extends Pick<DaemonOrder, 'deployment' | 'payIntervalMs'> {
  readonly children: Children
  readonly folder: string
  /** Port of the daemon's API; 0 takes a free one. */
  readonly port: number
  readonly configuration: Configuration
  readonly home: Home
  readonly restartsMax?: number
  readonly onStart: (child: Child) => void
  /** Hears of a process that is down and stays down. */
  readonly onFailure: (error: Error) => void
}

/** Writes their configurations and starts them; the daemon finds the core by itself. */
export async function startServices(options: ServicesOptions): Promise<Services> {
  const { children, folder, port, deployment, payIntervalMs, configuration, home, onStart, onFailure, restartsMax } =
    options
  const listen = `127.0.0.1:${await findPort(port)}`
  const operator = { listen: `127.0.0.1:${await findPort(0)}`, tokenFile: join(folder, operatorTokenName) }
  writeFileSync(operator.tokenFile, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600 })
  const core = `unix:${socketPath(folder)}`
  const paths = { configuration: join(folder, 'configuration.json'), daemon: join(folder, 'daemon.json') }
  writeJson(paths.configuration, struct('Configuration').write(configuration))
  const own = {
    core,
    kms: home.kms,
    listen,
    operator,
    store: `sqlite:${join(folder, 'daemon.sqlite')}`,
    configuration: paths.configuration,
    noteKey: join(folder, 'note.key'),
    record: recordPath(folder),
  }
  writeJson(paths.daemon, makeDaemonConfiguration({ ...own, deployment, payIntervalMs }))

  const start = (name: string, args: string[], env: Record<string, string> = {}): Service =>
    startService({
      children,
      order: { name, file: process.execPath, args, env, logPath: logPath(folder, name) },
      onStart,
      onFailure,
      ...(restartsMax === undefined ? {} : { restartsMax }),
    })
  return {
    core: start('core', home.coreArguments(core)),
    daemon: start('daemon', [join(project, 'daemon/main.ts')], {
      ...home.environment,
      BURSAR_CONFIG: paths.daemon,
    }),
    url: `http://${listen}`,
    operatorUrl: `http://${operator.listen}`,
  }
}

/** Keeps a file that tells who runs under which process id, for whoever wants to look, or to kill one and see what happens. */
export function createProcessList(path: string): (child: Child) => void {
  const pids: Record<string, number> = {}
  return ({ name, pid }) => {
    pids[name] = pid
    writePrivate(path, Buffer.from(`${JSON.stringify(pids, null, 2)}\n`)) // whole, whoever reads it meanwhile
  }
}

/** Where the record of the contract's deployment lies. */
export const recordPath = (folder: string): string => join(folder, 'treasury.json')

/** Where the output of a process goes. */
export const logPath = (folder: string, name: string): string => join(folder, 'logs', `${name}.log`)

const writeJson = (path: string, value: unknown): void =>
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 })

/** A path of a unix socket has at most 107 bytes; a folder may be deeper. */
function socketPath(folder: string): string {
  const path = join(folder, 'core.sock')
  return Buffer.byteLength(path) <= 107 ? path : join(tmpdir(), `bursar-${process.pid}.sock`)
}

/** A port that is free now, the wanted one if it is not 0: the daemon must come back at the same one when it is restarted. */
async function findPort(wanted: number): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(new Error(`port ${wanted} cannot be used`, { cause })))
    server.listen(wanted, '127.0.0.1', resolve)
  })
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}
