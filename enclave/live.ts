/** What a core knows from genesis or loading on: all of it is in its snapshot, and each change of it in a record. */
import { type Hex, toHex, zeroHash } from '../ledger/hex.ts'
import type { Ledger } from '../ledger/state.ts'
import type { Configuration } from '../ledger/structs.ts'
import type { WrappedKey } from '../protocol/messages.ts'
import type { Birth } from './birth.ts'
import type { Sealer } from './seal.ts'
import type { Signer } from './signer.ts'
import type { Identity } from './snapshot.ts'

/** A counter of the contract and the root that a commit of this core put there. */
export interface OwnHead {
  readonly counter: bigint
  readonly root: Hex
}

export const noHead: OwnHead = { counter: 0n, root: zeroHash }

export interface Live {
  readonly ledger: Ledger
  readonly signer: Signer
  readonly sealer: Sealer
  readonly birth: Birth
  /** The state key for each KMS key of the configuration that `genesis` was given. */
  readonly wrappedKeys: readonly WrappedKey[]
  epoch: bigint
  /** The last commit signed. Says nothing about what landed. */
  own: OwnHead
  /** The last commit that the host said has landed: shown, never relied on. */
  anchored: OwnHead
  /** Of a key born for a log that others began: its configuration, until the first `open_epoch` appends it. */
  pending: Configuration | null
  /** Roots that the log had on the way, by own computation, where requests of its replay ended. */
  replayed: readonly Hex[]
}

export const identityOf = ({ signer, birth, ...live }: Live): Identity => ({
  ...live,
  key: toHex(signer.exportKey()),
  bornUnder: birth.configHash,
  birthB64: birth.certificate,
})
