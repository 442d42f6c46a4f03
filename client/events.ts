/** Builders of usage events. Ids and tariffs are ordinary strings here (`ids.ts`), addresses may carry a checksum. */
import { eventKind } from '../ledger/config.ts'
import { zeroAddress, zeroHash } from '../ledger/hex.ts'
import type { Event } from '../ledger/structs.ts'
import { idToBytes32, nameToBytes32, parseAddress } from './ids.ts'

interface Named {
  /** The reporter's own name for the job or session. */
  readonly id: string
}

interface Payable extends Named {
  readonly payee: string
  /** Name of a tariff of the configuration. */
  readonly tariff: string
}

interface Timed {
  /** The reporter's clock, whole milliseconds since 1970. */
  readonly atMs: number
}

/** So many units of work done under a tariff. @throws RangeError */
export const workload = ({ id, payee, tariff, units }: Payable & { readonly units: bigint }): Event => ({
  kind: eventKind.workload,
  id: idToBytes32(id),
  payee: parseAddress(payee),
  tariff: nameToBytes32(tariff),
  value: units,
})

/** A session begins; what follows under its id is credited to this payee by the tariff's clock. @throws RangeError */
export const sessionStart = ({ id, payee, tariff, atMs }: Payable & Timed): Event => ({
  kind: eventKind.sessionStart,
  id: idToBytes32(id),
  payee: parseAddress(payee),
  tariff: nameToBytes32(tariff),
  value: BigInt(atMs),
})

/** The session still runs: credits the time since its last event. @throws RangeError */
export const sessionHeartbeat = (event: Named & Timed): Event => ofSession(eventKind.sessionHeartbeat, event)

/** The session ends: credits the time since its last event. @throws RangeError */
export const sessionEnd = (event: Named & Timed): Event => ofSession(eventKind.sessionEnd, event)

const ofSession = (kind: number, { id, atMs }: Named & Timed): Event => ({
  kind,
  id: idToBytes32(id),
  payee: zeroAddress,
  tariff: zeroHash,
  value: BigInt(atMs),
})

interface Amount extends Named {
  readonly payee: string
  readonly wei: bigint
}

/** An explicit amount, from a reporter that may send such. @throws RangeError */
export const credit = (event: Amount): Event => ofAmount(eventKind.credit, event)

/** A debt that later credits pay down first: what was earned stays. From a reporter that may send such. @throws RangeError */
export const debit = (event: Amount): Event => ofAmount(eventKind.debit, event)

const ofAmount = (kind: number, { id, payee, wei }: Amount): Event => ({
  kind,
  id: idToBytes32(id),
  payee: parseAddress(payee),
  tariff: zeroHash,
  value: wei,
})
