/**
 * A store's copy: consistent while the daemon goes on writing, and a SQLite file whichever engine it was made of, so that
 * it can be looked into with common tools and restored to either. What a copy holds is checked when it is made and again
 * when it is restored; that it is not too old, the contract's head says when the core opens on it (`FOREIGN_ROOT`).
 */
import { existsSync } from 'node:fs'
import { leafHash } from '../../ledger/eventLog.ts'
import { type Hex, toHex } from '../../ledger/hex.ts'
import { sqlitePrefix } from './address.ts'
import { type Database, insertRows, type Query, type Row, StoreError, type Value } from './database.ts'
import { migrate, versionOf } from './migrations.ts'
import { openDatabase } from './open.ts'
import { placeAfter } from './sealedHeader.ts'
import type { RecordPlace } from './store.ts'

/** All that is copied, and the columns that order it. A test holds this list against the schema. */
export const copiedTables: Readonly<Record<string, readonly string[]>> = {
  deployment: ['config_hash'],
  leader: ['one'],
  snapshot: ['chunk'],
  snapshot_place: ['one'],
  records: ['number'],
  entries: ['position'],
  ledger_state: ['chunk'],
  log_heads: ['boot', 'epoch', 'size'],
  intents: ['id'],
  commits: ['payout_id'],
  transactions: ['hash'],
  blocks: ['number'],
  events: ['block_number', 'position'],
}

/** What only the core's key can use, or only its account. */
const ofTheKey = ['snapshot', 'snapshot_place', 'records', 'intents', 'transactions']

/** Few, for sealed things can be large. */
const rowsPerPage = 256

/** What a copy holds. */
export interface Contents {
  readonly configHash: Hex
  /** Of the core's state: the last that is sealed; undefined where there is none yet. */
  readonly lastRecord: RecordPlace | undefined
  readonly entries: number
}

/**
 * Copies the store at `address`, of a running daemon or not, to a new file. A backup holds nothing that the core did not
 * seal, but batches and payouts in clear: it is as confidential as the store.
 *
 * @throws StoreError `STORE_CONFLICT` where the file exists already, `STORE_DAMAGED` where what was read does not fit together
 */
export async function backupStore(address: string, path: string): Promise<Contents> {
  if (existsSync(path)) throw new StoreError('STORE_CONFLICT', `${path} exists already`)
  return copy(address, `${sqlitePrefix}${path}`)
}

/**
 * Copies a backup into the empty place at `address`; not `withKey`: all but what belongs to the key of the core, so that a
 * new key begins there.
 *
 * @throws StoreError `STORE_UNREACHABLE` where there is no such file, `STORE_CONFLICT` where the place is not empty,
 * `STORE_DAMAGED` where the backup does not fit together: nothing was written then
 */
export async function restoreStore(
  path: string,
  address: string,
  { withKey = true }: { readonly withKey?: boolean } = {},
): Promise<Contents> {
  if (!existsSync(path)) throw new StoreError('STORE_UNREACHABLE', `there is no file ${path}`)
  return copy(`${sqlitePrefix}${path}`, address, withKey ? [] : ofTheKey)
}

async function copy(from: string, to: string, leftOut: readonly string[] = []): Promise<Contents> {
  const source = await openDatabase(from)
  try {
    const target = await openDatabase(to)
    try {
      return await copyAll(source, target, leftOut)
    } finally {
      await target.close()
    }
  } finally {
    await source.close()
  }
}

async function copyAll(source: Database, target: Database, leftOut: readonly string[]): Promise<Contents> {
  await migrate(target)
  return source.snapshot(async (read) => {
    const [found, needed] = [await versionOf(read), await versionOf(target.query)]
    if (found !== needed)
      throw new StoreError(
        'STORE_CONFLICT',
        `the schema has version ${found}, not ${needed}: start this daemon on it once`,
      )
    // In one transaction: a copy is whole, or it is not there.
    return target.write(async (write) => {
      const [taken] = await write('SELECT config_hash FROM deployment')
      if (taken) throw new StoreError('STORE_CONFLICT', 'the place is not empty')
      await write('DELETE FROM leader') // the one row that an empty store has
      for (const [table, keys] of Object.entries(copiedTables))
        if (!leftOut.includes(table)) await copyTable({ read, write }, table, keys)
      // Whoever leads the original is not to be taken for the leader of the copy.
      await write('UPDATE leader SET generation = generation + 1')
      return checkContents(write)
    })
  })
}

async function copyTable(
  { read, write }: { readonly read: Query; readonly write: Query },
  table: string,
  keys: readonly string[],
): Promise<void> {
  for await (const rows of pagesOf(read, table, keys)) {
    const columns = Object.keys(rows[0] as Row)
    const values = rows.map((row) => columns.map((column) => row[column] as Value))
    await insertRows(write, `INSERT INTO ${table} (${columns.join(', ')})`, values)
  }
}

async function* pagesOf(query: Query, table: string, keys: readonly string[]): AsyncIterable<Row[]> {
  const order = keys.join(', ')
  const behind = `WHERE (${order}) > (${keys.map(() => '?').join(', ')})`
  for (let last: Row | undefined; ; ) {
    const place = last ? keys.map((key) => last?.[key] as Value) : []
    const rows = await query(
      `SELECT * FROM ${table} ${last ? behind : ''} ORDER BY ${order} LIMIT ${rowsPerPage}`,
      ...place,
    )
    if (rows.length === 0) return
    yield rows
    last = rows.at(-1)
  }
}

/** The core judges its sealed state itself when it loads it; here it is whole and in order, and the log with it. */
async function checkContents(query: Query): Promise<Contents> {
  const [deployment] = await query('SELECT config_hash FROM deployment')
  if (!deployment) throw new StoreError('STORE_DAMAGED', 'this is no store of a deployment')
  const [place] = await query('SELECT record AS number, hash FROM snapshot_place')
  let last = place && { number: place.number as number, hash: place.hash as Hex }
  for await (const rows of pagesOf(query, 'records', ['number'])) {
    for (const { sealed } of rows) last = nextPlace(last, sealed as Uint8Array)
  }
  let entries = 0
  let position: number | undefined
  for await (const rows of pagesOf(query, 'entries', ['position'])) {
    for (const row of rows) {
      checkEntry(row, position)
      position = row.position as number
      entries++
    }
  }
  return { configHash: deployment.config_hash as Hex, lastRecord: last, entries }
}

function nextPlace(last: RecordPlace | undefined, sealed: Uint8Array): RecordPlace {
  if (!last) throw new StoreError('STORE_DAMAGED', 'there are records without a snapshot before them')
  try {
    return placeAfter(last, sealed)
  } catch (cause) {
    throw new StoreError('STORE_DAMAGED', `the chain of records is broken after ${last.number}`, { cause })
  }
}

function checkEntry(row: Row, before: number | undefined): void {
  const { position, leaf_hash: stored } = row
  if (before !== undefined && position !== before + 1)
    throw new StoreError('STORE_DAMAGED', `entry ${before + 1} is missing`)
  if (toHex(leafHash(row.leaf as Uint8Array)) !== stored)
    throw new StoreError('STORE_DAMAGED', `entry ${position} is not what its leaf hash says`)
}
