/** G10: two receipts, or a receipt and what landed, prove a fork or a dropped tail to anyone. Row 5 and 16 of the attacks. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { SentBatch } from '../../../client/entries.ts'
import { type Evidence, evidence, judgeEvidence } from '../../../client/evidence.ts'
import { LogTree } from '../../../client/logTree.ts'
import { entryLeaf } from '../../../ledger/entry.ts'
import { leafHash } from '../../../ledger/eventLog.ts'
import { type Hex, zeroHash } from '../../../ledger/hex.ts'
import { signHash } from '../../../ledger/signature.ts'
import type { Commit, Open } from '../../../ledger/structs.ts'
import { digest } from '../../../ledger/typedData.ts'
import { domain, keyOf, signed } from '../ledger/support.ts'

const coreKey = keyOf(40)
const boot = (n: number): Hex => `0x${'0b'.repeat(31)}0${n}`
const batches = [0n, 1n, 2n, 3n].map((sequence) => signed(sequence, []))
const [b0, b1, b2, b3] = batches as [SentBatch, SentBatch, SentBatch, SentBatch]
const rival = signed(1n, [], keyOf(7))

const logOf = (...entries: readonly SentBatch[]): LogTree => {
  const tree = new LogTree()
  for (const entry of entries) tree.append(leafHash(entryLeaf(entry)))
  return tree
}

/** The receipt for entry `position` of a log that held these entries. */
function receiptOf(
  entries: readonly SentBatch[],
  position: number,
  changes: { epoch?: bigint; key?: Uint8Array } = {},
) {
  const tree = logOf(...entries)
  const head = { epoch: changes.epoch ?? 2n, boot: boot(1), size: BigInt(tree.size), root: tree.root() }
  const signature = signHash(digest(domain, 'LogHead', head), changes.key ?? coreKey)
  const batch = entries[position] as SentBatch
  return { batch, receipt: { head: { ...head, signature }, position, path: tree.inclusionPath(position) } }
}

function openOf(entries: readonly SentBatch[], epoch: bigint, which = 2, key = coreKey) {
  const tree = logOf(...entries)
  const open: Open = {
    epoch,
    prevBoot: boot(1),
    counter: 0n,
    root: zeroHash,
    boot: boot(which),
    logSize: BigInt(tree.size),
    logRoot: tree.root(),
    attestation: '0x',
  }
  return { open, signature: signHash(digest(domain, 'Open', open), key), transactionHash: zeroHash }
}

function commitOf(entries: readonly SentBatch[], epoch: bigint, which: number) {
  const tree = logOf(...entries)
  const point = { logRoot: tree.root(), logSize: BigInt(tree.size) }
  const next = { accountsRoot: zeroHash, ...point, totalEarned: 0n, configHash: zeroHash }
  const at = { epoch, boot: boot(which), counter: 1n, prevRoot: zeroHash }
  const commit: Commit = { ...at, next, round: 0n, payments: [], ticketSigs: [] }
  return { commit, signature: signHash(digest(domain, 'Commit', commit), coreKey), transactionHash: zeroHash }
}

/** As a stranger judges it: out of the file. */
const judge = (first: Evidence['first'], second: Evidence['second'], prefix: Evidence['prefix'] = null) =>
  judgeEvidence(evidence.read(JSON.parse(JSON.stringify(evidence.write({ first, second, prefix }))), ''))

/** What a log was when it held so many entries, proved by whoever has a copy of it. */
function prefixOf(entries: readonly SentBatch[], size: number): NonNullable<Evidence['prefix']> {
  const tree = logOf(...entries)
  return { root: tree.root(size), consistency: tree.consistencyProof(size) }
}

const first = receiptOf([b0, b1, b2], 1)

test.each<[string, Evidence['second'], string]>([
  ['two roots of one size', receiptOf([b0, b1, b3], 1), 'FORK'],
  ['two entries in one place, at different sizes', receiptOf([b0, rival], 1), 'FORK'],
  ['an open on another log of that size', openOf([b0, b1, b3], 3n), 'FORK'],
  ['a commit of another log of that size', commitOf([b0, b1, b3], 2n, 1), 'FORK'],
  ['a later open without what was acknowledged', openOf([b0, b1], 3n), 'TAIL_DROPPED'],
  ['a later commit without it', commitOf([b0, b1], 3n, 2), 'TAIL_DROPPED'],
  ['a boot whose epoch is that of another', openOf([b0], 2n), 'BOOT_REPLACED'],
  ['a commit of its epoch by another boot', commitOf([b0], 2n, 2), 'BOOT_REPLACED'],
])('G10: a lie: %s', (_, second, code) => {
  expect(judge(first, second)).toMatchObject({ verdict: 'lie', code, core: expect.stringMatching(/^0x[0-9a-f]{40}$/) })
})

test.each<[string, Evidence['second']]>([
  ['the same receipt', first],
  ['another entry of the same head', receiptOf([b0, b1, b2], 2)],
  ['the same entry under a later head', receiptOf([b0, b1, b2, b3], 1)],
  ['an earlier head', receiptOf([b0], 0)],
  ['a later open that holds as much', openOf([b0, b1, b2], 3n)],
  ['a later open that holds more', openOf([b0, b1, b2, b3], 3n)],
  ['an earlier open', openOf([b0], 1n)],
  ['its own open', openOf([b0], 2n, 1)],
  ['a commit of its own epoch, before it', commitOf([b0, b1], 2n, 1)],
])('behavior: nothing is proved by %s', (_, second) => {
  expect(judge(first, second)).toMatchObject({ verdict: 'nothing', code: 'CONSISTENT' })
})

test('error: what is not signed, or by two keys, says nothing', () => {
  const forged = { ...first, receipt: { ...first.receipt, position: 0 } }
  expect(judge(forged, first)).toMatchObject({ verdict: 'unknown', code: 'NOT_SIGNED', core: null })
  expect(judge(first, forged)).toMatchObject({ verdict: 'unknown', code: 'NOT_SIGNED' })
  const unsigned = { ...openOf([b0], 3n), signature: `0x${'ff'.repeat(64)}` as Hex }
  expect(judge(first, unsigned)).toMatchObject({ verdict: 'unknown', code: 'NOT_SIGNED' })
  const strangers = receiptOf([b0, b1, b3], 1, { key: keyOf(41) })
  expect(judge(first, strangers)).toMatchObject({ verdict: 'unknown', code: 'NOT_ONE_CORE' })
  expect(judge(first, openOf([b0], 3n, 2, keyOf(41)))).toMatchObject({ code: 'NOT_ONE_CORE' })
})

test('error: an altered open is of another key', () => {
  const open = openOf([b0, b1, b2], 3n)
  const altered = { ...open, open: { ...open.open, logSize: 1n } }
  expect(judge(first, altered)).toMatchObject({ verdict: 'unknown', code: 'NOT_ONE_CORE' })
})

const forked = [b0, b1, b3, b2, rival]

test.each<[string, Evidence['second']]>([
  ['a larger log of another receipt', receiptOf(forked, 0)],
  ['a larger log that was opened', openOf(forked, 3n)],
  ['a larger log that was anchored', commitOf(forked, 2n, 1)],
])('G10: a lie: %s, which did not begin with that of the receipt', (_, second) => {
  expect(judge(first, second)).toMatchObject({ verdict: 'nothing', code: 'CONSISTENT' })
  expect(judge(first, second, prefixOf(forked, 3))).toMatchObject({ verdict: 'lie', code: 'FORK' })
})

test('G10: a lie: a smaller log that was anchored, with which that of the receipt did not begin', () => {
  const [second, prefix] = [commitOf([b0, b3], 2n, 1), prefixOf([b0, b1, b2], 2)]
  expect(judge(first, second)).toMatchObject({ code: 'CONSISTENT' })
  expect(judge(first, second, prefix)).toMatchObject({ verdict: 'lie', code: 'FORK' })
})

test('behavior: a proof that one log began with the other covers the receipt', () => {
  const longer = [b0, b1, b2, b3, rival]
  expect(judge(first, commitOf(longer, 2n, 1), prefixOf(longer, 3))).toMatchObject({ code: 'COVERED' })
  expect(judge(first, commitOf([b0], 2n, 1), prefixOf([b0, b1, b2], 1))).toMatchObject({ code: 'COVERED' })
  // What proves a lie by itself is one whatever else is shown.
  expect(judge(first, openOf([b0], 3n), prefixOf([b0, b1, b2], 1))).toMatchObject({ code: 'TAIL_DROPPED' })
  expect(judge(first, receiptOf([b0, b1, b3], 1), prefixOf(forked, 3))).toMatchObject({ code: 'FORK' })
})

test('error: nobody is accused by a proof that does not lead to what was signed', () => {
  const longer = [b0, b1, b2, b3, rival]
  const [good, strange] = [prefixOf(longer, 3), prefixOf(forked, 3)]
  const wrong = [
    strange, // of a log that nobody signed
    { ...good, root: strange.root },
    { ...strange, root: good.root },
    { ...good, root: zeroHash },
    { ...good, consistency: [] },
    { ...good, consistency: good.consistency.slice(1) },
    { ...good, consistency: [...good.consistency, zeroHash] },
    prefixOf(longer, 4),
  ]
  for (const prefix of wrong)
    expect(judge(first, commitOf(longer, 2n, 1), prefix)).toMatchObject({ verdict: 'unknown', code: 'NOT_PROVED' })
})

test('G10: for logs of all sizes up to 40, forked anywhere, the proof of the larger tells what is so', () => {
  const many = Array.from({ length: 40 }, (_, n) => signed(BigInt(n), []))
  fc.assert(
    fc.property(fc.nat(39), fc.nat(39), fc.nat(40), (a, b, fork) => {
      const [small, large] = [Math.min(a, b) + 1, Math.max(a, b) + 1]
      fc.pre(small < large)
      const other = [...many.slice(0, fork), rival, ...many.slice(fork)].slice(0, large)
      const judged = judge(receiptOf(many.slice(0, small), 0), commitOf(other, 2n, 1), prefixOf(other, small))
      expect(judged).toMatchObject({ code: fork < small ? 'FORK' : 'COVERED' })
    }),
    { numRuns: 60 },
  )
})
