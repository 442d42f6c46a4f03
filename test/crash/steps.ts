/**
 * Loaded before a daemon or a core: numbers everything that others can see of it as a step, before and after it: every
 * commit and file on disk, every message sent, every reply. `STEPS_RECORD` names a file for the steps of a run;
 * `STEPS_KILL` the step at which the process is killed, and `STEPS_ALSO` the file with the id of another that is killed
 * with it. The product knows nothing of this.
 *
 * What changes nothing for anyone is no step: a statement before its transaction commits, and the sync of a file, which
 * the system has from whoever is killed, synced or not (what a lost power supply leaves, disk.test.ts asks).
 */
import fs from 'node:fs'
import { ServerResponse } from 'node:http'
import { syncBuiltinESMExports } from 'node:module'
import { Socket } from 'node:net'
import { DatabaseSync, StatementSync } from 'node:sqlite'
import pg from 'pg'

const { STEPS_RECORD: record, STEPS_KILL: kill, STEPS_ALSO: also } = process.env
const { writeSync, readFileSync } = fs
const list = record ? fs.openSync(record, 'a') : undefined
const counts = new Map<string, number>()

/** @returns what is to be called after it */
function begin(name: string): () => void {
  const count = (counts.get(name) ?? 0) + 1
  counts.set(name, count)
  reach(`${name} ${count} before`)
  return () => reach(`${name} ${count} after`)
}

function reach(step: string): void {
  if (list !== undefined) writeSync(list, `${step}\n`)
  if (step !== kill) return
  if (also) process.kill(Number(readFileSync(also, 'utf8')), 'SIGKILL')
  process.kill(process.pid, 'SIGKILL')
}

type Any = (...args: never[]) => unknown

/** Puts a step around each call that `name` gives a name; of one that answers later, after its answer. */
function wrap<T extends object>(
  target: T,
  method: keyof T & string,
  name: (self: never, args: never[]) => string | undefined,
): void {
  const original = target[method] as Any
  target[method] = function (this: never, ...args: never[]) {
    const step = name(this, args)
    if (step === undefined) return original.apply(this, args)
    const done = begin(step)
    const result = original.apply(this, args)
    if (!(result instanceof Promise)) {
      done()
      return result
    }
    return result.finally(done)
  } as never
}

/** What each connection has said since its `BEGIN`: by that its `COMMIT` is told from others. */
const begun = new WeakMap<object, Set<string>>()
function nameOfSql(connection: object, sql: string): string | undefined {
  const [, words] =
    /^\s*(BEGIN|COMMIT|ROLLBACK|INSERT INTO \w+|UPDATE \w+|DELETE FROM \w+|CREATE TABLE|CREATE INDEX)/.exec(sql) ?? []
  if (words === undefined) return undefined
  const said = begun.get(connection)
  if (words === 'BEGIN') begun.set(connection, new Set())
  else if (words === 'ROLLBACK') begun.delete(connection)
  else if (words === 'COMMIT') {
    begun.delete(connection)
    return said?.size ? `store: COMMIT of ${[...said].join(', ')}` : undefined
  } else if (said) said.add(words)
  else return `store: ${words}`
  return undefined
}

const sqlOf = (query: unknown): string =>
  typeof query === 'string' ? query : ((query as { text?: string }).text ?? '')

/** A frame to or from the core; the answer to a batch. Everything else is bytes of somebody's protocol. */
function nameOfFrame(bytes: unknown): string | undefined {
  if (!(bytes instanceof Uint8Array) || bytes[8] !== 0x7b) return undefined
  const text = Buffer.from(bytes.subarray(8)).toString('latin1')
  const [, method] = /^\{"id":\d+,"method":"(\w+)"/.exec(text) ?? []
  if (method) return method === 'status' ? undefined : `core: ${method}`
  const [, member] = /^\{"id":\d+,"result":\{"(\w+)"/.exec(text) ?? []
  return member && member !== 'phase' ? `reply: ${member}` : undefined
}

wrap(DatabaseSync.prototype, 'exec', (self, [sql]) => nameOfSql(self, sql as unknown as string))
const sources = new WeakMap<object, readonly [DatabaseSync, string]>()
const prepare = DatabaseSync.prototype.prepare
DatabaseSync.prototype.prepare = function (sql, ...rest) {
  const statement = prepare.call(this, sql, ...rest)
  sources.set(statement, [this, sql])
  return statement
}
wrap(StatementSync.prototype, 'all', (self) => nameOfSql(...(sources.get(self) as [DatabaseSync, string])))
wrap(pg.Client.prototype as unknown as { query: Any }, 'query', (self, [query]) => nameOfSql(self, sqlOf(query)))
wrap(Socket.prototype as unknown as { write: Any }, 'write', (_, [bytes]) => nameOfFrame(bytes))
wrap(
  ServerResponse.prototype as unknown as { end: Any },
  'end',
  ({ req, statusCode }: { req: { method: string; url: string }; statusCode: number }) =>
    req.method === 'POST' ? `http: ${statusCode} to ${req.url}` : undefined,
)
wrap(globalThis as unknown as { fetch: Any }, 'fetch', (_, args) => {
  const [, init] = args as unknown as [unknown, { body?: unknown }?]
  return `${init?.body}`.includes('eth_sendRawTransaction') ? 'chain: send' : undefined
})
for (const method of ['writeFileSync', 'renameSync'] as const)
  wrap(fs as unknown as Record<string, Any>, method, () => `file: ${method}`)
syncBuiltinESMExports()
