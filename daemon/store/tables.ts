/** The store over a database. Every write first makes sure that no other process has taken the lead since. */

import { createChainTables } from './chainTables.ts'
import { type Database, type Query, StoreError } from './database.ts'
import { createLogTables } from './logTables.ts'
import { createSealedTables } from './sealedTables.ts'
import type { Store } from './store.ts'

/** Writes as the leader. */
export type Write = Database['write']

export function createStore(db: Database): Store {
  let generation: number | undefined
  let closing: Promise<void> | undefined

  const checkLead = async (query: Query): Promise<void> => {
    // Held until this transaction ends: who takes the lead waits for it, and has it before its eyes.
    const [row] = await query(`SELECT generation FROM leader ${db.dialect.hold}`)
    if (generation === undefined) throw new StoreError('STORE_FENCED', 'this process does not lead')
    if (row?.generation !== generation)
      throw new StoreError('STORE_FENCED', `generation ${row?.generation} leads, and this process is of ${generation}`)
  }
  const write: Write = (work, durability) =>
    db.write(async (query) => {
      await checkLead(query)
      return work(query)
    }, durability)

  return {
    ...createSealedTables(db.query, write),
    ...createLogTables(db.query, write),
    ...createChainTables(db.query, write, db.dialect),

    async lead(signal) {
      const { lost } = await db.lock(signal)
      const [row] = await db.write((query) =>
        query('UPDATE leader SET generation = generation + 1 RETURNING generation'),
      )
      generation = Number(row?.generation)
      return { generation, lost }
    },
    close() {
      closing ??= db.close()
      return closing
    },
  }
}
