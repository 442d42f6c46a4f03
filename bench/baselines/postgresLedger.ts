/**
 * The same ledger in PostgreSQL, by someone who knows it: one transaction a batch, its events and balances in one
 * statement each, signatures by libsecp256k1. It seals nothing, proves nothing and has no HTTP before it.
 */
import pg from 'pg'
import { startPostgres } from '../../anvil/postgres.ts'
import type { SentBatch } from '../../client/entries.ts'
import type { Rules } from '../../ledger/config.ts'
import { authenticate } from '../../ledger/entry.ts'
import { toHex } from '../../ledger/hex.ts'
import { childrenOf, cpuSecondsOf, parentOf } from '../measure.ts'

const schema = `
  CREATE TABLE reporters (reporter text PRIMARY KEY, next bigint NOT NULL, spent numeric NOT NULL);
  CREATE TABLE accounts (payee text PRIMARY KEY, earned numeric NOT NULL);
  CREATE TABLE batches (leaf text PRIMARY KEY, reporter text NOT NULL, sequence bigint NOT NULL, signature text NOT NULL);
  CREATE TABLE events (leaf text NOT NULL, place int NOT NULL, kind int NOT NULL, id text NOT NULL, payee text NOT NULL,
    tariff text NOT NULL, value numeric NOT NULL, PRIMARY KEY (leaf, place));`

/** Ordered by payee, so that two transactions never wait for each other in a circle. */
const credit = `
  INSERT INTO accounts AS a SELECT payee, sum(value) FROM unnest($1::text[], $2::numeric[]) AS t(payee, value)
  GROUP BY payee ORDER BY payee ON CONFLICT (payee) DO UPDATE SET earned = a.earned + excluded.earned`
const advance = `UPDATE reporters SET next = next + 1, spent = spent + $3 WHERE reporter = $1 AND next = $2`
const addEvents = `
  INSERT INTO events SELECT $1, place, kind, id, payee, tariff, value
  FROM unnest($2::int[], $3::int[], $4::text[], $5::text[], $6::text[], $7::numeric[])
  AS t(place, kind, id, payee, tariff, value)`

export interface PostgresLedger {
  /** Takes one in. @throws where it is not signed, or not the next */
  submit(batch: SentBatch): Promise<void>
  /** CPU seconds of the server so far; those of the client are this process's. */
  cpuSeconds(): number
  stop(): Promise<void>
}

export async function startPostgresLedger(
  rules: Rules,
  connections: number,
  accounts: number,
): Promise<PostgresLedger> {
  const server = await startPostgres()
  const pool = new pg.Pool({ connectionString: await server.createDatabase('ledger'), max: connections })
  await pool.query(schema)
  await pool.query(`INSERT INTO reporters SELECT unnest($1::text[]), 0, 0`, [[...rules.reporters.keys()]])
  await pool.query(
    `INSERT INTO accounts SELECT '0x' || lpad(to_hex(n), 40, '0'), 1 FROM generate_series(1, ${accounts}) AS n`,
  )
  await pool.query('VACUUM ANALYZE')
  const [{ pid }] = (await pool.query('SELECT pg_backend_pid() AS pid')).rows
  const postmaster = parentOf(pid) as number
  return {
    async submit(untrusted) {
      const { batch, signature, leafHash } = authenticate(rules, untrusted)
      const { reporter, sequence, events } = batch
      const leaf = toHex(leafHash)
      const total = events.reduce((sum, { value }) => sum + value, 0n)
      const column = <T>(of: (event: (typeof events)[number], place: number) => T): T[] => events.map(of)
      const client = await pool.connect()
      const query = (name: string, text: string, values: unknown[]) => client.query({ name, text, values })
      try {
        await query('begin', 'BEGIN', [])
        const { rowCount } = await query('advance', advance, [reporter, sequence, total])
        if (rowCount !== 1) throw new Error('not the next batch of this reporter')
        await query('batch', 'INSERT INTO batches VALUES ($1, $2, $3, $4)', [leaf, reporter, sequence, signature])
        await query('events', addEvents, [
          leaf,
          column((_, place) => place),
          column(({ kind }) => kind),
          column(({ id }) => id),
          column(({ payee }) => payee),
          column(({ tariff }) => tariff),
          column(({ value }) => value),
        ])
        await query('credit', credit, [column(({ payee }) => payee), column(({ value }) => value)])
        await query('commit', 'COMMIT', [])
      } finally {
        client.release()
      }
    },
    cpuSeconds: () => [postmaster, ...childrenOf(postmaster)].reduce((sum, one) => sum + cpuSecondsOf(one), 0),
    async stop() {
      await pool.end()
      await server.stop()
    },
  }
}
