/**
 * What the store needs of a database, in the words that SQLite and PostgreSQL share. Statements have `?` where values go.
 * A transaction is whole and on disk when its promise resolves, or nothing of it ever was.
 */
import { Fatal } from '../errors.ts'

export type Value = string | number | Uint8Array | null
export type Row = Readonly<Record<string, unknown>>

/** Rows of one statement. @throws StoreError */
export type Query = (sql: string, ...values: readonly Value[]) => Promise<Row[]>

/** The right to write, for as long as the process or its connection lives. */
export interface Lock {
  /** Resolves when it is lost, with the reason. */
  readonly lost: Promise<StoreError>
}

export interface Database {
  readonly dialect: Dialect
  /** Sees what has been committed, and nothing else. */
  readonly query: Query
  /** Reads that all see one moment, however long they take and whatever is written meanwhile. */
  snapshot<T>(work: (query: Query) => Promise<T>): Promise<T>
  /**
   * One transaction, after all that were asked for before. `later`: it outlives this process as soon as it is done, and
   * a loss of power only with the next that is forced to disk.
   */
  write<T>(work: (query: Query) => Promise<T>, durability?: 'forced' | 'later'): Promise<T>
  /** Waits until no other process holds the lock. @throws the signal's reason */
  lock(signal: AbortSignal): Promise<Lock>
  close(): Promise<void>
}

/** Where the two engines have different words for one thing. */
export interface Dialect {
  /** A step of the schema, which is written in SQLite's words. */
  schema(step: string): string
  /** Keeps the rows that were read as they are until the transaction ends. */
  readonly hold: string
  /** After a column whose text is JSON, so that a member can be asked for. */
  readonly json: string
}

/** What can go wrong with a database, by what helps against it. */
export type StoreCode =
  | 'STORE_FULL'
  | 'STORE_READ_ONLY'
  | 'STORE_IO'
  | 'STORE_DAMAGED'
  | 'STORE_UNREACHABLE'
  | 'STORE_FENCED'
  | 'STORE_CONFLICT'
  | 'STORE_FAILED'

/** The database did not do it: nothing of it was written, or it is not known whether it was. */
export class StoreError extends Error {
  override readonly name = 'StoreError'
  readonly code: StoreCode

  constructor(code: StoreCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** The failure of the store that is behind an error, if one is. */
export function storeErrorOf(error: unknown): StoreError | undefined {
  const cause = error instanceof Fatal ? error.cause : error
  return cause instanceof StoreError ? cause : undefined
}

/** Few lengths, so that few statements are prepared; each far below what an engine takes of values at once. */
const rowsPerStatement = [256, 16, 1]

/** Inserts rows, each of so many values as there are columns, many in one go. `insert` ends before `VALUES`. */
export async function insertRows(query: Query, insert: string, rows: readonly (readonly Value[])[]): Promise<void> {
  let at = 0
  for (const count of rowsPerStatement) {
    for (; rows.length - at >= count; at += count) {
      const some = rows.slice(at, at + count)
      const marks = some.map((row) => `(${row.map(() => '?').join(', ')})`).join(', ')
      await query(`${insert} VALUES ${marks}`, ...some.flat())
    }
  }
}

/** Rows in the order of a number in them, from one on, without ever holding many of them. */
export async function* pages(
  read: (from: number) => Promise<Row[]>,
  from: number,
  placeOf: (row: Row) => number,
): AsyncIterable<Row> {
  for (let next = from; ; ) {
    const rows = await read(next)
    yield* rows
    const last = rows.at(-1)
    if (!last) return
    next = placeOf(last) + 1
  }
}
