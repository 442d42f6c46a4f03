/**
 * Genesis for a log that others began: a new key after loss or leak. Rows 6 to 9 and 28 of the attacks, on the core's
 * side: the host may tell such a core any log it likes, and gets nowhere but to the anchored root.
 */
import { expect, test } from 'vitest'
import { addressOfKey } from '../../../client/batch.ts'
import { LogTree } from '../../../client/logTree.ts'
import { createCore } from '../../../enclave/core.ts'
import { type Entry, entryLeaf, fromSealed } from '../../../ledger/entry.ts'
import { leafHash } from '../../../ledger/eventLog.ts'
import { type Hex, zeroHash } from '../../../ledger/hex.ts'
import { commitmentOf, rootOf } from '../../../ledger/state.ts'
import type { Configuration } from '../../../ledger/structs.ts'
import { hashStruct } from '../../../ledger/typedData.ts'
import { entriesBytesMax, type HeadProof } from '../../../protocol/messages.ts'
import { configuration, keyOf, payeeOf, reporterRule } from '../ledger/support.ts'
import {
  apply,
  call,
  expectRefused,
  firstHead,
  type Hosted,
  headAfter,
  hints,
  host,
  open,
  prepare,
  restart,
  round,
  testPlatform,
  work,
} from './support.ts'

/** A log of five batches whose first three are anchored, and the head that the contract is left with when its key is gone. */
function published() {
  const old = host()
  open(old)
  const entries = [0n, 1n, 2n, 3n, 4n].map((sequence) => work(sequence))
  apply(old, ...entries.slice(0, 3))
  const { commit } = prepare(old, firstHead(1n, old.core.boot))
  apply(old, ...entries.slice(3))
  // The contract's head after `admit`: another epoch, no boot, the root of the key before.
  const head: HeadProof = { ...firstHead(3n), counter: 1n, root: rootOf(commit.next) }
  const { configuration: first, hash } = old.core.live?.ledger.rules ?? (undefined as never)
  return { old, entries, head, first, lastHash: hash }
}
type Published = ReturnType<typeof published>

const successor = ({ first, lastHash }: Published, changes: Partial<Configuration> = {}): Configuration => ({
  ...first,
  version: 2n,
  previous: lastHash,
  minimumWei: 3n,
  ...changes,
})

/** A new key for the log, before anything is replayed. */
function born(log: Published, configuration = successor(log), logBegins = log.first): Hosted {
  const platform = testPlatform()
  const core = createCore(platform)
  const { sealed, address } = call(core, 'genesis', { configuration, logBegins })
  const tree = new LogTree()
  tree.append(leafHash(entryLeaf({ configuration: logBegins, signatures: [] })))
  return { core, platform, sealed: [...sealed], log: tree, address }
}

/** As an honest host replays: a request ends where a commit was. */
function replay(hosted: Hosted, { entries }: Published): void {
  apply(hosted, ...entries.slice(0, 3))
  apply(hosted, ...entries.slice(3))
}

/** As large as one may be: 256 reporters with 64 tariffs each. */
function largest({ first }: Published): Configuration {
  const word = (n: number): Hex => `0x${`${n}`.padStart(64, '0')}`
  const tariffs = Array.from({ length: 256 }, (_, n) => ({ name: word(n + 1), weiPerUnit: 1n, unitMs: 0n }))
  const names = tariffs.map(({ name }) => name)
  const reporters = Array.from({ length: 256 }, (_, n) => ({
    ...reporterRule({ reporter: payeeOf(n + 1) }),
    tariffs: names.slice(n % 192, (n % 192) + 64),
  }))
  return { ...first, tariffs, reporters }
}

test('G5: what one request may hold makes a record that can be loaded; more is refused', () => {
  const log = published()
  const hosted = born(log)
  const chain: Entry[] = []
  let previous = log.lastHash
  for (let version = 2n; version < 6n; version++) {
    const configuration = { ...largest(log), version, previous }
    previous = hashStruct('Configuration', configuration)
    chain.push({ configuration, signatures: [] })
  }
  const bytes = chain.map(entryLeaf)
  expect(bytes.reduce((sum, { length }) => sum + length, 0)).toBeGreaterThan(entriesBytesMax)
  const facts = { path: 'params.entries', expected: entriesBytesMax }
  expectRefused(hosted.core, 'apply_event', { entries: bytes }, 'BAD_PARAMS', facts)
  apply(hosted, ...chain.slice(0, 3))
  expect(call(restart(hosted), 'status', {})).toEqual({ ...status(hosted), boot: expect.any(String) })
})

const status = ({ core }: Hosted) => call(core, 'status', {})
const refusedAsForeign = ({ core }: Hosted, head: HeadProof) =>
  expectRefused(core, 'open_epoch', { head, hints }, 'FOREIGN_ROOT')

test('row 28: a new key replays the published log, meets the anchored root on the way, and goes on', () => {
  const log = published()
  const hosted = born(log)
  expect(hosted.address).not.toBe(log.old.address)
  replay(hosted, log)
  expect([status(hosted).logSize, status(hosted).logRoot]).toEqual([6n, log.old.log.root()])

  const opened = open(hosted, log.head)
  const next = successor(log)
  hosted.log.append(leafHash(entryLeaf({ configuration: next, signatures: [] })))
  expect(opened.open).toMatchObject({ epoch: 4n, prevBoot: zeroHash, counter: 1n, root: log.head.root, logSize: 7n })
  expect(opened.open.logRoot).toBe(hosted.log.root())
  expect(status(hosted)).toMatchObject({ phase: 'open', configHash: hashStruct('Configuration', next) })

  // What was earned is earned; the sequences go on; the commit builds on the root of the key before.
  apply(hosted, work(5n))
  const made = prepare(hosted, { ...log.head, epoch: 4n, boot: hosted.core.boot }, [
    { payee: payeeOf(1), total: 210n, paid: 0n },
  ])
  expect(made.commit).toMatchObject({ counter: 2n, prevRoot: log.head.root, next: { totalEarned: 210n, logSize: 8n } })
  const head = headAfter(hosted, made, rootOf(made.commit.next))
  expect(prepare(hosted, head).commit.counter).toBe(3n)
})

test('G5: killed at every point of a replay, and after the open, it goes on from its sealed state', () => {
  const log = published()
  const hosted = born(log)
  const revive = () => {
    const before = status(hosted)
    hosted.core = restart(hosted)
    expect({ ...status(hosted), boot: '', phase: '' }).toEqual({ ...before, boot: '', phase: '' })
  }
  revive()
  apply(hosted, ...log.entries.slice(0, 3))
  revive()
  const { sealed, chunks } = call(hosted.core, 'export_state', { chunk: 0 })
  const rest = Array.from({ length: chunks - 1 }, (_, i) => call(hosted.core, 'export_state', { chunk: i + 1 }).sealed)
  hosted.sealed.splice(0, hosted.sealed.length, sealed, ...rest)
  revive()
  apply(hosted, ...log.entries.slice(3))
  open(hosted, log.head)
  revive()
  // The open is not appended twice, and its head is still the core's own.
  expect(open(hosted, log.head).open).toMatchObject({ epoch: 4n, logSize: 7n })
  expect(hosted.core.live?.ledger.rules.configuration.version).toBe(2n)
})

test('G3: a log that does not lead to the anchored root opens nothing', () => {
  const log = published()
  const short = born(log)
  apply(short, ...log.entries.slice(0, 2))
  refusedAsForeign(short, log.head)

  const forked = born(log)
  apply(forked, ...log.entries.slice(0, 2), work(2n, 6n))
  apply(forked, ...log.entries.slice(3))
  refusedAsForeign(forked, log.head)

  const uncut = born(log) // the root lay on the way, but no request ended there
  apply(uncut, ...log.entries)
  refusedAsForeign(uncut, log.head)
})

test("row 28: the thief's root is not on the way, whatever it signed for it", () => {
  const log = published()
  const hosted = born(log)
  replay(hosted, log)
  const { commit, signature } = prepare(log.old, firstHead(1n, log.old.core.boot))
  const next = { ...commit.next, totalEarned: 10n ** 20n }
  for (const made of [null, { commit, signature }, { commit: { ...commit, next }, signature }])
    refusedAsForeign(hosted, { ...log.head, counter: 2n, root: rootOf(next), made })
})

test('row 28: an anchor before the last one is on the way too', () => {
  const log = published()
  const earlier = born(log)
  apply(earlier, log.entries[0] as Entry)
  const root = rootOf(commitmentOf(earlier.core.live?.ledger as never))
  apply(earlier, ...log.entries.slice(1))
  expect(open(earlier, { ...log.head, root }).open.root).toBe(root)
})

test('row 28: an anchor of a log that held nothing but its configuration is known from the beginning', () => {
  const log = published()
  const old = host()
  open(old)
  const { commit } = prepare(old, firstHead(1n, old.core.boot))
  expect(open(born(log), { ...log.head, root: rootOf(commit.next) }).open.logSize).toBe(2n)
})

test('row 9: what was born for one place in the chain of configurations fits no other', () => {
  const log = published()
  const misfits: [Partial<Configuration>, string][] = [
    [{ version: 3n }, 'WRONG_VERSION'],
    [{ version: 1n }, 'WRONG_VERSION'],
    [{ previous: zeroHash }, 'BAD_CONFIGURATION'],
    [{ broker: payeeOf(77) }, 'BAD_CONFIGURATION'],
    [{ chainId: 1n }, 'BAD_CONFIGURATION'],
    [{ verifyingContract: payeeOf(78) }, 'BAD_CONFIGURATION'],
  ]
  for (const [changes, code] of misfits) {
    const hosted = born(log, successor(log, changes))
    replay(hosted, log)
    expectRefused(hosted.core, 'open_epoch', { head: log.head, hints }, code)
  }
})

test('row 9: the host slips a configuration of its own behind the anchored part: what the key was born with no longer fits', () => {
  const log = published()
  const hosted = born(log)
  apply(hosted, ...log.entries.slice(0, 3))
  const mine = successor(log, {
    reporters: [reporterRule({ reporter: addressOfKey(keyOf(66)), budgetWei: 2n ** 95n })],
  })
  apply(hosted, { configuration: mine, signatures: [] })
  expectRefused(hosted.core, 'open_epoch', { head: log.head, hints }, 'WRONG_VERSION', { expected: '3', got: '2' })
})

test('row 9: a configuration without signatures is taken in a replay alone', () => {
  const log = published()
  const unsigned = { configuration: successor(log), signatures: [] }
  const refused = (hosted: Hosted) => {
    const { results } = call(hosted.core, 'apply_event', { entries: [unsigned].map(entryLeaf) })
    expect(results[0]?.problem).toMatchObject({ code: 'WRONG_SIGNERS' })
  }
  refused(log.old)
  refused({ ...log.old, core: restart(log.old) }) // closed, but of a log of its own
  const hosted = born(log)
  replay(hosted, log)
  open(hosted, log.head)
  refused(hosted)
  refused({ ...hosted, core: restart(hosted) })
})

test('row 28: lost again: the next key replays a log that holds the configuration of the one before', () => {
  const log = published()
  const second = born(log)
  replay(second, log)
  open(second, log.head)
  const made = prepare(second, { ...log.head, epoch: 4n, boot: second.core.boot })
  const entries: Entry[] = [...log.entries, { configuration: successor(log), signatures: [] }]

  const third = born(log, successor(log, { version: 3n, previous: hashStruct('Configuration', successor(log)) }))
  apply(third, ...entries)
  const head = { ...firstHead(5n), counter: 2n, root: rootOf(made.commit.next) }
  expect(open(third, head).open.logSize).toBe(8n)
})

test('G10: nothing is acknowledged and nothing paid before an epoch is open', () => {
  const log = published()
  const hosted = born(log)
  expect(apply(hosted, ...log.entries).head).toBeNull()
  const params = { head: log.head, round, payments: [], hints }
  expectRefused(hosted.core, 'prepare_payouts', params, 'WRONG_PHASE')
})

test('G6: replayed, an entry is judged like any other', () => {
  const log = published()
  const hosted = born(log)
  const [first, ...others] = log.entries as unknown as [Entry, ...Entry[]]
  const { results } = call(hosted.core, 'apply_event', { entries: [...others, first, first].map(entryLeaf) })
  expect(results.map((r) => r.problem?.code ?? r.status)).toEqual([
    ...others.map(() => 'SEQUENCE_GAP'),
    'accepted',
    'already_accepted',
  ])
})

test('row 6: a configuration with a later version begins no log; one that is none is refused either way', () => {
  const log = published()
  const core = createCore(testPlatform())
  expectRefused(core, 'genesis', { configuration: successor(log), logBegins: null }, 'BAD_CONFIGURATION')
  const none = successor(log, { threshold: 1 })
  expectRefused(core, 'genesis', { configuration: none, logBegins: log.first }, 'BAD_CONFIGURATION')
  expectRefused(core, 'genesis', { configuration: successor(log), logBegins: successor(log) }, 'BAD_CONFIGURATION')
})

test('behavior: fees are held to the caps that come with the new key', () => {
  const log = published()
  const hosted = born(log, successor(log, { feeCaps: { ...configuration().feeCaps, gas: hints.gas - 1n } }))
  replay(hosted, log)
  expectRefused(hosted.core, 'open_epoch', { head: log.head, hints }, 'FEE_ABOVE_CAP')
})

test('behavior: the last thousand roots of a replay are kept', () => {
  const log = published()
  const hosted = born(log)
  const live = hosted.core.live
  if (!live) throw new Error('no state')
  const [begin] = live.replayed
  live.replayed = [...live.replayed, ...new Array(1023).fill(zeroHash)]
  apply(hosted, log.entries[0] as Entry)
  expect(live.replayed).toHaveLength(1024)
  expect(live.replayed).not.toContain(begin)
  expect(live.replayed.at(-1)).toBe(rootOf(commitmentOf(live.ledger)))
  expect(fromSealed(log.entries[0] as Entry).leafHash).toHaveLength(32)
})
