/** Who and what is in the simulated world. The same in every run, so that what is signed once serves all. */
import { keccak256, publicKeyOf } from '#primitives'
import { nameToBytes32 } from '../../client/ids.ts'
import { type Hex, toBytes, toHex, zeroHash } from '../../ledger/hex.ts'
import { addressOf } from '../../ledger/signature.ts'
import type { Configuration, Reporter } from '../../ledger/structs.ts'
import type { Domain } from '../../ledger/typedData.ts'

export const keyOf = (n: number): Uint8Array => new Uint8Array(32).fill(n)
export const addressOfKey = (key: Uint8Array): Hex => addressOf(publicKeyOf(key))
/** Where a contract comes to lie: the hash of RLP of whose it is and of the nonce, which is below 128. */
const created = (from: Hex, nonce: number): Hex => {
  const rlp = [0xd6, 0x94, ...toBytes(from), nonce === 0 ? 0x80 : nonce]
  return toHex(keccak256(Uint8Array.from(rlp)).subarray(12))
}
const plain = (n: number): Hex => `0x${n.toString(16).padStart(40, '0')}`

export const deployer = addressOfKey(keyOf(0xd0))
/** The stand-in for Livepeer and its parts, in the order in which its constructor makes them. */
export const brokerWorld = created(deployer, 0)
export const roundsManager = created(brokerWorld, 4)
export const broker = created(brokerWorld, 8)
export const treasury = created(deployer, 1)
export const domain: Domain = { chainId: 31337n, verifyingContract: treasury }

export const guardian = plain(0x9001)
export const operator = plain(0x9002)
export const stranger = plain(0x9003)
export const relayer = plain(0x9004)
/** Where payees that cannot be sent to have their claims sent. */
export const elsewhere = plain(0x9005)

/** How a payee takes money. */
export type Kind = 'person' | 'orchestrator' | 'refuser' | 'gasEater' | 'mole'
export interface Payee {
  readonly address: Hex
  readonly kind: Kind
  readonly key?: Uint8Array
}
const person = (n: number): Payee => ({ address: addressOfKey(keyOf(n)), kind: 'person', key: keyOf(n) })
export const orchestrators: readonly Payee[] = [
  { address: plain(0x8001), kind: 'orchestrator' },
  { address: plain(0x8002), kind: 'orchestrator' },
]
export const people: readonly Payee[] = [person(0x31), person(0x32)]
export const mole: Payee = { address: plain(0x8005), kind: 'mole' }
export const payees: readonly Payee[] = [
  ...orchestrators,
  ...people,
  { address: plain(0x8003), kind: 'refuser' },
  { address: plain(0x8004), kind: 'gasEater' },
  mole,
]
/** Whoever holds a stolen key pays itself. */
export const thief: Payee = { address: plain(0x8066), kind: 'person' }
export const kindOf = (address: Hex): Kind => payees.find((payee) => payee.address === address)?.kind ?? 'person'

export const ether = 10n ** 18n
export const finney = 10n ** 15n
export const day = 86_400n
export const terms = {
  delay: day,
  haltMax: 2n * day,
  silence: 10n * day,
  window: day,
  cap: 4n * ether,
  capFloor: ether,
}
export const funds = 100n * ether

export const reporterKeys = [keyOf(0x21), keyOf(0x22), keyOf(0x23)]
export const reporters: readonly Hex[] = reporterKeys.map(addressOfKey)
/** The reporter whose key somebody else has too. */
export const stolen = reporters[2] as Hex
export const signerKey = keyOf(0x41)

export const jobs = nameToBytes32('jobs')
export const jobWei = finney + 1n
/** A tariff of time that leaves a remainder of nearly every session. */
export const streams = { name: nameToBytes32('streams'), weiPerUnit: finney / 10n + 1n, unitMs: 7_000n }
export const stolenBudgetWei = 1n * ether

const rule = (reporter: Hex): Reporter => ({
  reporter,
  kinds: 0b111111,
  tariffs: [jobs, streams.name],
  batchMaxWei: ether,
  payeeMaxWei: ether,
  budgetWei: reporter === stolen ? stolenBudgetWei : 1000n * ether,
  accountsMax: 100n,
  sessionsMax: 2n,
})

/** The configuration that every honest genesis is given. */
export const firstConfiguration: Configuration = {
  version: 1n,
  previous: zeroHash,
  ...domain,
  broker,
  kmsKeys: [],
  signers: [addressOfKey(signerKey)],
  threshold: 1,
  reporters: reporters.map(rule),
  tariffs: [{ name: jobs, weiPerUnit: jobWei, unitMs: 0n }, streams],
  payeesOpen: true,
  payees: orchestrators.map(({ address }) => ({ payee: address, rail: 1, minimumWei: 0n })),
  rail: 0,
  minimumWei: 0n,
  limits: { batchEventsMax: 100n, sessionGapMs: 60_000n, sessionIdleMs: 300_000n, preferencesMax: 100n },
  feeCaps: { gas: 30_000_000n, maxFeePerGas: 10n ** 12n, maxPriorityFeePerGas: 10n ** 10n },
}
