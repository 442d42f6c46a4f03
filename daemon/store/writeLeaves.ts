/** Brings a store to entries as bytes: until its version 4 they were kept as JSON. */
import { signedBatch, signedConfiguration, signedPreference } from '../../client/entries.ts'
import { variant } from '../../client/variant.ts'
import { type Entry, entryLeaf } from '../../ledger/entry.ts'
import { list } from '../../protocol/codec.ts'
import { entriesPerRequestMax } from '../../protocol/messages.ts'
import { storedJson } from './codecs.ts'
import { insertRows, pages, type Query, type Value } from './database.ts'
import { encodeUnlinked } from './linkGains.ts'

const entry = variant({ batch: signedBatch, preference: signedPreference, configuration: signedConfiguration })
const entryJson = storedJson<Entry>(entry)
const entriesJson = storedJson<readonly Entry[]>(list(entry, entriesPerRequestMax))

const rowsPerPage = 256

export async function writeLeaves(query: Query): Promise<void> {
  const page = (from: number) =>
    query('SELECT * FROM entries_before WHERE position >= ? ORDER BY position LIMIT ?', from, rowsPerPage)
  for await (const row of pages(page, 0, (last) => last.position as number)) {
    const { position, author, number, leaf_hash, odd } = row as Record<string, string | number>
    const leaf = entryLeaf(entryJson.read(row.entry as string))
    const gained = await query('SELECT payee, wei FROM gains WHERE position = ?', position as number)
    const gains = encodeUnlinked(gained.map(({ payee, wei }) => [payee as string, BigInt(wei as string)]))
    await insertRows(query, 'INSERT INTO entries', [[position, author, number, leaf_hash, odd, leaf, gains] as Value[]])
  }
  let id = 0
  for (const row of await query('SELECT record, entries FROM intents_before ORDER BY id'))
    for (const one of entriesJson.read(row.entries as string))
      await query('INSERT INTO intents VALUES (?, ?, ?)', ++id, row.record as number, entryLeaf(one))
}
