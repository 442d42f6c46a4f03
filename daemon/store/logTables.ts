/** The part of the store that holds the log: entries, signed heads, and batches on their way to the core. */

import { createHash } from 'node:crypto'
import type { SignedLogHead } from '../../client/receipt.ts'
import { decodeEntry, type SignedConfiguration, type Entry as SignedEntry } from '../../ledger/entry.ts'
import { type Hex, toHex } from '../../ledger/hex.ts'
import { oddJson } from './codecs.ts'
import { insertRows, pages, type Query, type Row, StoreError } from './database.ts'
import { decodeGains, encodeGains, gainOf } from './gains.ts'
import type { Entry, Gain, NewEntry, Store } from './store.ts'
import type { Write } from './tables.ts'

type LogTables = Pick<
  Store,
  | 'intend'
  | 'dropIntents'
  | 'intentsAfter'
  | 'entries'
  | 'entriesFrom'
  | 'entryLike'
  | 'gains'
  | 'earnings'
  | 'configurations'
  | 'leafHashes'
  | 'saveLedger'
  | 'ledgerState'
  | 'saveLogHead'
  | 'lastLogHead'
>

const entriesPerPage = 500
/** In the words of the index `log_heads_by_size`, or it would not serve. */
export const lastLogHeadSql =
  'SELECT * FROM log_heads ORDER BY CAST(epoch AS BIGINT) DESC, CAST(size AS BIGINT) DESC LIMIT 1'
const gainsPerPage = 500
const hashesPerPage = 5_000

export function createLogTables(query: Query, write: Write): LogTables {
  const rowsFrom = (position: number, limit: number): Promise<Row[]> =>
    query('SELECT * FROM entries WHERE position >= ? ORDER BY position LIMIT ?', position, limit)

  return {
    intend: (record, leaves) =>
      // An intent need not survive a loss of power: the core dies with the machine, and what it had not sealed to disk
      // with it. It must survive the end of this process alone.
      write(async (ask) => {
        const next = 'SELECT coalesce(max(id), 0) + 1 AS id FROM intents'
        const [row] = await ask(next)
        const rows = leaves.map((leaf, i) => [Number(row?.id) + i, record, leaf])
        await insertRows(ask, 'INSERT INTO intents', rows)
      }, 'later'),
    dropIntents: () => write(async (ask) => void (await ask('DELETE FROM intents'))),
    async intentsAfter(record) {
      const rows = await query('SELECT leaf FROM intents WHERE record > ? ORDER BY id', record)
      return rows.map((row) => row.leaf as Uint8Array)
    },

    async *entries(from = 0) {
      const page = (position: number) => rowsFrom(position, entriesPerPage)
      for await (const row of pages(page, from, (last) => last.position as number)) yield entryOf(row)
    },
    entriesFrom: async (position, limit) => (await rowsFrom(position, limit)).map(entryOf),
    async entryLike(signed) {
      const [row] = await query('SELECT * FROM entries WHERE author = ? AND number = ?', ...placeOf(signed))
      return row && entryOf(row)
    },
    async configurations() {
      const rows = await query('SELECT * FROM entries WHERE author = ? ORDER BY position', operators)
      return rows.map((row) => entryOf(row) as Entry & { signed: SignedConfiguration })
    },
    async gains(payee, { from, limit }) {
      const gains: Gain[] = []
      for (let position = from; position > 0 && gains.length < limit; ) {
        const [row] = await query('SELECT * FROM entries WHERE position = ?', position)
        const gain = row && gainOf(payee, row.gains as Uint8Array)
        if (!gain && position === from) return []
        if (!gain) throw new StoreError('STORE_DAMAGED', `entry ${position} should name ${payee}`)
        gains.push({ entry: entryOf(row), wei: gain.wei })
        position = gain.previous
      }
      return gains
    },
    async earnings(from, below) {
      const sums = new Map<Hex, bigint>()
      const page = (position: number) =>
        query(
          'SELECT position, gains FROM entries WHERE position >= ? AND position < ? ORDER BY position LIMIT ?',
          ...[position, below, gainsPerPage],
        )
      for await (const { gains } of pages(page, from, (last) => last.position as number))
        for (const { payee, wei } of decodeGains(gains as Uint8Array)) sums.set(payee, (sums.get(payee) ?? 0n) + wei)
      return sums
    },
    async *leafHashes(from, below) {
      const sql =
        'SELECT position, leaf_hash FROM entries WHERE position >= ? AND position < ? ORDER BY position LIMIT ?'
      const page = (position: number) => query(sql, position, below, hashesPerPage)
      for await (const row of pages(page, from, (last) => last.position as number)) yield row.leaf_hash as Hex
    },
    saveLedger: ({ chunks, counter }) =>
      write(async (ask) => {
        await ask('DELETE FROM ledger_state')
        const hash = hashOf(chunks)
        for (const [chunk, bytes] of chunks.entries())
          await ask('INSERT INTO ledger_state VALUES (?, ?, ?, ?)', chunk, `${counter}`, hash, bytes)
      }),
    async ledgerState() {
      // In one statement: whoever leads may be writing another.
      const rows = await query('SELECT * FROM ledger_state ORDER BY chunk')
      const chunks = rows.map(({ bytes }) => bytes as Uint8Array)
      const [first] = rows
      if (!first || first.hash !== hashOf(chunks)) return undefined
      return { chunks, counter: BigInt(first.counter as string) }
    },
    saveLogHead: (head) => write((ask) => addHead(ask, head)),
    async lastLogHead() {
      const [row] = await query(lastLogHeadSql)
      if (!row) return undefined
      const { boot, size, epoch, root, signature } = row as Record<string, Hex>
      return { boot, size: BigInt(size as string), epoch: BigInt(epoch as string), root, signature } as SignedLogHead
    },
  }
}

export async function addEntries(query: Query, entries: readonly NewEntry[]): Promise<void> {
  const rows = entries.map(({ position, leafHash, leaf, signed, odd, gains }) => {
    return [position, ...placeOf(signed), leafHash, oddJson.write(odd), leaf, encodeGains(gains)]
  })
  await insertRows(query, 'INSERT INTO entries', rows)
}

export async function addHead(query: Query, { boot, size, epoch, root, signature }: SignedLogHead): Promise<void> {
  await query(
    `INSERT INTO log_heads (boot, size, epoch, root, signature) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (boot, epoch, size) DO UPDATE SET root = excluded.root, signature = excluded.signature`,
    ...[boot, `${size}`, `${epoch}`, root, signature],
  )
}

function hashOf(chunks: readonly Uint8Array[]): Hex {
  const hash = createHash('sha256')
  for (const chunk of chunks) hash.update(chunk)
  return toHex(hash.digest())
}

/** Whoever speaks for the operator: its configurations have versions, and no one author. */
const operators = 'operators'

/** Author and number, of which there is one entry each. An address may report and be paid as well. */
export function placeOf(signed: SignedEntry): [author: string, number: string] {
  if ('batch' in signed) return [signed.batch.reporter, `${signed.batch.sequence}`]
  if ('preference' in signed) return [`payee ${signed.preference.payee}`, `${signed.preference.number}`]
  return [operators, `${signed.configuration.version}`]
}

function entryOf(row: Row): Entry {
  const [position, leaf] = [row.position as number, row.leaf as Uint8Array]
  try {
    const signed = decodeEntry(leaf)
    return { position, leaf, leafHash: row.leaf_hash as Hex, signed, odd: oddJson.read(row.odd as string) }
  } catch (cause) {
    throw new StoreError('STORE_DAMAGED', `entry ${position} cannot be read`, { cause })
  }
}
