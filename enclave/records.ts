/** What a sealed record says: the one thing that happened since the record before. */
import { fromSealed, type SignedBatch } from '../ledger/batch.ts'
import { invariant } from '../ledger/invariant.ts'
import { applyBatch } from '../ledger/transition.ts'
import { hex, list, object, oneOf, uint, type Value } from '../protocol/codec.ts'
import { batchesPerRequestMax, signedBatch } from '../protocol/messages.ts'
import type { Live } from './core.ts'

const record = object({
  what: oneOf('batches', 'open', 'commit'),
  batches: list(signedBatch, batchesPerRequestMax),
  epoch: uint(64),
  own: object({ counter: uint(64), root: hex(32) }),
})

type Change =
  | { readonly what: 'batches'; readonly batches: readonly SignedBatch[] }
  | { readonly what: 'open' }
  | { readonly what: 'commit' }

/** Seals what just happened to `live`, before anything of it is let out. @returns the sealed record */
export function sealChange(live: Live, change: Change): Uint8Array {
  const batches = change.what === 'batches' ? change.batches : []
  const plain = record.write({ what: change.what, batches, epoch: live.epoch, own: live.own })
  return live.sealer.sealRecord(Buffer.from(JSON.stringify(plain), 'utf8'))
}

/** Does to `live` again what a record of this core's remembers. */
export function replayRecord(live: Pick<Live, 'ledger' | 'epoch' | 'own'>, plain: Uint8Array): void {
  const { what, batches, epoch, own }: Value<typeof record> = record.read(
    JSON.parse(Buffer.from(plain).toString('utf8')),
    'record',
  )
  for (const batch of batches) {
    const outcome = applyBatch(live.ledger, fromSealed(batch))
    invariant(outcome.status === 'accepted', `a sealed record of ${what} holds what was not accepted`)
  }
  live.epoch = epoch
  live.own = own
}
