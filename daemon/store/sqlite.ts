/** SQLite in WAL mode, every commit forced to disk: the database of a daemon that has a machine to itself. */
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { pause } from '../pause.ts'
import { createTurns } from '../turns.ts'
import { type Database, type Query, type Row, type StoreCode, StoreError, type Value } from './database.ts'

/** Another process may be taking the lead, or making a backup. */
const busyMs = 5_000
const lockPollMs = 100

/** Opens or creates the file. @throws StoreError */
export function openSqlite(path: string): Database {
  const writer = connect(path)
  // Commits that an earlier process made without forcing them, because it was killed in the middle of that, are
  // visible here. They are forced before anyone is told of them: what a checkpoint copies, it syncs.
  attempt(() => writer.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_checkpoint(TRUNCATE)'))
  // Reads have a connection of their own: they see nothing of a transaction that is still under way.
  const reader = connect(path)
  const turns = createTurns()
  const queryOn = (db: DatabaseSync): Query => {
    const statements = new Map<string, StatementSync>()
    return async (sql, ...values) =>
      attempt(() => {
        const statement = statements.get(sql) ?? db.prepare(sql)
        statements.set(sql, statement)
        return statement.all(...(values as Value[])) as Row[]
      })
  }
  const writing = queryOn(writer)
  let lock: DatabaseSync | undefined

  return {
    dialect: { schema: (step) => step, hold: '', json: '' },
    query: queryOn(reader),
    async snapshot(work) {
      const own = connect(path)
      try {
        own.exec('BEGIN')
        return await work(queryOn(own))
      } finally {
        own.close()
      }
    },
    write: (work, durability = 'forced') =>
      turns.run(async () => {
        attempt(() => writer.exec(`PRAGMA synchronous = ${durability === 'forced' ? 'FULL' : 'NORMAL'}`))
        attempt(() => writer.exec('BEGIN IMMEDIATE'))
        try {
          const result = await work(writing)
          attempt(() => writer.exec('COMMIT'))
          return result
        } catch (error) {
          // A failed COMMIT (disk full) may have ended the transaction already.
          if (writer.isTransaction) writer.exec('ROLLBACK')
          throw error
        }
      }),
    async lock(signal) {
      // In a file of its own: the lock on it is the system's, and goes with the process however that ends.
      lock ??= connect(`${path}-leader`)
      lock.exec('PRAGMA busy_timeout = 0')
      while (!tryLock(lock)) await pause(lockPollMs, signal)
      return { lost: new Promise(() => undefined) }
    },
    async close() {
      await turns.run(async () => undefined)
      for (const db of [reader, writer, lock]) db?.close()
    },
  }
}

const connect = (path: string): DatabaseSync =>
  attempt(() => {
    const db = new DatabaseSync(path)
    db.exec(`PRAGMA busy_timeout = ${busyMs}; PRAGMA foreign_keys = ON`)
    return db
  })

function tryLock(db: DatabaseSync): boolean {
  try {
    if (!db.isTransaction) db.exec('BEGIN EXCLUSIVE')
    return true
  } catch (error) {
    if (primaryCode(error) === codes.busy) return false
    throw toStoreError(error)
  }
}

/** https://sqlite.org/rescode.html */
const codes = { busy: 5, readOnly: 8, io: 10, corrupt: 11, full: 13, cannotOpen: 14, constraint: 19, notADatabase: 26 }

const storeCodes: Readonly<Record<number, StoreCode>> = {
  [codes.readOnly]: 'STORE_READ_ONLY',
  [codes.io]: 'STORE_IO',
  [codes.corrupt]: 'STORE_DAMAGED',
  [codes.full]: 'STORE_FULL',
  [codes.cannotOpen]: 'STORE_UNREACHABLE',
  [codes.constraint]: 'STORE_CONFLICT',
  [codes.notADatabase]: 'STORE_DAMAGED',
}

const primaryCode = (error: unknown): number =>
  error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0

function toStoreError(cause: unknown): StoreError {
  const message = cause instanceof Error ? cause.message : String(cause)
  return new StoreError(storeCodes[primaryCode(cause)] ?? 'STORE_FAILED', `SQLite: ${message}`, { cause })
}

function attempt<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw toStoreError(error)
  }
}
