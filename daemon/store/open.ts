/** Opens a store by its address: `sqlite:PATH` or a URL `postgres://...`. */
import type { Hex } from '../../ledger/hex.ts'
import { Fatal } from '../errors.ts'
import { sqlitePrefix } from './address.ts'
import type { Database } from './database.ts'
import { migrate } from './migrations.ts'
import { openPostgres } from './postgres.ts'
import { openSqlite } from './sqlite.ts'
import type { Store } from './store.ts'
import { createStore } from './tables.ts'

/** Opens or creates the store of the deployment with this configuration. @throws StoreError, Fatal 1 if it is another's */
export async function openStore(address: string, configHash: Hex): Promise<Store> {
  const db = await openDatabase(address)
  try {
    await migrate(db)
    await claim(db, configHash)
    return createStore(db)
  } catch (error) {
    await db.close()
    throw error
  }
}

/** The database at this address, whatever is in it. @throws StoreError */
export const openDatabase = async (address: string): Promise<Database> =>
  address.startsWith(sqlitePrefix) ? openSqlite(address.slice(sqlitePrefix.length)) : openPostgres(address)

function claim({ write }: Database, configHash: Hex): Promise<void> {
  return write(async (query) => {
    const [row] = await query('SELECT config_hash FROM deployment')
    if (!row) await query('INSERT INTO deployment VALUES (?)', configHash)
    else if (row.config_hash !== configHash)
      throw new Fatal(`the store belongs to configuration ${row.config_hash}, not ${configHash}`, 1)
  })
}
