/** What `bursar verify` saw of each daemon's log the last time: without it, two looks at a forked log would both be green. */
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import type { LogMemory } from '../client/index.ts'
import type { Hex } from '../ledger/hex.ts'
import { count, hex, list, object, text } from '../protocol/codec.ts'
import { readJsonFile } from './jsonFile.ts'

const file = object({
  daemons: list(object({ url: text(2000), contract: hex(20), size: count, root: hex(32) }), 10_000),
})

export const memoryPathDefault = (): string =>
  join(process.env.XDG_STATE_HOME ?? join(homedir(), '.local/state'), 'bursar', 'verify.json')

const next = 'take it from a copy; or delete it, and a fork of the logs seen so far goes unnoticed'

const daemonsIn = (path: string) =>
  existsSync(path) ? readJsonFile(path, 'memory of bursar verify', file, next).daemons : []

/** Undefined where this daemon was never seen, or only at work for another contract than the trusted one. @throws Fault */
export const recall = (path: string, url: string, contract: Hex | null): LogMemory | undefined =>
  daemonsIn(path).findLast((daemon) => daemon.url === url && (contract === null || daemon.contract === contract))

/** Replaced as a whole: a crash leaves the old one. */
export function remember(path: string, url: string, memory: LogMemory): void {
  const others = daemonsIn(path).filter((daemon) => daemon.url !== url || daemon.contract !== memory.contract)
  mkdirSync(dirname(path), { recursive: true })
  const daemons = [...others, { url, ...memory }]
  writeFileSync(`${path}.new`, `${JSON.stringify(file.write({ daemons }), null, 2)}\n`)
  renameSync(`${path}.new`, path)
}
