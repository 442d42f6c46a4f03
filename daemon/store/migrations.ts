/** The schema, one step a version; `user_version` says how many have been taken. Steps are only ever added. */
export const migrations: readonly string[] = [
  `
  -- Of which deployment this file is: opened for another, it is refused.
  CREATE TABLE deployment (config_hash TEXT NOT NULL) STRICT;

  -- The state of the core, sealed: one snapshot, then the records after it.
  CREATE TABLE snapshot (chunk INTEGER PRIMARY KEY, sealed BLOB NOT NULL) STRICT;
  CREATE TABLE snapshot_place (
    one INTEGER PRIMARY KEY CHECK (one = 1), record INTEGER NOT NULL, hash TEXT NOT NULL
  ) STRICT;
  CREATE TABLE records (number INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, sealed BLOB NOT NULL) STRICT;

  -- The log. Position 0 is the configuration.
  CREATE TABLE entries (
    position INTEGER PRIMARY KEY, reporter TEXT NOT NULL, sequence TEXT NOT NULL, leaf_hash TEXT NOT NULL,
    batch TEXT NOT NULL, odd TEXT NOT NULL, UNIQUE (reporter, sequence)
  ) STRICT;
  CREATE TABLE log_heads (
    boot TEXT NOT NULL, size TEXT NOT NULL, epoch TEXT NOT NULL, root TEXT NOT NULL, signature TEXT NOT NULL,
    PRIMARY KEY (boot, epoch, size)
  ) STRICT;
  CREATE TABLE intents (id INTEGER PRIMARY KEY AUTOINCREMENT, record INTEGER NOT NULL, batches TEXT NOT NULL) STRICT;

  -- What the core signed for the chain.
  CREATE TABLE commits (
    payout_id TEXT PRIMARY KEY, counter TEXT NOT NULL, root TEXT NOT NULL, body TEXT NOT NULL, signature TEXT NOT NULL
  ) STRICT;
  CREATE INDEX commits_by_counter ON commits (counter, root);
  CREATE TABLE transactions (
    hash TEXT PRIMARY KEY, raw TEXT NOT NULL, nonce INTEGER NOT NULL, purpose TEXT NOT NULL, status TEXT NOT NULL
  ) STRICT;
  CREATE INDEX transactions_by_status ON transactions (status);
  CREATE INDEX transactions_by_nonce ON transactions (nonce);

  -- What the chain said.
  CREATE TABLE blocks (number INTEGER PRIMARY KEY, hash TEXT NOT NULL) STRICT;
  CREATE TABLE events (
    block_number INTEGER NOT NULL, log_index INTEGER NOT NULL, block_hash TEXT NOT NULL, transaction_hash TEXT NOT NULL,
    name TEXT NOT NULL, payee TEXT, args TEXT NOT NULL, PRIMARY KEY (block_number, log_index)
  ) STRICT;
  CREATE INDEX events_by_name ON events (name, payee, block_number, log_index);
  `,
  "ALTER TABLE snapshot_place ADD COLUMN wrapped_keys TEXT NOT NULL DEFAULT '[]'",
  // One log may tell of several payments, each an event of its own here.
  'ALTER TABLE events RENAME COLUMN log_index TO position',
]
