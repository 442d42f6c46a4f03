/** How what is stored is written, in the JSON of the wire. Read as strictly as anything: a damaged file is found out. */

import type { OddEvent } from '../../ledger/events.ts'
import { type Codec, int, list, object, oneOf } from '../../protocol/codec.ts'

const json = <T>(codec: Codec<T>) => ({
  read: (text: string): T => codec.read(JSON.parse(text), 'stored'),
  write: (value: T): string => JSON.stringify(codec.write(value)),
})

const oddities = [
  'SESSION_ALREADY_OPEN',
  'SESSION_NOT_OPEN',
  'TIME_RAN_BACKWARDS',
  'TARIFF_GONE',
  'PAYEE_GONE',
] as const satisfies readonly OddEvent['reason'][]

export const oddJson = json<readonly OddEvent[]>(list(object({ index: int(1000), reason: oneOf(...oddities) }), 1000))
export const storedJson = json
