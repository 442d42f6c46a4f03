/**
 * A reporter of the demonstration: a real `bursar report` process, fed on its stdin as a gateway would feed it. If it dies,
 * another begins and is given everything again: what was stored already it knows and leaves out.
 */
import { once } from 'node:events'
import { join } from 'node:path'
import type { Writable } from 'node:stream'
import type { Child, Children } from './children.ts'

/** The command itself, without the launcher that `npx bursar` goes through: that one leaves it behind when it is killed. */
const bursar = join(import.meta.dirname, '../cli/main.ts')
/** Small batches, soon: there is something to see. */
const pace = ['--batch', '40', '--flush-ms', '250']
/** What the command says by its exit code: 75, that running it again may help. Killed is worth another try too. */
const tryAgain = 75

export interface Reporter {
  /** Gives one line more. */
  send(line: string): void
  /** Ends the input and waits until all of it is acknowledged. */
  finish(): Promise<void>
  stop(): Promise<void>
}

export interface ReporterOptions {
  readonly children: Children
  readonly name: string
  readonly keyPath: string
  readonly url: string
  readonly logPath: string
  readonly onStart: (child: Child) => void
  /** Hears that the reporter is down and stays down. */
  readonly onFailure: (error: Error) => void
}

/** A pipe whose reader is killed breaks before the death is heard of: that one is waited for then. */
const drained = (pipe: Writable): Promise<unknown> => once(pipe, 'drain').catch(() => new Promise(() => undefined))

export function startReporter({
  children,
  name,
  keyPath,
  url,
  logPath,
  onStart,
  onFailure,
}: ReporterOptions): Reporter {
  const lines: string[] = []
  const finished = Promise.withResolvers<void>()
  let more = Promise.withResolvers<void>()
  let [hasEnded, isStopping] = [false, false]
  let child = launch()

  function launch(): Child {
    const args = [bursar, 'report', '--key', keyPath, '--url', url, ...pace]
    const started = children.start({ name, file: process.execPath, args, logPath })
    onStart(started)
    void feed(started)
    void started.exited.then((how) => {
      if (isStopping) return
      if (how === 0 && hasEnded) finished.resolve()
      else if (typeof how === 'string' || how === tryAgain) child = launch()
      else onFailure(new Error(`the ${name} ended with ${how}: see ${logPath}`))
    })
    return started
  }

  /** Everything from the first line on, at the pace at which it is read. */
  async function feed({ stdin, exited }: Child): Promise<void> {
    for (let next = 0; stdin.writable; ) {
      const line = lines[next]
      if (line !== undefined) {
        next++
        if (!stdin.write(`${line}\n`)) await Promise.race([drained(stdin), exited])
      } else if (hasEnded) {
        stdin.end()
      } else await Promise.race([more.promise, exited])
    }
  }

  function wake(): void {
    more.resolve()
    more = Promise.withResolvers()
  }

  return {
    send(line) {
      lines.push(line)
      wake()
    },
    async finish() {
      hasEnded = true
      wake()
      await finished.promise
    },
    async stop() {
      isStopping = true
      await child.stop()
    },
  }
}
