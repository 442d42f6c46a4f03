/**
 * PostgreSQL, for several daemons: one leads and writes, all read. The lead is a lock of the leader's session, and all
 * that it writes goes through that session: a session that the server has ended can write nothing more.
 */
import { Socket } from 'node:net'
import pg from 'pg'
import { Fatal } from '../errors.ts'
import { pause } from '../pause.ts'
import { createTurns } from '../turns.ts'
import { type Database, type Query, type StoreCode, StoreError, type Value } from './database.ts'

/** Of this database: one for the lead, one for who brings the schema up to date. */
const leaderLock = 1
const schemaLock = 2

const readersMax = 8
const connectMs = 5_000
/** Longer than the largest snapshot takes. */
const answerMs = 60_000
const lockPollMs = 250
/** The server ends the session of a leader that is silent for so long, and with it the lock, though no cut connection shows. */
const silenceMs = 8_000
const pingMs = 1_000
/** A leader that hears nothing for so long gives up a connection that may be dead. */
const deafMs = 20_000

/** @throws StoreError, Fatal 1 if the server does not force what it commits to disk */
export async function openPostgres(url: string): Promise<Database> {
  const options = {
    connectionString: url,
    connectionTimeoutMillis: connectMs,
    query_timeout: answerMs,
    types,
    keepAlive: true,
  }
  const pool = new pg.Pool({ ...options, max: readersMax })
  pool.on('error', () => undefined) // of a connection that nobody uses: whoever asks next hears of it
  const turns = createTurns()
  let leader: Session | undefined

  await checkDurability(queryOn(pool))
  return {
    dialect,
    query: queryOn(pool),
    async snapshot(work) {
      const client = await reach(pool.connect())
      try {
        await reach(client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY'))
        const result = await work(queryOn(client))
        await reach(client.query('COMMIT'))
        client.release()
        return result
      } catch (error) {
        client.release(true) // closed: nobody is to go on in its transaction
        throw error
      }
    },
    write: (work, durability = 'forced') =>
      turns.run(async () => {
        if (leader) return transaction(leader.client, leader.query, work, durability)
        const client = await reach(pool.connect())
        try {
          const query = queryOn(client)
          return await transaction(client, query, async () => {
            await query(`SELECT pg_advisory_xact_lock(${schemaLock})`)
            return work(query)
          })
        } finally {
          client.release()
        }
      }),
    async lock(signal) {
      leader = await lead(options, signal)
      return { lost: leader.lost }
    },
    async close() {
      await turns.run(async () => leader?.end())
      await pool.end()
    },
  }
}

interface Session {
  readonly client: pg.Client
  readonly query: Query
  readonly lost: Promise<StoreError>
  end(): Promise<void>
}

/** Asks again and again, over a new connection where the last one broke, until this session has the lock. */
async function lead(options: pg.ClientConfig, signal: AbortSignal): Promise<Session> {
  for (;;) {
    const session = await openSession(options).catch((error: unknown) => {
      if (error instanceof StoreError && error.code === 'STORE_UNREACHABLE') return undefined
      throw error
    })
    let isWaiting = true
    void session?.lost.then(() => {
      isWaiting = false
    })
    try {
      while (session && isWaiting) {
        const [row] = await session.query(`SELECT pg_try_advisory_lock(${leaderLock}) AS is_leader`)
        if (row?.is_leader === true) return session
        await pause(lockPollMs, signal)
      }
    } catch (error) {
      await session?.end()
      if (!(error instanceof StoreError)) throw error
    }
    await pause(lockPollMs, signal)
  }
}

async function openSession(options: pg.ClientConfig): Promise<Session> {
  const socket = new Socket()
  const client = new pg.Client({ ...options, stream: () => socket })
  const lost = new Promise<StoreError>((resolve) => {
    client.once('error', (cause) => resolve(toStoreError(cause)))
    client.once('end', () =>
      resolve(new StoreError('STORE_UNREACHABLE', 'PostgreSQL: the session of the leader ended')),
    )
  })
  await reach(client.connect())
  const query = queryOn(client)
  await query(`SELECT set_config('idle_session_timeout', '${silenceMs}', false)`)
  await query(`SELECT set_config('idle_in_transaction_session_timeout', '${silenceMs}', false)`)
  await query(
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
  )
  const timer = keepAlive(client, () => socket.destroy())
  return {
    client,
    query,
    lost,
    async end() {
      clearInterval(timer)
      await client.end()
    },
  }
}

/** Speaks up in time, and gives up a connection on which nothing is heard. */
function keepAlive(client: pg.Client, giveUp: () => void): NodeJS.Timeout {
  let silentSince: number | undefined
  const timer = setInterval(() => {
    if (silentSince !== undefined) {
      // A process that was held up finds its timer due before it has read what came meanwhile: that is read first.
      const isDeaf = performance.now() - silentSince > deafMs
      if (isDeaf) setImmediate(() => silentSince !== undefined && giveUp())
      return
    }
    silentSince = performance.now()
    const heard = (): void => {
      silentSince = undefined
    }
    client.query('SELECT 1').then(heard, () => clearInterval(timer)) // that it is lost is said by its event
  }, pingMs)
  return timer.unref()
}

async function transaction<T>(
  client: pg.ClientBase,
  query: Query,
  work: (query: Query) => Promise<T>,
  durability: 'forced' | 'later' = 'forced',
): Promise<T> {
  await reach(client.query('BEGIN'))
  try {
    if (durability === 'later') await query('SET LOCAL synchronous_commit = off')
    const result = await work(query)
    await reach(client.query('COMMIT'))
    return result
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined) // where the connection is gone, so is the transaction
    throw error
  }
}

async function checkDurability(query: Query): Promise<void> {
  const [row] = await query("SELECT current_setting('fsync') AS fsync")
  if (row?.fsync !== 'on')
    throw new Fatal('the PostgreSQL server has fsync off: nothing that it takes is sure to be kept', 1)
}

const dialect = {
  schema: (step: string) =>
    step
      .replace(/\bINTEGER\b/g, 'BIGINT')
      .replace(/\bBLOB\b/g, 'BYTEA')
      .replace(/\) STRICT\b/g, ')'),
  hold: 'FOR SHARE',
  json: '::json',
}

/** Numbers as numbers: none here comes near 2^53. Bytes as plain ones, as SQLite gives them. */
const parsers = new Map<number, (text: string) => unknown>([
  [pg.types.builtins.INT8, Number],
  [pg.types.builtins.BYTEA, (text) => new Uint8Array(Buffer.from(text.slice(2), 'hex'))], // `\x` before the digits
])
const types = {
  getTypeParser: ((id: number, format?: 'text' | 'binary') =>
    parsers.get(id) ?? pg.types.getTypeParser(id, format as 'text')) as typeof pg.types.getTypeParser,
}

const prepared = new Map<string, { readonly name: string; readonly text: string }>()

/** Each statement is prepared once a connection. */
function queryOn(connection: pg.ClientBase | pg.Pool): Query {
  return async (sql, ...values) => {
    const statement = prepared.get(sql) ?? { name: `s${prepared.size}`, text: withNumbers(sql) }
    prepared.set(sql, statement)
    const { rows } = await reach(connection.query({ ...statement, values: values as Value[] }))
    return rows
  }
}

function withNumbers(sql: string): string {
  let count = 0
  return sql.replaceAll('?', () => `$${++count}`)
}

/** https://www.postgresql.org/docs/current/errcodes-appendix.html, whole codes and classes */
const storeCodes: Readonly<Record<string, StoreCode>> = {
  '53100': 'STORE_FULL',
  '25006': 'STORE_READ_ONLY',
  '58030': 'STORE_IO',
  XX001: 'STORE_DAMAGED',
  XX002: 'STORE_DAMAGED',
  '08': 'STORE_UNREACHABLE',
  '57': 'STORE_UNREACHABLE',
  '23': 'STORE_CONFLICT',
}

function toStoreError(cause: unknown): StoreError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const message = cause instanceof Error ? cause.message : String(cause)
  // What is not the server's word is about the way to it.
  const known = /^[0-9A-Z]{5}$/.test(code) ? (storeCodes[code] ?? storeCodes[code.slice(0, 2)]) : 'STORE_UNREACHABLE'
  return new StoreError(known ?? 'STORE_FAILED', `PostgreSQL: ${message}`, { cause })
}

async function reach<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw toStoreError(error)
  }
}
