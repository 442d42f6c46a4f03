/** Brings a store to gains that are linked: until its version 6 each was 32 bytes, with an index by payee beside them. */
import type { Hex } from '../../ledger/hex.ts'
import { pages, type Query } from './database.ts'
import { encodeGains } from './gains.ts'

const gainBytes = 32
const payeeBytes = 20
const rowsPerPage = 256

/** As they were written until then. */
export const encodeUnlinked = (gains: readonly (readonly [payee: string, wei: bigint])[]): Uint8Array =>
  Buffer.from(gains.map(([payee, wei]) => payee.slice(2) + wei.toString(16).padStart(24, '0')).join(''), 'hex')

export async function linkGains(query: Query): Promise<void> {
  const last = new Map<Hex, number>()
  const page = (from: number) =>
    query('SELECT position, gains FROM entries WHERE position >= ? ORDER BY position LIMIT ?', from, rowsPerPage)
  for await (const row of pages(page, 0, (one) => one.position as number)) {
    const [position, unlinked] = [row.position as number, Buffer.from(row.gains as Uint8Array)]
    const gains = Array.from({ length: unlinked.length / gainBytes }, (_, i) => {
      const at = i * gainBytes
      const payee: Hex = `0x${unlinked.toString('hex', at, at + payeeBytes)}`
      const wei = BigInt(`0x${unlinked.toString('hex', at + payeeBytes, at + gainBytes)}`)
      const previous = last.get(payee) ?? 0
      last.set(payee, position)
      return { payee, wei, previous }
    })
    await query('UPDATE entries SET gains = ? WHERE position = ?', encodeGains(gains), position)
  }
}
