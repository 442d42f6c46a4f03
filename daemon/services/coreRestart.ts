/** Restarts the core by the operator's command, where it holds what does not go with the store: nothing else can help then. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Logger } from 'pino'
import { messageOf } from '../errors.ts'

const withinMs = 30_000

/** @returns whether there is a command, and it ended well */
export type RestartCore = (reason: string) => Promise<boolean>

/** `command` is a program and its arguments; null: the operator restarts the core. */
export function createCoreRestart(command: readonly string[] | null, log: Logger): RestartCore {
  return async (reason) => {
    const [program, ...args] = command ?? []
    if (!program) {
      log.error({ reason }, 'the core must be restarted, and the settings name no command for it')
      return false
    }
    try {
      await promisify(execFile)(program, args, { timeout: withinMs })
      log.warn({ reason }, 'the core was restarted')
      return true
    } catch (error) {
      log.error({ reason, error: messageOf(error) }, 'the command that restarts the core failed')
      return false
    }
  }
}
