/** What a monitor remembers from one start to the next: the newest signed head, and what it takes for right. */
import { existsSync, renameSync, writeFileSync } from 'node:fs'
import { hex, nullable, object, text, type Value } from '../../protocol/codec.ts'
import { signedLogHead } from '../../protocol/messages.ts'
import { readJsonFile } from '../jsonFile.ts'

const seen = object({
  contract: hex(20),
  head: nullable(signedLogHead),
  configHash: nullable(hex(32)),
  committer: nullable(hex(20)),
  /** PCR0 to PCR2 of what attested itself, one after the other. */
  image: nullable(text(400)),
})

export type Seen = Value<typeof seen>

const next = 'take it from a copy; or delete it, and what is seen next is taken for right'

/** Undefined before the first look. @throws Fault */
export const readSeen = (path: string): Seen | undefined =>
  existsSync(path) ? readJsonFile(path, 'memory of bursar monitor', seen, next) : undefined

/** Replaced as a whole: a crash leaves the old one. */
export function writeSeen(path: string, value: Seen): void {
  writeFileSync(`${path}.new`, `${JSON.stringify(seen.write(value), null, 2)}\n`)
  renameSync(`${path}.new`, path)
}
