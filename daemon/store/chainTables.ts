/** The part of the store that holds what the chain said. */
import type { DatabaseSync } from 'node:sqlite'
import type { Hex } from '../../ledger/hex.ts'
import { argsCodec, type ChainEvent, type EventName } from '../chain/events.ts'
import { atomically } from './atomically.ts'
import { storedJson } from './codecs.ts'
import type { BlockPoint, EventQuery, Store } from './store.ts'

type ChainTables = Pick<
  Store,
  | 'cursor'
  | 'blocks'
  | 'saveBlocks'
  | 'rewindBlocks'
  | 'events'
  | 'eventsNamed'
  | 'committed'
  | 'lastCommitted'
  | 'payouts'
>

/** Block hashes are remembered this far back: deeper than any reorganisation that a daemon may survive by itself. */
const blocksRememberedMax = 10_000

export function createChainTables(db: DatabaseSync): ChainTables {
  const insertEvent = db.prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)')
  const insertBlock = db.prepare('INSERT OR REPLACE INTO blocks VALUES (?, ?)')

  const addEvent = (event: ChainEvent): void => {
    const { blockNumber, position, blockHash, transactionHash, name, args } = event
    const payee = 'payee' in args ? args.payee : null
    const json = storedJson(argsCodec(name)).write(args)
    insertEvent.run(blockNumber, position, blockHash, transactionHash, name, payee, json)
  }
  const blocks = async () =>
    db.prepare('SELECT number, hash FROM blocks ORDER BY number DESC').all() as unknown as BlockPoint[]

  return {
    cursor: async () =>
      db.prepare('SELECT number, hash FROM blocks ORDER BY number DESC LIMIT 1').get() as BlockPoint | undefined,
    blocks,
    async saveBlocks(points, events) {
      atomically(db, () => {
        for (const { number, hash } of points) insertBlock.run(number, hash)
        events.forEach(addEvent)
        db.prepare(
          'DELETE FROM blocks WHERE number <= (SELECT number FROM blocks ORDER BY number DESC LIMIT 1 OFFSET ?)',
        ).run(blocksRememberedMax)
      })
    },
    async rewindBlocks(number) {
      atomically(db, () => {
        db.prepare('DELETE FROM events WHERE block_number > ?').run(number)
        db.prepare('DELETE FROM blocks WHERE number > ?').run(number)
      })
    },
    async *events() {
      for (const row of db.prepare('SELECT * FROM events ORDER BY block_number, position').iterate()) yield eventOf(row)
    },
    async eventsNamed<Name extends EventName>(name: Name, { after, limit }: EventQuery) {
      const rows = db
        .prepare(
          `SELECT * FROM events WHERE name = ? AND (block_number, position) > (?, ?)
           ORDER BY block_number, position LIMIT ?`,
        )
        .all(name, after?.blockNumber ?? -1, after?.position ?? -1, limit)
      return rows.map((row) => eventOf(row) as ChainEvent<Name>)
    },
    async committed(counter) {
      const row = db
        .prepare(
          `SELECT * FROM events WHERE name = 'Committed' AND args ->> '$.counter' = ?
           ORDER BY block_number DESC, position DESC LIMIT 1`,
        )
        .get(`${counter}`)
      return row && (eventOf(row) as ChainEvent<'Committed'>)
    },
    async lastCommitted() {
      const row = db
        .prepare("SELECT * FROM events WHERE name = 'Committed' ORDER BY block_number DESC, position DESC LIMIT 1")
        .get()
      return row && (eventOf(row) as ChainEvent<'Committed'>)
    },
    async payouts({ payee, before, limit }) {
      const conditions = ["name IN ('Paid', 'PaymentFailed')"]
      const values: (string | number)[] = []
      if (payee) {
        conditions.push('payee = ?')
        values.push(payee)
      }
      if (before) {
        conditions.push('(block_number, position) < (?, ?)')
        values.push(before.blockNumber, before.position)
      }
      const rows = db
        .prepare(
          `SELECT * FROM events WHERE ${conditions.join(' AND ')} ORDER BY block_number DESC, position DESC LIMIT ?`,
        )
        .all(...values, limit)
      return rows.map((row) => eventOf(row) as ChainEvent<'Paid' | 'PaymentFailed'>)
    },
  }
}

function eventOf(row: Record<string, unknown>): ChainEvent {
  const name = row.name as EventName
  return {
    blockNumber: row.block_number as number,
    position: row.position as number,
    blockHash: row.block_hash as Hex,
    transactionHash: row.transaction_hash as Hex,
    name,
    args: storedJson(argsCodec(name)).read(row.args as string),
  } as ChainEvent
}
