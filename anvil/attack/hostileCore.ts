/** Cores that a hostile host runs: the same program, its process under the host's hand. */
import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Core, connectCore } from '../../daemon/enclaveClient.ts'
import { Refusal } from '../../ledger/refusal.ts'
import type { Children } from '../children.ts'
import type { Home } from '../home.ts'
import { logPath } from '../services.ts'

export interface HostileCore extends Core {
  stop(): Promise<void>
}

export interface CoreOrder {
  readonly children: Children
  readonly home: Home
  readonly folder: string
  readonly name: string
  /** Folder with the platform's keys. */
  readonly keys: string
}

/** Starts an empty core. */
export async function startCore({ children, home, folder, name, keys }: CoreOrder): Promise<HostileCore> {
  const endpoint = `unix:${join(tmpdir(), `bursar-${randomBytes(6).toString('hex')}.sock`)}`
  const ready = Promise.withResolvers<void>()
  const args = home.coreArguments(endpoint).map((arg) => (arg === join(folder, 'core') ? keys : arg))
  const child = children.start({
    name,
    file: process.execPath,
    args,
    logPath: logPath(folder, name),
    onLine: () => ready.resolve(),
  })
  void child.exited.then((how) => ready.reject(new Error(`the core "${name}" ended with ${how}`)))
  await ready.promise
  const connection = await connectCore(endpoint, new AbortController().signal)
  return {
    request: connection.request,
    async stop() {
      connection.close()
      await child.stop()
    },
  }
}

/** The code with which a core refuses; undefined where it does what it is asked. */
export async function refusalOf(asked: Promise<unknown>): Promise<string | undefined> {
  try {
    await asked
    return undefined
  } catch (error) {
    if (error instanceof Refusal) return error.code
    throw error
  }
}
