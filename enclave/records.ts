/** What a sealed record says: the one thing that happened since the record before. */
import { type Entry, fromSealed } from '../ledger/entry.ts'
import { invariant } from '../ledger/invariant.ts'
import { applyEntry } from '../ledger/transition.ts'
import { hex, list, object, oneOf, uint, type Value } from '../protocol/codec.ts'
import { entriesPerRequestMax, entry } from '../protocol/messages.ts'
import type { Live } from './core.ts'

const record = object({
  what: oneOf('entries', 'open', 'commit'),
  entries: list(entry, entriesPerRequestMax),
  epoch: uint(64),
  own: object({ counter: uint(64), root: hex(32) }),
})

type Change =
  | { readonly what: 'entries'; readonly entries: readonly Entry[] }
  | { readonly what: 'open' }
  | { readonly what: 'commit' }

/** Seals what just happened to `live`, before anything of it is let out. @returns the sealed record */
export function sealChange(live: Live, change: Change): Uint8Array {
  const entries = change.what === 'entries' ? change.entries : []
  const plain = record.write({ what: change.what, entries, epoch: live.epoch, own: live.own })
  return live.sealer.sealRecord(Buffer.from(JSON.stringify(plain), 'utf8'))
}

/** Does to `live` again what a record of this core's remembers. */
export function replayRecord(live: Pick<Live, 'ledger' | 'epoch' | 'own'>, plain: Uint8Array): void {
  const { what, entries, epoch, own }: Value<typeof record> = record.read(
    JSON.parse(Buffer.from(plain).toString('utf8')),
    'record',
  )
  for (const one of entries) {
    const outcome = applyEntry(live.ledger, fromSealed(one))
    invariant(outcome.status === 'accepted', `a sealed record of ${what} holds what was not accepted`)
  }
  live.epoch = epoch
  live.own = own
}
