/** What a core holds. One process is one boot; it goes from `empty` to `closed` to `open`, or to `halted`. */
import type { KeyObject } from 'node:crypto'
import { type Hex, toHex } from '../ledger/hex.ts'
import type { Phase } from '../protocol/messages.ts'
import type { Live } from './live.ts'
import type { Loader } from './load.ts'
import type { Platform } from './platform.ts'

export const version = '0.1.0'

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
