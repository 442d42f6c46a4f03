/** The processes that the demonstration starts. None outlives it, however it ends. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream, existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Writable } from 'node:stream'

/** A process that was asked to end and does not is killed after this. */
const graceMs = 10_000

export interface ChildOrder {
  readonly name: string
  readonly file: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** What the process writes is appended here. */
  readonly logPath: string
  /** Hears each line that the process writes to stdout. */
  readonly onLine?: (line: string) => void
}

export interface Child {
  readonly name: string
  readonly pid: number
  readonly stdin: Writable
  /** Resolves when it is gone, with its exit code or the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals>
  kill(signal: NodeJS.Signals): void
  /** Asks it to end, waits, kills it if it must. */
  stop(): Promise<void>
}

export interface Children {
  start(order: ChildOrder): Child
}

/** Starts processes; whatever ends this one ends them. */
export function createChildren(): Children {
  const running = new Set<ChildProcess>()
  process.on('exit', () => {
    for (const child of running) child.kill('SIGKILL')
  })
  return {
    start(order) {
      const child = spawnChild(order)
      running.add(child.process)
      void child.exited.then(() => running.delete(child.process))
      return child
    },
  }
}

/** A kill that cannot be caught would leave the others behind: the kernel ends them then, where util-linux can ask it to. */
const setpriv = '/usr/bin/setpriv'
const endsWithUs = existsSync(setpriv) ? [setpriv, '--pdeathsig', 'KILL', '--'] : []

function spawnChild({ name, file, args, env = {}, logPath, onLine }: ChildOrder): Child & { process: ChildProcess } {
  // In a process group of its own: Ctrl-C is for us alone, who end the others in order.
  const [command = file, ...before] = [...endsWithUs, file]
  const child = spawn(command, [...before, ...args], {
    env: { ...process.env, ...env },
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const log = createWriteStream(logPath, { flags: 'a', mode: 0o600 })
  child.stdout.pipe(log, { end: false })
  child.stderr.pipe(log, { end: false })
  createInterface({ input: child.stdout }).on('line', (line) => onLine?.(line))
  // It may be gone before it has read everything; that it is gone, `exited` says.
  child.stdin.on('error', () => child.stdin.destroy())
  // Whoever hears that it is gone finds all that it wrote in the log.
  const exited = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once('error', (error) => log.end(`${error.message}\n`, () => resolve(1)))
    child.once('close', (code, signal) => log.end(() => resolve(code ?? signal ?? 1)))
  })
  return {
    process: child,
    name,
    pid: child.pid ?? 0,
    stdin: child.stdin,
    exited,
    kill: (signal) => void child.kill(signal),
    async stop() {
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs)
      await exited
      clearTimeout(timer)
    },
  }
}
