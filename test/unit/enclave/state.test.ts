/** Sealing and loading: rows 1, 2, 22 of the attacks. */

import { createDecipheriv, hkdfSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { addressOfKey } from '../../../client/batch.ts'
import { credit, sessionStart, workload } from '../../../client/events.ts'
import { signPreference } from '../../../client/preference.ts'
import { createCore } from '../../../enclave/core.ts'
import { createLoader } from '../../../enclave/load.ts'
import { sealChange } from '../../../enclave/records.ts'
import { createSealer, createUnsealer, noRecords } from '../../../enclave/seal.ts'
import { encodeSnapshot } from '../../../enclave/snapshot.ts'
import { entryLeaf, fromSealed } from '../../../ledger/entry.ts'
import { type Hex, toBytes, toHex, zeroHash } from '../../../ledger/hex.ts'
import { signHash } from '../../../ledger/signature.ts'
import { commitmentOf, createLedger } from '../../../ledger/state.ts'
import { digest } from '../../../ledger/typedData.ts'
import { headerBytes, readHeader, tagBytes } from '../../../protocol/sealedHeader.ts'
import { configuration, domain, keyOf, payeeOf, signed } from '../ledger/support.ts'
import {
  apply,
  ask,
  call,
  expectRefused,
  firstHead,
  host,
  identityOfStranger,
  open,
  prepare,
  restart,
  testPlatform,
} from './support.ts'

const work = (units: bigint, payee = payeeOf(1)) => workload({ id: 'job', payee, tariff: 'gpu-second', units })
const start = (id: string) => sessionStart({ id, payee: payeeOf(2), tariff: 'stream-hour', atMs: 1000 })

function busy() {
  const hosted = host()
  open(hosted)
  apply(hosted, signed(0n, [work(5n), start('s')]))
  apply(hosted, signed(1n, [work(6n)]), signed(2n, [work(7n, payeeOf(3))]))
  prepare(hosted, firstHead(1n, hosted.core.boot))
  return hosted
}

const accountsOf = (core: Parameters<typeof call>[0]) => [...(core.live?.ledger.accounts.values() ?? [])]

const comparable = (core: Parameters<typeof call>[0]) => {
  const { phase, boot, ...rest } = call(core, 'status', {})
  return rest
}

test('G7: a core restored from snapshot and records goes on exactly where it was', () => {
  const hosted = busy()
  const restored = restart(hosted)
  expect(comparable(restored)).toEqual(comparable(hosted.core))
  const batch = { entries: [entryLeaf(signed(3n, [work(1n)]))] }
  const [a, b] = [hosted.core, restored].map((core) => call(core, 'apply_event', batch))
  expect(a?.logRoot).toBe(b?.logRoot)
  expect(b?.results[0]?.status).toBe('accepted')
})

test('G6: a sealed record that repeats an entry is a fault of ours: nothing goes on from it', () => {
  const hosted = busy()
  const { live } = hosted.core
  if (!live) throw new Error('no state')
  const again = sealChange(live, 'entries', [fromSealed(signed(2n, [work(7n, payeeOf(3))]))])
  const core = createCore(hosted.platform)
  const reply = ask(core, 'load_state', { key: null, sealed: [...hosted.sealed, again], isLast: true })
  expect(reply.error?.code).toBe('HALTED')
})

test('G7: an exported snapshot stands for all records before it', () => {
  const hosted = busy()
  const { sealed, chunks, record } = call(hosted.core, 'export_state', { chunk: 0 })
  expect([chunks, record]).toEqual([4, 4n]) // what the core knows itself, the ledger's head, balances, sessions
  const rest = [1, 2, 3].map((chunk) => call(hosted.core, 'export_state', { chunk }).sealed)
  hosted.sealed.splice(0, hosted.sealed.length, sealed, ...rest)
  apply(hosted, signed(3n, [work(9n)]))
  expect(comparable(restart(hosted))).toEqual(comparable(hosted.core))
})

test('error: a chunk that no export has', () => {
  const { core } = busy()
  const path = 'params.chunk'
  expectRefused(core, 'export_state', { chunk: 1 }, 'BAD_PARAMS', { path })
  const { chunks } = call(core, 'export_state', { chunk: 0 })
  expectRefused(core, 'export_state', { chunk: chunks }, 'BAD_PARAMS', { path })
  for (const chunk of [1, chunks - 1]) call(core, 'export_state', { chunk })
  expectRefused(core, 'export_state', { chunk: 1 }, 'BAD_PARAMS', { path }) // it ended with its last
})

test('G6: a repeat of the last batch is still known after a restart', () => {
  const hosted = busy()
  open(hosted) // the boot that goes on
  const core = restart(hosted)
  const { results } = call(core, 'apply_event', { entries: [signed(2n, [work(7n, payeeOf(3))])].map(entryLeaf) })
  expect(results[0]).toMatchObject({ status: 'already_accepted', position: 3 })
})

test('behavior: a state comes in several requests', () => {
  const hosted = busy()
  const core = createCore(hosted.platform)
  for (const sealed of hosted.sealed) call(core, 'load_state', { key: null, sealed: [sealed], isLast: false })
  call(core, 'load_state', { key: null, sealed: [], isLast: true })
  expect(comparable(core)).toEqual(comparable(hosted.core))
})

const damages: [string, (sealed: Uint8Array[]) => Uint8Array[], string, object][] = [
  ['a record is missing', (s) => s.toSpliced(3, 1), 'STATE_GAP', { expected_number: '2', number: '3' }],
  ['two records are swapped', (s) => [s[0], s[1], s[3], s[2], ...s.slice(4)] as never, 'STATE_GAP', { number: '2' }],
  ['a record comes twice', (s) => s.toSpliced(3, 0, s[2] as never), 'STATE_GAP', { expected_number: '2', number: '1' }],
  ['the snapshot is missing', (s) => s.slice(2), 'STATE_GAP', {}],
  ['half of the snapshot is missing', (s) => s.slice(1), 'STATE_GAP', { expected_chunk: 0, chunk: 1 }],
  ['half of the snapshot comes twice', (s) => [s[0], ...s] as never, 'STATE_GAP', { expected_chunk: 1, chunk: 0 }],
  ['the snapshot comes twice', (s) => [s[0], s[1], ...s] as never, 'STATE_GAP', {}],
  ['nothing at all', () => [], 'STATE_INCOMPLETE', { chunks: 0 }],
  ['an empty thing', (s) => [...s, new Uint8Array()], 'STATE_FORGED', { bytes: 0 }],
  [
    'a truncated record',
    (s) => [...s.slice(0, -1), (s.at(-1) as Uint8Array).slice(0, -1)],
    'STATE_FORGED',
    { number: '4' },
  ],
]

test.each(damages)('row 22: %s', (_, damage, code, facts) => {
  const hosted = busy()
  const core = createCore(hosted.platform)
  const sealed = damage(hosted.sealed)
  expectRefused(core, 'load_state', { key: null, sealed, isLast: true }, code)
  const loader = createLoader(hosted.platform.stateKeyNow() as Uint8Array)
  const push = () => {
    for (const one of sealed) loader.push(one)
    loader.finish(zeroHash)
  }
  expect(push).toThrow(expect.objectContaining({ code, facts: expect.objectContaining(facts) }))
  // A refusal ends the attempt, not the core.
  call(core, 'load_state', { key: null, sealed: hosted.sealed, isLast: true })
})

test('row 22: a flipped bit anywhere in a record or a snapshot is refused', () => {
  const hosted = busy()
  const core = createCore(hosted.platform)
  for (const which of [0, 2]) {
    const original = hosted.sealed[which] as Uint8Array
    for (let at = 0; at < original.length; at += at < 130 ? 1 : 37) {
      const flipped = Uint8Array.from(original)
      flipped[at] = (flipped[at] as number) ^ 1
      const sealed = hosted.sealed.with(which, flipped)
      expect(() => call(core, 'load_state', { key: null, sealed, isLast: true })).toThrow(
        /STATE_(FORGED|GAP|FOREIGN|INCOMPLETE)/,
      )
    }
  }
  expect(call(core, 'status', {}).phase).toBe('empty')
})

test('row 22: what is too short for a header and a tag is nothing that was sealed', () => {
  const hosted = busy()
  const [first] = hosted.sealed as [Uint8Array]
  const core = createCore(hosted.platform)
  for (let length = 1; length < headerBytes + tagBytes; length++)
    expectRefused(
      core,
      'load_state',
      { key: null, sealed: [first.subarray(0, length)], isLast: true },
      'STATE_FORGED',
      { bytes: length },
    )
})

test('row 22: records of two boots from one state do not splice', () => {
  const hosted = busy()
  const [left, right] = [restart(hosted), restart(hosted)]
  const sealOne = (core: typeof left, units: bigint) =>
    call(core, 'apply_event', { entries: [signed(3n, [work(units)])].map(entryLeaf) }).record as Uint8Array
  const [a, b] = [sealOne(left, 1n), sealOne(right, 2n)]
  const afterB = call(right, 'apply_event', { entries: [signed(4n, [])].map(entryLeaf) }).record as Uint8Array
  const core = createCore(hosted.platform)
  const facts = { expected_number: '6', expected_chunk: 0, number: '6', chunk: 0 }
  expectRefused(
    core,
    'load_state',
    { key: null, sealed: [...hosted.sealed, a, afterB], isLast: true },
    'STATE_GAP',
    facts,
  )
  call(core, 'load_state', { key: null, sealed: [...hosted.sealed, b, afterB], isLast: true })
})

test('row 22: never the same key and IV, over boots from one state and all that each seals', () => {
  const hosted = busy()
  const things = [...hosted.sealed]
  for (const core of [restart(hosted), restart(hosted), hosted.core]) {
    for (let sequence = 3n; sequence < 6n; sequence++) {
      things.push(
        call(core, 'apply_event', { entries: [signed(sequence, [work(sequence)])].map(entryLeaf) })
          .record as Uint8Array,
      )
      things.push(call(core, 'export_state', { chunk: 0 }).sealed)
    }
  }
  const used = things.map(readHeader).map(({ boot, iv }) => `${boot} ${iv}`)
  expect(new Set(used).size).toBe(used.length)
})

test('row 22: what is sealed opens by what PROTOCOL.md says: the IV is the number in the header, the key that of the boot', () => {
  const stateKey = new Uint8Array(32).fill(3)
  const boot: Hex = `0x${'0b'.repeat(32)}`
  const sealer = createSealer(stateKey, boot, domain, noRecords)
  const plain = Buffer.from('the same twice')
  const sealed = [sealer.sealRecord(plain), ...sealer.sealSnapshot([plain, plain]), sealer.sealRecord(plain)]
  const key = Buffer.from(
    hkdfSync('sha256', stateKey, '', Buffer.concat([Buffer.from('bursar seal'), toBytes(boot)]), 32),
  )
  sealed.forEach((thing, place) => {
    const [header, box, tag] = [thing.subarray(0, 118), thing.subarray(118, -16), thing.subarray(-16)]
    const iv = Buffer.alloc(12)
    iv.writeUInt32BE(place + 1, 8)
    const open = createDecipheriv('aes-256-gcm', key, iv).setAAD(header).setAuthTag(tag)
    expect(Buffer.concat([open.update(box), open.final()])).toEqual(plain)
    expect(readHeader(thing)).toMatchObject({ iv: BigInt(place + 1), boot, ...domain })
  })
})

test('row 22: what another deployment sealed under the same key is refused by name', () => {
  const hosted = busy()
  const key = hosted.platform.stateKeyNow() as Uint8Array
  const other = createSealer(key, zeroHash, { ...domain, chainId: 1n }, { number: 4n, hash: zeroHash })
  const core = createCore(hosted.platform)
  const sealed = [...hosted.sealed, other.sealRecord(new Uint8Array())]
  expectRefused(core, 'load_state', { key: null, sealed, isLast: true }, 'STATE_FOREIGN')
})

test('row 7: a state sealed under a key that the host chose is refused', () => {
  const hosted = busy()
  const mine = createSealer(new Uint8Array(32).fill(9), zeroHash, domain, noRecords)
  const ledger = createLedger(configuration())
  const identity = identityOfStranger(0n)
  const core = createCore(hosted.platform)
  const sealed = mine.sealSnapshot(encodeSnapshot({ identity, ledger }))
  expectRefused(core, 'load_state', { key: null, sealed, isLast: true }, 'STATE_FORGED', { number: '0', chunk: 0 })
})

test('error: a core without a state key cannot load', () => {
  expectRefused(createCore(testPlatform()), 'load_state', { key: null, sealed: [], isLast: true }, 'NO_STATE_KEY')
})

test('behavior: many accounts and sessions survive in chunks', () => {
  const ledger = createLedger(configuration())
  for (let i = 0; i < 70_000; i++) ledger.accounts.setBalance(payeeOf(i), { earnedWei: 3n, debtWei: BigInt(i) })
  ledger.totalEarnedWei = 210_000n
  const key = new Uint8Array(32).fill(3)
  const sealer = createSealer(key, zeroHash, domain, noRecords)
  const identity = identityOfStranger(4n)
  const sessions = [...ledger.reporters.values()][0]?.sessions
  for (let i = 0; i < 5_001; i++)
    sessions?.set(`0x${i.toString(16).padStart(64, '0')}`, {
      payee: payeeOf(1),
      tariff: zeroHash,
      lastMs: 2n ** 95n,
      remainder: 2n ** 63n,
    })
  const loader = createLoader(key)
  const sealed = sealer.sealSnapshot(encodeSnapshot({ identity, ledger }))
  expect(sealed).toHaveLength(6)
  for (const chunk of sealed) loader.push(chunk)
  const live = loader.finish(zeroHash)
  expect(live.ledger.reporters).toEqual(ledger.reporters)
  expect([...live.ledger.accounts.values()]).toEqual([...ledger.accounts.values()])
  expect(live.epoch).toBe(4n)
  expect(live.ledger.log).toEqual(ledger.log)
})

test('behavior: a sealed thing shows neither key nor balances', () => {
  const hosted = busy()
  const key = toHex(hosted.core.live?.signer.exportKey() as Uint8Array).slice(2)
  for (const sealed of hosted.sealed) expect(toHex(sealed)).not.toContain(key)
  const header = readHeader(hosted.sealed[0] as Uint8Array)
  const unseal = createUnsealer(hosted.platform.stateKeyNow() as Uint8Array)
  const plain = unseal(header, hosted.sealed[0] as Uint8Array)
  expect(Buffer.from(plain).toString()).toContain(key)
})

test('row 9: a changed configuration, preferences and debts are still so after a restart, from records or from a snapshot', () => {
  const signerKey = keyOf(50)
  const payeeKey = keyOf(51)
  const payee = addressOfKey(payeeKey)
  const hosted = host({ signers: [addressOfKey(signerKey)], threshold: 1 })
  open(hosted)
  const take = { ...credit({ id: 'x', payee: payeeOf(4), wei: 9n }), kind: 5 }
  apply(hosted, signed(0n, [work(5n, payee), take]))
  apply(
    hosted,
    signPreference({ domain, secretKey: payeeKey, number: 0n, rail: 1, minimumWei: 3n, redirect: payeeOf(6) }),
  )
  const before = hosted.core.live?.ledger.rules
  if (!before) throw new Error('no state')
  const next = { ...before.configuration, version: 2n, previous: before.hash, minimumWei: 8n }
  const signatures = [signHash(digest(domain, 'Configuration', next), signerKey)]
  apply(hosted, { configuration: next, signatures })
  const chunks = [0, 1, 2, 3].map((chunk) => call(hosted.core, 'export_state', { chunk }).sealed)
  for (const core of [restart(hosted), restart(hosted, chunks)]) {
    expect(comparable(core)).toEqual(comparable(hosted.core))
    expect(core.live?.ledger.rules).toEqual(hosted.core.live?.ledger.rules)
    expect(accountsOf(core)).toEqual(accountsOf(hosted.core))
    const stale = { configuration: next, signatures }
    const { results } = call(core, 'apply_event', { entries: [stale].map(entryLeaf) })
    expect(results[0]?.problem).toMatchObject({ code: 'WRONG_VERSION', facts: { expected: '3', got: '2' } })
  }
})

test('behavior: the commitment of a restored ledger is that of the one before', () => {
  const hosted = busy()
  const restored = restart(hosted)
  expect(commitmentOf(restored.live?.ledger as never)).toEqual(commitmentOf(hosted.core.live?.ledger as never))
})

test('error: an export begins at chunk 0', () => {
  const hosted = host()
  expectRefused(hosted.core, 'export_state', { chunk: 1 }, 'BAD_PARAMS')
})
