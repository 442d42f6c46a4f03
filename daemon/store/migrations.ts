/**
 * The schema, in the words of SQLite, one list of statements a version. Versions are only ever added: a store is brought
 * from whichever it has to the last.
 */
import { Fatal } from '../errors.ts'
import type { Database, Query } from './database.ts'
import { linkGains } from './linkGains.ts'
import { writeLeaves } from './writeLeaves.ts'

/** A statement, or what no statement can do. */
type Step = string | ((query: Query) => Promise<void>)

const versions: readonly (readonly Step[])[] = [
  [
    // Of which deployment this store is: opened for another, it is refused.
    'CREATE TABLE deployment (config_hash TEXT NOT NULL) STRICT',
    // Raised by each process that takes the lead; what an earlier one writes is refused from then on.
    `CREATE TABLE leader (
      one INTEGER PRIMARY KEY CHECK (one = 1), generation INTEGER NOT NULL
    ) STRICT`,
    'INSERT INTO leader VALUES (1, 0)',

    // The state of the core, sealed: one snapshot, then the records after it.
    'CREATE TABLE snapshot (chunk INTEGER PRIMARY KEY, sealed BLOB NOT NULL) STRICT',
    `CREATE TABLE snapshot_place (
      one INTEGER PRIMARY KEY CHECK (one = 1), record INTEGER NOT NULL, hash TEXT NOT NULL, wrapped_keys TEXT NOT NULL
    ) STRICT`,
    'CREATE TABLE records (number INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, sealed BLOB NOT NULL) STRICT',

    // The log. Position 0 is the configuration.
    `CREATE TABLE entries (
      position INTEGER PRIMARY KEY, reporter TEXT NOT NULL, sequence TEXT NOT NULL, leaf_hash TEXT NOT NULL,
      batch TEXT NOT NULL, odd TEXT NOT NULL, UNIQUE (reporter, sequence)
    ) STRICT`,
    // What each entry brought to whom: a payee's account, line by line.
    `CREATE TABLE gains (
      payee TEXT NOT NULL, position INTEGER NOT NULL, wei TEXT NOT NULL, PRIMARY KEY (payee, position)
    ) STRICT`,
    `CREATE TABLE log_heads (
      boot TEXT NOT NULL, size TEXT NOT NULL, epoch TEXT NOT NULL, root TEXT NOT NULL, signature TEXT NOT NULL,
      PRIMARY KEY (boot, epoch, size)
    ) STRICT`,
    'CREATE TABLE intents (id INTEGER PRIMARY KEY, record INTEGER NOT NULL, batches TEXT NOT NULL) STRICT',

    // What the core signed for the chain.
    `CREATE TABLE commits (
      payout_id TEXT PRIMARY KEY, counter TEXT NOT NULL, root TEXT NOT NULL, body TEXT NOT NULL, signature TEXT NOT NULL
    ) STRICT`,
    'CREATE INDEX commits_by_counter ON commits (counter, root)',
    `CREATE TABLE transactions (
      hash TEXT PRIMARY KEY, raw TEXT NOT NULL, nonce INTEGER NOT NULL, purpose TEXT NOT NULL, status TEXT NOT NULL
    ) STRICT`,
    'CREATE INDEX transactions_by_status ON transactions (status)',
    'CREATE INDEX transactions_by_nonce ON transactions (nonce)',

    // What the chain said.
    'CREATE TABLE blocks (number INTEGER PRIMARY KEY, hash TEXT NOT NULL) STRICT',
    `CREATE TABLE events (
      block_number INTEGER NOT NULL, position INTEGER NOT NULL, block_hash TEXT NOT NULL,
      transaction_hash TEXT NOT NULL, name TEXT NOT NULL, payee TEXT, args TEXT NOT NULL,
      PRIMARY KEY (block_number, position)
    ) STRICT`,
    'CREATE INDEX events_by_name ON events (name, payee, block_number, position)',
  ],
  [
    // Not batches alone: what payees and operators sign has an author and a number too.
    'ALTER TABLE entries RENAME COLUMN reporter TO author',
    'ALTER TABLE entries RENAME COLUMN sequence TO number',
    'ALTER TABLE entries RENAME COLUMN batch TO entry',
    'ALTER TABLE intents RENAME COLUMN batches TO entries',
  ],
  // Asked for with every look at the log, and there is one for every accepted batch.
  ['CREATE INDEX log_heads_by_size ON log_heads ((CAST(epoch AS BIGINT)), (CAST(size AS BIGINT)))'],
  [
    // With the time of its block, and of every key that was admitted: all events are read from the chain once more.
    'DELETE FROM events',
    'DELETE FROM blocks',
    'ALTER TABLE events ADD COLUMN block_time INTEGER NOT NULL DEFAULT 0',
  ],
  [
    // Entries as their bytes in the log, not as the JSON that they came in.
    'ALTER TABLE entries RENAME TO entries_before',
    `CREATE TABLE entries (
      position INTEGER PRIMARY KEY, author TEXT NOT NULL, number TEXT NOT NULL, leaf_hash TEXT NOT NULL,
      odd TEXT NOT NULL, leaf BLOB NOT NULL, gains BLOB NOT NULL, UNIQUE (author, number)
    ) STRICT`,
    // How far the table of gains has come: it is an index now, of what lies beside each entry.
    'CREATE TABLE gains_indexed (one INTEGER PRIMARY KEY CHECK (one = 1), below INTEGER NOT NULL) STRICT',
    'INSERT INTO gains_indexed SELECT 1, coalesce(max(position) + 1, 0) FROM entries_before',
    'ALTER TABLE intents RENAME TO intents_before',
    'CREATE TABLE intents (id INTEGER PRIMARY KEY, record INTEGER NOT NULL, leaf BLOB NOT NULL) STRICT',
    writeLeaves,
    'DROP TABLE entries_before',
    'DROP TABLE intents_before',
  ],
  [
    // The ledger as it was at a commit: what a start need not compute again. `hash` is that of all chunks.
    `CREATE TABLE ledger_state (
      chunk INTEGER PRIMARY KEY, counter TEXT NOT NULL, hash TEXT NOT NULL, bytes BLOB NOT NULL
    ) STRICT`,
  ],
  [
    // No index: each gain names the one before it.
    linkGains,
    'DROP TABLE gains',
    'DROP TABLE gains_indexed',
    // It says where each account was named last, too.
    'DELETE FROM ledger_state',
  ],
]

/** Brings the schema up to date. @throws StoreError, Fatal 1 if it is of a newer daemon */
export function migrate({ write, dialect }: Database): Promise<void> {
  return write(async (query) => {
    await query(dialect.schema('CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL) STRICT'))
    const version = await versionOf(query)
    if (version > versions.length) throw new Fatal('the store was written by a newer version of the daemon', 1)
    if (version === versions.length) return
    for (const step of versions.slice(version).flat()) {
      if (typeof step === 'string') await query(dialect.schema(step))
      else await step(query)
    }
    await query('DELETE FROM schema_version')
    await query('INSERT INTO schema_version VALUES (?)', versions.length)
  })
}

/** How far the schema of a store has come; 0 where it has none yet. */
export async function versionOf(query: Query): Promise<number> {
  const [row] = await query('SELECT version FROM schema_version')
  return Number(row?.version ?? 0)
}
