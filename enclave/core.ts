/** What a core holds. One process is one boot; it goes from `empty` to `closed` to `open`, or to `halted`. */
import type { KeyObject } from 'node:crypto'
import { type Hex, toHex, zeroHash } from '../ledger/hex.ts'
import type { Ledger } from '../ledger/state.ts'
import type { Phase, WrappedKey } from '../protocol/messages.ts'
import type { Birth } from './birth.ts'
import type { Loader } from './load.ts'
import type { Platform } from './platform.ts'
import type { Sealer } from './seal.ts'
import type { Signer } from './signer.ts'
import type { Identity } from './snapshot.ts'

export const version = '0.1.0'

/** A counter of the contract and the root that a commit of this core put there. */
export interface OwnHead {
  readonly counter: bigint
  readonly root: Hex
}

export const noHead: OwnHead = { counter: 0n, root: zeroHash }

/** What there is from genesis or loading on. */
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
}

export interface Core {
  readonly platform: Platform
  /** 32 random bytes, new with every process: no two boots are taken for each other. */
  readonly boot: Hex
  phase: Phase
  live: Live | undefined
  /** A state that is being loaded, in parts. */
  loader: Loader | undefined
  /** The key of the last `unwrap_request`, until a load uses it up. */
  unwrapping: KeyObject | undefined
  /** A snapshot that is being exported, in chunks, and the record up to which it goes. */
  exported: { readonly chunks: readonly Uint8Array[]; readonly record: bigint } | undefined
}

export const createCore = (platform: Platform): Core => ({
  platform,
  boot: toHex(platform.random(32)),
  phase: 'empty',
  live: undefined,
  loader: undefined,
  unwrapping: undefined,
  exported: undefined,
})

export const identityOf = ({ signer, birth, wrappedKeys, epoch, own, anchored }: Live): Identity => ({
  key: toHex(signer.exportKey()),
  bornUnder: birth.configHash,
  birthB64: birth.certificate,
  wrappedKeys,
  epoch,
  own,
  anchored,
})
