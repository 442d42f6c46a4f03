/** What the routes of a lane answer from. */
import type { Context } from 'koa'
import type { Rules } from '../../ledger/config.ts'
import type { Hex } from '../../ledger/hex.ts'
import { type Codec, hex } from '../../protocol/codec.ts'
import type { Chain } from '../chain/chain.ts'
import type { HostConfig, LaneConfig } from '../config.ts'
import type { CountBatch, HttpMetrics } from '../metrics.ts'
import type { Places } from '../places.ts'
import type { Books } from '../services/books.ts'
import type { HeadWatch } from '../services/headWatch.ts'
import type { Ingest } from '../services/ingest.ts'
import type { Mirror } from '../services/mirror.ts'
import type { Notary } from '../services/notary.ts'
import type { Payer } from '../services/payer.ts'
import type { Reconciler } from '../services/reconciler.ts'
import type { Gate } from '../services/session.ts'
import type { Stream } from '../services/stream.ts'
import type { Vitals } from '../services/vitals.ts'
import type { Store } from '../store/store.ts'

export interface Services {
  /** Of the log's first configuration; those in force are the mirror's. */
  readonly rules: Rules
  readonly chain: Pick<Chain, 'calldata'>
  readonly gate: Gate
  readonly ingest: Ingest
  readonly mirror: Mirror
  readonly store: Store
  readonly books: Books
  readonly headWatch: Pick<HeadWatch, 'head'>
  readonly reconciler: Reconciler
  readonly payer: Pick<Payer, 'leftOut' | 'nextAtMs'>
  readonly vitals: Pick<Vitals, 'signs'>
  readonly stream: Stream
  /** Undefined where no key for notes is configured. */
  readonly notary: Notary | undefined
  readonly limits: HostConfig['limits']
  readonly deployment: LaneConfig['deployment']
  readonly http: HttpMetrics
  readonly countBatch: CountBatch
  readonly places: Places
  /** Aborts when the lane ends: what would stay open ends with it. */
  readonly ended: AbortSignal
}

const addressCodec = hex(20)

/** An address in a path or query, in any case. @throws Refusal `BAD_PARAMS` */
export const readAddress = (untrusted: unknown, path: string): Hex =>
  addressCodec.read(typeof untrusted === 'string' ? untrusted.toLowerCase() : untrusted, path)

/** Answers 200 with what the codec writes. */
export function answer<T>(context: Context, codec: Codec<T>, value: T): void {
  context.type = 'application/json'
  context.body = JSON.stringify(codec.write(value))
}
