/** The part of the store that holds what the chain said. */
import type { Hex } from '../../ledger/hex.ts'
import { argsCodec, type ChainEvent, type EventName } from '../chain/events.ts'
import { storedJson } from './codecs.ts'
import { type Dialect, insertRows, type Query, type Row, type Value } from './database.ts'
import { type BlockPoint, type EventQuery, type PayoutName, payoutNames, type Store } from './store.ts'
import type { Write } from './tables.ts'

type ChainTables = Pick<
  Store,
  | 'cursor'
  | 'blockAt'
  | 'blocks'
  | 'saveBlocks'
  | 'rewindBlocks'
  | 'events'
  | 'eventsNamed'
  | 'lastNamed'
  | 'committed'
  | 'lastCommitted'
  | 'payouts'
>

/** Block hashes are remembered this far back: deeper than any reorganisation that a daemon may survive by itself. */
const blocksRememberedMax = 10_000
const eventsPerPage = 1_000

export function createChainTables(query: Query, write: Write, { json }: Dialect): ChainTables {
  const newestFirst = 'ORDER BY block_number DESC, position DESC LIMIT'
  return {
    async cursor() {
      const [row] = await query('SELECT number, hash FROM blocks ORDER BY number DESC LIMIT 1')
      return row && pointOf(row)
    },
    async blockAt(number) {
      const [row] = await query('SELECT number, hash FROM blocks WHERE number = ?', number)
      return row && pointOf(row)
    },
    blocks: async () => (await query('SELECT number, hash FROM blocks ORDER BY number DESC')).map(pointOf),
    saveBlocks: (points, events) =>
      write(async (ask) => {
        for (const { number, hash } of points) await addBlock(ask, number, hash)
        await insertRows(ask, 'INSERT INTO events', events.map(rowOf))
        await ask(
          'DELETE FROM blocks WHERE number <= (SELECT number FROM blocks ORDER BY number DESC LIMIT 1 OFFSET ?)',
          blocksRememberedMax,
        )
      }),
    rewindBlocks: (number) =>
      write(async (ask) => {
        await ask('DELETE FROM events WHERE block_number > ?', number)
        await ask('DELETE FROM blocks WHERE number > ?', number)
      }),
    async *events(after = -1) {
      // By whole blocks: a page that ends within one would be hard to go on from.
      for (let from = after; ; ) {
        const [end] = await query(
          'SELECT max(block_number) AS number FROM (SELECT block_number FROM events WHERE block_number > ? ORDER BY block_number LIMIT ?) AS page',
          from,
          eventsPerPage,
        )
        if (typeof end?.number !== 'number') return
        const rows = await query(
          'SELECT * FROM events WHERE block_number > ? AND block_number <= ? ORDER BY block_number, position',
          from,
          end.number,
        )
        yield* rows.map(eventOf)
        from = end.number
      }
    },
    async eventsNamed<Name extends EventName>(name: Name, { after, limit }: EventQuery) {
      const rows = await query(
        `SELECT * FROM events WHERE name = ? AND (block_number, position) > (?, ?)
        ORDER BY block_number, position LIMIT ?`,
        ...[name, after?.blockNumber ?? -1, after?.position ?? -1, limit],
      )
      return rows.map((row) => eventOf(row) as ChainEvent<Name>)
    },
    async lastNamed<Name extends EventName>(name: Name, limit: number) {
      const rows = await query(`SELECT * FROM events WHERE name = ? ${newestFirst} ?`, name, limit)
      return rows.reverse().map((row) => eventOf(row) as ChainEvent<Name>)
    },
    async committed(counter) {
      const isThis = `name = 'Committed' AND args${json} ->> 'counter' = ?`
      const [row] = await query(`SELECT * FROM events WHERE ${isThis} ${newestFirst} 1`, `${counter}`)
      return row && (eventOf(row) as ChainEvent<'Committed'>)
    },
    async lastCommitted() {
      const [row] = await query(`SELECT * FROM events WHERE name = 'Committed' ${newestFirst} 1`)
      return row && (eventOf(row) as ChainEvent<'Committed'>)
    },
    async payouts({ payee, before, limit }) {
      const conditions = [`name IN (${payoutNames.map((name) => `'${name}'`).join(', ')})`]
      const values: (string | number)[] = []
      if (payee) {
        conditions.push('payee = ?')
        values.push(payee)
      }
      if (before) {
        conditions.push('(block_number, position) < (?, ?)')
        values.push(before.blockNumber, before.position)
      }
      const where = conditions.join(' AND ')
      const rows = await query(`SELECT * FROM events WHERE ${where} ${newestFirst} ?`, ...values, limit)
      return rows.map((row) => eventOf(row) as ChainEvent<PayoutName>)
    },
  }
}

async function addBlock(query: Query, number: number, hash: Hex): Promise<void> {
  await query(
    'INSERT INTO blocks VALUES (?, ?) ON CONFLICT (number) DO UPDATE SET hash = excluded.hash',
    ...[number, hash],
  )
}

const pointOf = ({ number, hash }: Row): BlockPoint => ({ number: number as number, hash: hash as Hex })

function rowOf(event: ChainEvent): Value[] {
  const { blockNumber, position, blockHash, transactionHash, name, args, blockTime } = event
  const payee = 'payee' in args ? args.payee : null
  const stored = storedJson(argsCodec(name)).write(args)
  return [blockNumber, position, blockHash, transactionHash, name, payee, stored, blockTime]
}

function eventOf(row: Row): ChainEvent {
  const name = row.name as EventName
  return {
    blockNumber: row.block_number as number,
    blockTime: row.block_time as number,
    position: row.position as number,
    blockHash: row.block_hash as Hex,
    transactionHash: row.transaction_hash as Hex,
    name,
    args: storedJson(argsCodec(name)).read(row.args as string),
  } as ChainEvent
}
