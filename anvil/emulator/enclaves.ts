/** Emulated enclaves, each a process with QEMU below it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type CoreConnection, connectCore } from '../../daemon/enclaveClient.ts'
import { type Child, createChildren } from '../children.ts'
import { waitFor } from '../waiting.ts'

/** A boot takes 10 s on idle cores, and four times that on busy ones. */
const bootWithinMs = 180_000

export interface BootOrder {
  readonly eifPath: string
  readonly pkiFolder: string
  readonly isDebug?: boolean
}

export interface Enclave {
  /** How long it took until the core listened, from the start of the process. */
  readonly bootMs: number
  readonly corePath: string
  /** Leads to the core as another enclave would reach it. */
  readonly foreignPath: string
  connect(): Promise<CoreConnection>
  kill(): Promise<void>
}

/** A place for enclaves; `close` ends all that were booted. */
export function createEnclaves() {
  const folder = mkdtempSync(join(tmpdir(), 'bursar-enclaves-'))
  const children = createChildren()
  const running = new Set<Child>()
  let count = 0

  return {
    folder,
    async boot({ eifPath, pkiFolder, isDebug = false }: BootOrder): Promise<Enclave> {
      const { signal } = new AbortController()
      const own = join(folder, `${count++}`)
      const [corePath, foreignPath, logPath] = [`${own}.sock`, `${own}.foreign`, `${own}.log`]
      const startedAt = performance.now()
      let bootMs: number | undefined
      const child = children.start({
        name: 'enclave',
        file: process.execPath,
        args: [
          ...['anvil/emulator/boot.ts', '--eif', eifPath, '--pki', pkiFolder],
          ...['--listen', `unix:${corePath}`, '--foreign', foreignPath],
          ...(isDebug ? ['--debug'] : []),
        ],
        logPath,
        onLine: (line) => {
          if (line.trim() === 'listening') bootMs = performance.now() - startedAt
        },
      })
      running.add(child)
      const booted = await listens(child, async () => bootMs).catch((cause) => {
        child.kill('SIGKILL')
        throw new Error(`${cause.message}; its console:\n${readFileSync(logPath, 'utf8')}`, { cause })
      })
      return {
        bootMs: booted,
        corePath,
        foreignPath,
        connect: () => connectCore(`unix:${corePath}`, signal),
        async kill() {
          child.kill('SIGKILL')
          await child.exited
        },
      }
    },
    async close() {
      for (const child of running) child.kill('SIGKILL')
      await Promise.all([...running].map(({ exited }) => exited))
      rmSync(folder, { recursive: true })
    },
    /** Keeps an image beside the others. @returns its path */
    keep(name: string, eif: Uint8Array): string {
      const path = join(folder, name)
      writeFileSync(path, eif)
      return path
    },
  }
}

/** Waits until the core in it listens. @throws Error as soon as its process has ended */
async function listens(child: Child, bootMs: () => Promise<number | undefined>): Promise<number> {
  const waiting = new AbortController()
  void child.exited.then((how) => waiting.abort(new Error(`the enclave ended at boot (${how})`)))
  return waitFor({ what: 'the enclave does not boot', timeoutMs: bootWithinMs, signal: waiting.signal }, bootMs)
}
