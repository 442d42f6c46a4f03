/** The part of the store that holds what left the core: its sealed state, and the transactions that it signed. */
import type { Hex } from '../../ledger/hex.ts'
import { rootOf } from '../../ledger/state.ts'
import { list, struct } from '../../protocol/codec.ts'
import { kmsKeysMax, wrappedKey } from '../../protocol/messages.ts'
import { storedJson } from './codecs.ts'
import { insertRows, pages, type Query, type Row } from './database.ts'
import { addEntries, addHead } from './logTables.ts'
import { placeAfter } from './sealedHeader.ts'
import type { RecordPlace, SignedCommit, Store, StoredTransaction } from './store.ts'
import type { Write } from './tables.ts'

type SealedTables = Pick<
  Store,
  | 'lastRecord'
  | 'sealedState'
  | 'wrappedKeys'
  | 'saveSnapshot'
  | 'saveAccepted'
  | 'saveSigned'
  | 'countRecords'
  | 'commitWithRoot'
  | 'pendingTransactions'
  | 'transactionsBetween'
  | 'saveTransaction'
  | 'markTransaction'
>

const commitJson = storedJson(struct('Commit'))
const wrappedKeysJson = storedJson(list(wrappedKey, kmsKeysMax))

/** A record can be as large as a request: few of them are held at once. */
const sealedPerPage = 32

export function createSealedTables(query: Query, write: Write): SealedTables {
  return {
    lastRecord: () => lastRecord(query),
    async *sealedState() {
      const chunks = 'SELECT chunk AS place, sealed FROM snapshot WHERE chunk >= ? ORDER BY chunk LIMIT ?'
      const records = 'SELECT number AS place, sealed FROM records WHERE number >= ? ORDER BY number LIMIT ?'
      for (const sql of [chunks, records]) {
        const page = (from: number): Promise<Row[]> => query(sql, from, sealedPerPage)
        for await (const row of pages(page, 0, (last) => last.place as number)) yield row.sealed as Uint8Array
      }
    },
    async wrappedKeys() {
      const [row] = await query('SELECT wrapped_keys AS keys FROM snapshot_place')
      return row ? wrappedKeysJson.read(row.keys as string) : []
    },
    saveSnapshot: ({ chunks, wrappedKeys, last }, recovered) =>
      write(async (ask) => {
        for (const table of ['snapshot', 'snapshot_place', 'records', 'intents']) await ask(`DELETE FROM ${table}`)
        const keys = wrappedKeysJson.write(wrappedKeys)
        await ask('INSERT INTO snapshot_place VALUES (1, ?, ?, ?)', last.number, last.hash, keys)
        for (const [chunk, sealed] of chunks.entries()) await ask('INSERT INTO snapshot VALUES (?, ?)', chunk, sealed)
        await addEntries(ask, recovered)
      }),
    saveAccepted: ({ sealed, entries, head }) =>
      write(async (ask) => {
        await addRecord(ask, sealed)
        await addEntries(ask, entries)
        await addHead(ask, head)
      }),
    saveSigned: (sealed, transaction, commit, entries = []) =>
      write(async (ask) => {
        await addRecord(ask, sealed)
        await addEntries(ask, entries)
        if (commit) await addCommit(ask, commit)
        await addTransaction(ask, transaction)
      }),
    async countRecords() {
      const [row] = await query('SELECT count(*) AS n FROM records')
      return Number(row?.n)
    },

    async commitWithRoot(counter, root) {
      const [row] = await query('SELECT * FROM commits WHERE counter = ? AND root = ?', `${counter}`, root)
      if (!row) return undefined
      return {
        payoutId: row.payout_id as Hex,
        commit: commitJson.read(row.body as string),
        signature: row.signature as Hex,
      } satisfies SignedCommit
    },
    async pendingTransactions() {
      const rows = await query("SELECT * FROM transactions WHERE status = 'pending' ORDER BY nonce")
      return rows.map(transactionOf)
    },
    async transactionsBetween(from, to) {
      const rows = await query('SELECT * FROM transactions WHERE nonce >= ? AND nonce < ? ORDER BY nonce', from, to)
      return rows.map(transactionOf)
    },
    saveTransaction: (transaction) => write((ask) => addTransaction(ask, transaction)),
    markTransaction: (hash, status) =>
      write(async (ask) => void (await ask('UPDATE transactions SET status = ? WHERE hash = ?', status, hash))),
  }
}

async function lastRecord(query: Query): Promise<RecordPlace | undefined> {
  const [record] = await query('SELECT number, hash FROM records ORDER BY number DESC LIMIT 1')
  const [row] = record ? [record] : await query('SELECT record AS number, hash FROM snapshot_place')
  return row && { number: row.number as number, hash: row.hash as Hex }
}

/** The primary key makes a number unique; this makes the chain unbroken. */
async function addRecord(query: Query, sealed: Uint8Array): Promise<void> {
  const last = await lastRecord(query)
  if (!last) throw new Error('a record before any snapshot')
  const { number, hash } = placeAfter(last, sealed)
  await insertRows(query, 'INSERT INTO records', [[number, hash, sealed]])
  // Whatever was asked for under this number or before has been answered, or was never taken.
  await query('DELETE FROM intents WHERE record <= ?', number)
}

/** The core signs deterministically: asked again for the same, it gives the same again. */
async function addCommit(query: Query, { payoutId, commit: body, signature }: SignedCommit): Promise<void> {
  await query(
    'INSERT INTO commits VALUES (?, ?, ?, ?, ?) ON CONFLICT (payout_id) DO UPDATE SET signature = excluded.signature',
    ...[payoutId, `${body.counter}`, rootOf(body.next), commitJson.write(body), signature],
  )
}

async function addTransaction(query: Query, { hash, raw, nonce, purpose, status }: StoredTransaction): Promise<void> {
  await query(
    'INSERT INTO transactions VALUES (?, ?, ?, ?, ?) ON CONFLICT (hash) DO UPDATE SET status = excluded.status',
    ...[hash, raw, nonce, purpose, status],
  )
}

const transactionOf = ({ hash, raw, nonce, purpose, status }: Row): StoredTransaction =>
  ({ hash, raw, nonce, purpose, status }) as unknown as StoredTransaction
