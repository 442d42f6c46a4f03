/** The store on one machine: SQLite in WAL mode, every commit forced to disk. */
import { DatabaseSync } from 'node:sqlite'
import type { Hex } from '../../ledger/hex.ts'
import type { SignedLogHead } from '../../ledger/receipt.ts'
import { rootOf } from '../../ledger/state.ts'
import { list, struct } from '../../protocol/codec.ts'
import { kmsKeysMax, wrappedKey } from '../../protocol/messages.ts'
import { Fatal } from '../errors.ts'
import { atomically } from './atomically.ts'
import { createChainTables } from './chainTables.ts'
import { batchesJson, batchJson, oddJson, storedJson } from './codecs.ts'
import { migrations } from './migrations.ts'
import { placeAfter } from './sealedHeader.ts'
import type { Entry, RecordPlace, SignedCommit, Store, StoredTransaction } from './store.ts'

const commitJson = storedJson(struct('Commit'))
const wrappedKeysJson = storedJson(list(wrappedKey, kmsKeysMax))

/** Opens or creates the file of the deployment with this configuration. @throws Fatal 1 if it is another's */
export function openStore(path: string, configHash: Hex): Store {
  const db = new DatabaseSync(path)
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON')
  migrate(db)
  claim(db, configHash)
  return createStore(db)
}

function migrate(db: DatabaseSync): void {
  const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number }
  if (version > migrations.length) throw new Fatal('the store was written by a newer version of the daemon', 1)
  for (const [i, step] of migrations.entries()) {
    if (i >= version) atomically(db, () => db.exec(`${step}; PRAGMA user_version = ${i + 1}`))
  }
}

function claim(db: DatabaseSync, configHash: Hex): void {
  const row = db.prepare('SELECT config_hash FROM deployment').get() as { config_hash: string } | undefined
  if (!row) db.prepare('INSERT INTO deployment VALUES (?)').run(configHash)
  else if (row.config_hash !== configHash)
    throw new Fatal(`the store belongs to configuration ${row.config_hash}, not ${configHash}`, 1)
}

function createStore(db: DatabaseSync): Store {
  const insertRecord = db.prepare('INSERT INTO records VALUES (?, ?, ?)')
  const insertEntry = db.prepare('INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?)')
  const insertHead = db.prepare(
    'INSERT OR REPLACE INTO log_heads (boot, size, epoch, root, signature) VALUES (?, ?, ?, ?, ?)',
  )
  const insertTransaction = db.prepare('INSERT OR REPLACE INTO transactions VALUES (?, ?, ?, ?, ?)')
  const insertCommit = db.prepare('INSERT OR REPLACE INTO commits VALUES (?, ?, ?, ?, ?)')

  const lastRecord = (): RecordPlace | undefined =>
    (db.prepare('SELECT number, hash FROM records ORDER BY number DESC LIMIT 1').get() ??
      db.prepare('SELECT record AS number, hash FROM snapshot_place').get()) as RecordPlace | undefined

  /** The primary key makes a number unique; this makes the chain unbroken. */
  const addRecord = (sealed: Uint8Array): void => {
    const last = lastRecord()
    if (!last) throw new Error('a record before any snapshot')
    const { number, hash } = placeAfter(last, sealed)
    insertRecord.run(number, hash, sealed)
    // Whatever was asked for under this number or before has been answered, or was never taken.
    db.prepare('DELETE FROM intents WHERE record <= ?').run(number)
  }
  const addEntry = ({ position, leafHash, batch, odd }: Entry): void => {
    const { reporter, sequence } = batch.batch
    insertEntry.run(position, reporter, `${sequence}`, leafHash, batchJson.write(batch), oddJson.write(odd))
  }
  const addHead: Store['saveLogHead'] = async ({ boot, size, epoch, root, signature }) => {
    insertHead.run(boot, `${size}`, `${epoch}`, root, signature)
  }
  const entryOf = (row: Record<string, unknown>): Entry => ({
    position: row.position as number,
    leafHash: row.leaf_hash as Hex,
    batch: batchJson.read(row.batch as string),
    odd: oddJson.read(row.odd as string),
  })

  return {
    ...createChainTables(db),

    lastRecord: async () => lastRecord(),
    async *sealedState() {
      for (const row of db.prepare('SELECT sealed FROM snapshot ORDER BY chunk').iterate())
        yield row.sealed as Uint8Array
      for (const row of db.prepare('SELECT sealed FROM records ORDER BY number').iterate())
        yield row.sealed as Uint8Array
    },
    async wrappedKeys() {
      const row = db.prepare('SELECT wrapped_keys AS keys FROM snapshot_place').get()
      return row ? wrappedKeysJson.read(row.keys as string) : []
    },
    async saveSnapshot({ chunks, wrappedKeys, last }, recovered) {
      atomically(db, () => {
        db.exec('DELETE FROM snapshot; DELETE FROM snapshot_place; DELETE FROM records; DELETE FROM intents')
        db.prepare('INSERT INTO snapshot_place VALUES (1, ?, ?, ?)').run(
          last.number,
          last.hash,
          wrappedKeysJson.write(wrappedKeys),
        )
        const insert = db.prepare('INSERT INTO snapshot VALUES (?, ?)')
        chunks.forEach((sealed, chunk) => {
          insert.run(chunk, sealed)
        })
        recovered.forEach(addEntry)
      })
    },
    async saveAccepted({ sealed, entries, head }) {
      atomically(db, () => {
        addRecord(sealed)
        entries.forEach(addEntry)
        insertHead.run(head.boot, `${head.size}`, `${head.epoch}`, head.root, head.signature)
      })
    },
    async saveSigned(sealed, { hash, raw, nonce, purpose, status }, commit) {
      atomically(db, () => {
        addRecord(sealed)
        if (commit) {
          const { payoutId, commit: body, signature } = commit
          insertCommit.run(payoutId, `${body.counter}`, rootOf(body.next), commitJson.write(body), signature)
        }
        insertTransaction.run(hash, raw, nonce, purpose, status)
      })
    },
    countRecords: async () => (db.prepare('SELECT count(*) AS n FROM records').get() as { n: number }).n,

    async intend(record, batches) {
      // An intent need not survive a loss of power: the core dies with the machine, and what it had not sealed to disk
      // with it. It must survive the end of this process alone, and for that the page cache is enough. So no fsync here.
      db.exec('PRAGMA synchronous = NORMAL')
      try {
        db.prepare('INSERT INTO intents (record, batches) VALUES (?, ?)').run(record, batchesJson.write(batches))
      } finally {
        db.exec('PRAGMA synchronous = FULL')
      }
    },
    async dropIntents() {
      db.exec('DELETE FROM intents')
    },
    async intentsAfter(record) {
      const rows = db.prepare('SELECT batches FROM intents WHERE record > ? ORDER BY id').all(record)
      return rows.flatMap((row) => batchesJson.read(row.batches as string))
    },

    async *entries() {
      for (const row of db.prepare('SELECT * FROM entries ORDER BY position').iterate()) yield entryOf(row)
    },
    async entriesFrom(position, limit) {
      const rows = db
        .prepare('SELECT * FROM entries WHERE position >= ? ORDER BY position LIMIT ?')
        .all(position, limit)
      return rows.map(entryOf)
    },
    async entryOf(reporter, sequence) {
      const row = db.prepare('SELECT * FROM entries WHERE reporter = ? AND sequence = ?').get(reporter, `${sequence}`)
      return row && entryOf(row)
    },
    saveLogHead: addHead,
    async lastLogHead() {
      const row = db
        .prepare('SELECT * FROM log_heads ORDER BY CAST(epoch AS INTEGER) DESC, CAST(size AS INTEGER) DESC LIMIT 1')
        .get()
      if (!row) return undefined
      const { boot, size, epoch, root, signature } = row as Record<string, string>
      return { boot, size: BigInt(size as string), epoch: BigInt(epoch as string), root, signature } as SignedLogHead
    },

    async commitWithRoot(counter, root) {
      const row = db.prepare('SELECT * FROM commits WHERE counter = ? AND root = ?').get(`${counter}`, root)
      if (!row) return undefined
      return {
        payoutId: row.payout_id as Hex,
        commit: commitJson.read(row.body as string),
        signature: row.signature as Hex,
      } satisfies SignedCommit
    },
    async pendingTransactions() {
      const rows = db.prepare("SELECT * FROM transactions WHERE status = 'pending' ORDER BY nonce").all()
      return rows as unknown as StoredTransaction[]
    },
    async transactionsBetween(from, to) {
      const rows = db.prepare('SELECT * FROM transactions WHERE nonce >= ? AND nonce < ? ORDER BY nonce').all(from, to)
      return rows as unknown as StoredTransaction[]
    },
    async markTransaction(hash, status) {
      db.prepare('UPDATE transactions SET status = ? WHERE hash = ?').run(status, hash)
    },

    close: () => db.close(),
  }
}
