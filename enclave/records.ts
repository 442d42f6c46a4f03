/** What a sealed record says: the one thing that happened since the record before. */
import { type Authentic, decodeEntry, fromSealed } from '../ledger/entry.ts'
import { invariant } from '../ledger/invariant.ts'
import { commitmentOf, rootOf } from '../ledger/state.ts'
import { applyEntry } from '../ledger/transition.ts'
import { blob, hex, list, object, oneOf, uint } from '../protocol/codec.ts'
import { decodeBody, encodeBody } from '../protocol/frame.ts'
import { entriesPerRequestMax, entryBytesMax } from '../protocol/messages.ts'
import type { Live } from './live.ts'
import { replayedMax } from './snapshot.ts'

const record = object({
  what: oneOf('entries', 'open', 'commit'),
  entries: list(blob(entryBytesMax), entriesPerRequestMax),
  epoch: uint(64),
  own: object({ counter: uint(64), root: hex(32) }),
})

/** Seals what just happened to `live`, before anything of it is let out. @returns the sealed record */
export function sealChange(
  live: Live,
  what: 'entries' | 'open' | 'commit',
  entries: readonly Authentic[] = [],
): Uint8Array {
  const leaves = entries.map((one) => one.leaf)
  return live.sealer.sealRecord(encodeBody(record.write({ what, entries: leaves, epoch: live.epoch, own: live.own })))
}

/** Does to `live` again what a record of this core's remembers. */
export function replayRecord(live: Omit<Live, 'signer' | 'sealer' | 'birth'>, plain: Uint8Array): void {
  const { what, entries, epoch, own } = record.read(decodeBody(plain), 'record')
  for (const leaf of entries) {
    const outcome = applyEntry(live.ledger, fromSealed(decodeEntry(leaf), leaf))
    invariant(outcome.status === 'accepted', `a sealed record of ${what} holds what was not accepted`)
  }
  if (what === 'entries') noteReplayed(live)
  if (what === 'open') live.pending = null
  live.epoch = epoch
  live.own = own
}

/** The configuration that the first `open_epoch` appends, as an entry: by the log's rules it needs no signers. */
export const pendingEntry = ({ pending }: Live): readonly Authentic[] =>
  pending ? [fromSealed({ configuration: pending, signatures: [] })] : []

/** Remembers the present root of a log that is being replayed: one of them is the contract's head. */
export function noteReplayed(live: Pick<Live, 'ledger' | 'pending' | 'replayed'>): void {
  if (live.pending) live.replayed = [...live.replayed, rootOf(commitmentOf(live.ledger))].slice(-replayedMax)
}
