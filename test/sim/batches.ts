/** What reporters, payees and signers sign. Made from its name alone, so the same in every run, and signed once. */
import { signBatch } from '../../client/batch.ts'
import type { SentBatch, SentPreference } from '../../client/entries.ts'
import { signPreference } from '../../client/preference.ts'
import { eventKind } from '../../ledger/config.ts'
import type { SignedConfiguration } from '../../ledger/entry.ts'
import { type Hex, toBytes, toHex, zeroAddress, zeroHash } from '../../ledger/hex.ts'
import { signHash } from '../../ledger/signature.ts'
import type { Configuration, Event } from '../../ledger/structs.ts'
import { type Domain, digest, hashStruct } from '../../ledger/typedData.ts'
import {
  domain,
  ether,
  finney,
  jobs,
  payees,
  people,
  reporterKeys,
  reporters,
  signerKey,
  streams,
  thief,
} from './constants.ts'
import { Random } from './random.ts'

const cache = new Map<string, unknown>()
function once<T>(name: string, make: () => T): T {
  const found = cache.get(name)
  if (found !== undefined) return found as T
  const made = make()
  if (cache.size < 100_000) cache.set(name, made)
  return made
}

/** The owner's batches are variant 0; whoever stole the key signs others for the same sequence. */
export const batchOf = (reporter: number, sequence: bigint, variant = 0): SentBatch =>
  once(`batch ${reporter} ${sequence} ${variant}`, () =>
    signBatch({
      domain,
      secretKey: reporterKeys[reporter] as Uint8Array,
      sequence,
      events: eventsOf(
        new Random(Number(sequence) * 1009 + reporter * 97 + variant * 31 + 7),
        sequence,
        reporter,
        variant,
      ),
    }),
  )

function eventsOf(random: Random, sequence: bigint, reporter: number, variant: number): Event[] {
  const id = toHex(random.bytes(32))
  if (variant > 0) return [{ kind: eventKind.credit, id, payee: thief.address, tariff: zeroHash, value: ether / 4n }]
  const sessions = reporter === 1 ? [sessionEvent(Number(sequence))] : []
  const others = Array.from({ length: random.below(3) + (random.oneIn(12) ? 0 : 1) }, (): Event => {
    const { address: payee } = payees[random.below(payees.length)] as (typeof payees)[number]
    if (reporter === 1) return { kind: eventKind.workload, id, payee, tariff: jobs, value: BigInt(1 + random.below(5)) }
    const isDebit = reporter === 0 && random.oneIn(15)
    const value = (isDebit ? 3n * finney : finney) * BigInt(1 + random.below(4)) + BigInt(random.below(1000))
    const kind = isDebit ? eventKind.debit : eventKind.credit
    const who = isDebit && random.oneIn(2) ? people[random.below(2)]?.address : payee
    return { kind, id, payee: who as Hex, tariff: zeroHash, value }
  })
  return [...others, ...sessions]
}

/**
 * The n-th event of a reporter's sessions, five to each: some have gaps, run backwards, begin twice, go on after their end or
 * never end.
 */
function sessionEvent(n: number): Event {
  const session = Math.floor(n / 5)
  const id = toHex(new Random(session).bytes(32))
  const nowMs = BigInt(n * 40_000 + new Random(n).below(35_000))
  const { address } = payees[session % payees.length] as (typeof payees)[number]
  const start = { kind: eventKind.sessionStart, id, payee: address, tariff: streams.name, value: nowMs }
  const later = { ...start, payee: zeroAddress, tariff: zeroHash }
  const heartbeat = { ...later, kind: eventKind.sessionHeartbeat }
  const isEndless = session % 3 === 0
  return [
    start,
    heartbeat,
    session % 2 ? heartbeat : { ...heartbeat, value: nowMs > 100_000n ? nowMs - 100_000n : 0n },
    session % 4 ? { ...later, kind: isEndless ? eventKind.sessionHeartbeat : eventKind.sessionEnd } : start,
    { ...later, kind: isEndless ? eventKind.sessionHeartbeat : eventKind.sessionEnd },
  ][n % 5] as Event
}

const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n

/** What nobody signed so, by kinds of fault. */
export const faults = ['byte', 'high s', 'chain', 'contract', 'signer', 'kind', 'payee', 'much', 'all', 'many'] as const
export type Fault = (typeof faults)[number]

/** A batch that is wrong in one way, and the refusal that says so. */
export function faultyBatch(reporter: number, sequence: bigint, fault: Fault): { batch: SentBatch; code: string } {
  const good = batchOf(reporter, sequence)
  const sign = (events: readonly Event[], change: Partial<Domain> = {}): SentBatch =>
    once(`faulty ${fault} ${reporter} ${sequence}`, () =>
      signBatch({
        domain: { ...domain, ...change },
        secretKey: reporterKeys[reporter] as Uint8Array,
        sequence,
        events,
      }),
    )
  const event = { kind: eventKind.credit, id: zeroHash, payee: thief.address, tariff: zeroHash, value: 1n }
  switch (fault) {
    case 'byte':
      return {
        batch: { ...good, batch: { ...good.batch, events: [...good.batch.events, event] } },
        code: 'BAD_SIGNATURE',
      }
    case 'high s':
      return { batch: { ...good, signature: twinOf(good.signature) }, code: 'BAD_SIGNATURE' }
    case 'chain':
      return { batch: sign(good.batch.events, { chainId: 1n }), code: 'BAD_SIGNATURE' }
    case 'contract':
      return { batch: sign(good.batch.events, { verifyingContract: thief.address }), code: 'BAD_SIGNATURE' }
    case 'signer':
      return { batch: { ...batchOf((reporter + 1) % 3, sequence), batch: good.batch }, code: 'BAD_SIGNATURE' }
    case 'kind':
      return { batch: sign([{ ...event, kind: 7 }]), code: 'KIND_UNKNOWN' }
    case 'payee':
      return { batch: sign([{ ...event, payee: zeroAddress }]), code: 'PAYEE_REFUSED' }
    case 'much':
      return { batch: sign([{ ...event, value: 2n * ether }]), code: 'PAYEE_CAP_EXCEEDED' }
    case 'all':
      return {
        batch: sign(payees.map(({ address: payee }) => ({ ...event, payee, value: ether / 2n }))),
        code: 'BATCH_CAP_EXCEEDED',
      }
    case 'many':
      return { batch: sign(Array.from({ length: 101 }, () => event)), code: 'BATCH_TOO_LARGE' }
  }
}

/** The other valid form of an ECDSA signature: n - s, the other parity. In 64 bytes its s is above half the order. */
function twinOf(signature: Hex): Hex {
  const bytes = toBytes(signature)
  const s = BigInt(toHex(bytes.subarray(32))) & ((1n << 255n) - 1n)
  return `${signature.slice(0, 66)}${(order - s).toString(16).padStart(64, '0')}` as Hex
}

/** What a payee wants: what it earns for somebody else, or for itself; in tickets, and not for little. */
export const wishes = ['redirect', 'plain', 'tickets'] as const
export type Wish = (typeof wishes)[number]

/** A payee's n-th wish. */
export const preferenceOf = (person: number, number: bigint, wish: Wish): SentPreference =>
  once(`preference ${person} ${number} ${wish}`, () =>
    signPreference({
      domain,
      secretKey: people[person]?.key as Uint8Array,
      number,
      rail: wish === 'tickets' ? 1 : 0,
      minimumWei: wish === 'tickets' ? 2n * finney : 0n,
      redirect: wish === 'redirect' ? (people[1 - person]?.address as Hex) : zeroAddress,
    }),
  )

/** The next configuration: `remove` closes the last reporter, `restore` lists it again, `raise` gives it more to spend, `reprice` makes all work dearer. */
export const changes = ['remove', 'restore', 'raise', 'reprice'] as const
export type Change = (typeof changes)[number]

export function configurationAfter(before: Configuration, first: Configuration, change: Change): SignedConfiguration {
  const previous = hashStruct('Configuration', before)
  const removed = reporters[2] as Hex
  const listed = before.reporters.filter(({ reporter }) => reporter !== removed)
  const rule = before.reporters.find(({ reporter }) => reporter === removed) ?? first.reporters[2]
  if (!rule) throw new Error('the first configuration lists three reporters')
  const raised = change === 'raise' ? { ...rule, budgetWei: rule.budgetWei + ether } : rule
  const configuration: Configuration = {
    ...before,
    version: before.version + 1n,
    previous,
    tariffs: before.tariffs.map((tariff) => ({
      ...tariff,
      weiPerUnit: tariff.weiPerUnit + (change === 'reprice' ? 1n : 0n),
    })),
    reporters: change === 'remove' ? listed : [...listed, raised],
  }
  return signed(configuration)
}

const signed = (configuration: Configuration): SignedConfiguration =>
  once(`configuration ${hashStruct('Configuration', configuration)}`, () => ({
    configuration,
    signatures: [signHash(digest(domain, 'Configuration', configuration), signerKey)],
  }))

/** What no signers may change, each with the refusal that says so. */
const fixed: readonly (readonly [change: (before: Configuration) => Partial<Configuration>, code: string])[] = [
  [() => ({ broker: thief.address }), 'BAD_CONFIGURATION'],
  [() => ({ kmsKeys: ['0x0102'] }), 'BAD_CONFIGURATION'],
  [() => ({ chainId: 1n }), 'BAD_CONFIGURATION'],
  [() => ({ verifyingContract: thief.address }), 'BAD_CONFIGURATION'],
  [() => ({ previous: zeroHash }), 'BAD_CONFIGURATION'],
  [({ version }) => ({ version }), 'WRONG_VERSION'],
  [({ version }) => ({ version: version + 2n }), 'WRONG_VERSION'],
]

/** A configuration that its signers signed and that yet must not count. */
export function forbiddenAfter(before: Configuration, dice: number): { signed: SignedConfiguration; code: string } {
  const [change, code] = fixed[dice % fixed.length] as (typeof fixed)[number]
  const next = { ...before, version: before.version + 1n, previous: hashStruct('Configuration', before) }
  return { signed: signed({ ...next, ...change(before) }), code }
}
