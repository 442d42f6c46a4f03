/** The whole state of a core as plain chunks, before they are sealed: what it knows beside its ledger, then its ledger. */
import type { Ledger } from '../ledger/state.ts'
import { base64, hex, list, nullable, object, struct, uint, type Value } from '../protocol/codec.ts'
import { decodeLedger, encodeLedger, fromJson, toJson } from '../protocol/ledgerState.ts'
import { documentBytesMax, kmsKeysMax, wrappedKey } from '../protocol/messages.ts'

/** So many roots of a replay are kept, the last ones: what is anchored is near the end. */
export const replayedMax = 1024

const ownHead = object({ counter: uint(64), root: hex(32) })

/** What a core knows beside its ledger. */
const identity = object({
  key: hex(32),
  bornUnder: hex(32), // hash of the configuration given to `genesis`
  birthB64: base64(documentBytesMax),
  wrappedKeys: list(wrappedKey, kmsKeysMax),
  epoch: uint(64),
  own: ownHead,
  anchored: ownHead,
  pending: nullable(struct('Configuration')),
  replayed: list(hex(32), replayedMax),
})

export type Identity = Value<typeof identity>

export interface Snapshot {
  readonly identity: Identity
  readonly ledger: Ledger
}

export const encodeSnapshot = (state: Snapshot): Uint8Array[] => [
  toJson(identity.write(state.identity)),
  ...encodeLedger(state.ledger),
]

/** The state that {@link encodeSnapshot} wrote. Its chunks were sealed by a core: a fault in them is ours. */
export const decodeSnapshot = ([first, ...rest]: readonly Uint8Array[]): Snapshot => ({
  identity: identity.read(fromJson(first as Uint8Array), 'identity'),
  ledger: decodeLedger(rest),
})
