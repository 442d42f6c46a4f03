/** Files of JSON that a person names on the command line. */
import { readFileSync } from 'node:fs'
import type { Codec } from '../protocol/codec.ts'
import { Fault } from './fault.ts'

/** @throws Fault with exit code 2 where it cannot be read or is something else; `next` says what helps where nobody names the file */
export function readJsonFile<T>(path: string, what: string, codec: Codec<T>, next?: string): T {
  try {
    return codec.read(JSON.parse(readFileSync(path, 'utf8')), '')
  } catch (cause) {
    throw new Fault('FILE_UNREADABLE', `${path} is no ${what}: ${(cause as Error).message}`, {
      next: next ?? `name a file that holds a ${what} as JSON`,
      exitCode: 2,
      cause,
    })
  }
}
