/** How what is stored is written, in the JSON of the wire. Read as strictly as anything: a damaged file is found out. */
import type { SignedBatch } from '../../ledger/batch.ts'
import type { OddEvent } from '../../ledger/transition.ts'
import { type Codec, int, list, object, oneOf } from '../../protocol/codec.ts'
import { batchesPerRequestMax, signedBatch } from '../../protocol/messages.ts'

const json = <T>(codec: Codec<T>) => ({
  read: (text: string): T => codec.read(JSON.parse(text), 'stored'),
  write: (value: T): string => JSON.stringify(codec.write(value)),
})

const oddities = [
  'SESSION_ALREADY_OPEN',
  'SESSION_NOT_OPEN',
  'TIME_RAN_BACKWARDS',
] as const satisfies readonly OddEvent['reason'][]

export const batchJson = json<SignedBatch>(signedBatch)
export const batchesJson = json<readonly SignedBatch[]>(list(signedBatch, batchesPerRequestMax))
export const oddJson = json<readonly OddEvent[]>(list(object({ index: int(1000), reason: oneOf(...oddities) }), 1000))
export const storedJson = json
