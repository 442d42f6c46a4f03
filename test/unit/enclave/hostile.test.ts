/** A host that lies to its core, starves it and kills it at any point: rows 3 to 5, 10 to 13, 16 to 18, 20, 21, 23 of the attacks. */
import { parseTransaction } from 'viem'
import { describe, expect, test } from 'vitest'
import { signBatch } from '../../../client/batch.ts'
import { LogTree } from '../../../client/logTree.ts'
import { type Core, createCore } from '../../../enclave/core.ts'
import { entryLeaf } from '../../../ledger/entry.ts'
import { leafHash } from '../../../ledger/eventLog.ts'
import { zeroHash } from '../../../ledger/hex.ts'
import { rootOf } from '../../../ledger/state.ts'
import type { Domain } from '../../../ledger/typedData.ts'
import type { HeadProof } from '../../../protocol/messages.ts'
import { domain, keyOf, payeeOf, reporterKey, signed } from '../ledger/support.ts'
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
  ticketPayee,
  work,
} from './support.ts'

const payee = payeeOf(1)
/** A core that has anchored once, and what made the head of its contract. */
function anchored() {
  const hosted = host()
  const opened = open(hosted)
  apply(hosted, work(0n), work(1n, 5n, ticketPayee))
  const made = prepare(hosted, firstHead(1n, hosted.core.boot))
  return { hosted, opened, made, head: headAfter(hosted, made, rootOf(made.commit.next)) }
}

const without = ({ boot, phase, ...rest }: ReturnType<typeof statusOf>) => rest
const statusOf = (core: Core) => call(core, 'status', {})
const exportAll = (core: Core): Uint8Array[] => {
  const first = call(core, 'export_state', { chunk: 0 })
  const rest = Array.from({ length: first.chunks - 1 }, (_, i) => call(core, 'export_state', { chunk: i + 1 }))
  return [first, ...rest].map(({ sealed }) => sealed)
}

/** A copy of the log that {@link anchored} leaves, to go on with by itself. */
function copyOfLog({ core }: Hosted): LogTree {
  const configuration = core.live?.ledger.rules.configuration
  if (!configuration) throw new Error('no state')
  const log = new LogTree()
  for (const entry of [{ configuration, signatures: [] }, work(0n), work(1n, 5n, ticketPayee)])
    log.append(leafHash(entryLeaf(entry)))
  return log
}

describe('two cores from one state', () => {
  /** Both opened on one head, each went on with batches of its own and signed the next commit. */
  function fork() {
    const { hosted, head } = anchored()
    const twins = [5n, 6n].map((units) => {
      const log = copyOfLog(hosted)
      const twin: Hosted = { ...hosted, core: restart(hosted), sealed: [...hosted.sealed], log }
      open(twin, head)
      apply(twin, work(2n, units))
      return { twin, made: prepare(twin, { ...head, consistency: twin.log.consistencyProof(3) }) }
    })
    return { head, twins: twins as [(typeof twins)[0], (typeof twins)[0]] }
  }

  test('row 3: their commits stand in one place, so one of them lands; the other core never builds on it', () => {
    const { twins } = fork()
    const [a, b] = twins
    expect([a.made.commit.counter, a.made.commit.prevRoot]).toEqual([b.made.commit.counter, b.made.commit.prevRoot])
    expect(rootOf(a.made.commit.next)).not.toBe(rootOf(b.made.commit.next))
    const landed = headAfter(a.twin, a.made, rootOf(a.made.commit.next))
    for (const consistency of [[], landed.consistency]) {
      const facts = { counter: '2', why: 'its log is no prefix of the present one' }
      const head = { ...landed, consistency }
      expectRefused(b.twin.core, 'open_epoch', { head, hints }, 'FOREIGN_ROOT', facts)
      expectRefused(b.twin.core, 'prepare_payouts', { head, round, payments: [], hints }, 'FOREIGN_ROOT', facts)
    }
    expect(prepare(a.twin, landed).commit.counter).toBe(3n)
  })

  test('row 4: they sign one epoch number, each under a boot of its own, to the end', () => {
    const [a, b] = fork().twins
    expect([a.made.commit.epoch, b.made.commit.epoch]).toEqual([2n, 2n])
    expect(a.made.commit.boot).toBe(a.twin.core.boot)
    expect(b.made.commit.boot).toBe(b.twin.core.boot)
    expect(a.twin.core.boot).not.toBe(b.twin.core.boot)
  })

  test('row 5: receipts of both carry epoch, boot, size and root: of one size, two roots', () => {
    const [a, b] = fork().twins
    const [left, right] = [a, b].map(({ twin }) => call(twin.core, 'apply_event', { entries: [] }).head)
    expect(left).toMatchObject({ epoch: 2n, boot: a.twin.core.boot, size: 4n })
    expect(right).toMatchObject({ epoch: 2n, boot: b.twin.core.boot, size: 4n })
    expect(left?.root).not.toBe(right?.root)
  })

  test('row 13: for one payee, place and due both sign the very same ticket, which redeems once', () => {
    const { twins } = fork()
    const tickets = twins.map(({ twin }) => {
      const head = { ...firstHead(2n, twin.core.boot) }
      return prepare(twin, head, [{ payee: ticketPayee, total: 35n, paid: 0n }]).commit
    })
    expect(tickets[0]?.ticketSigs).toEqual(tickets[1]?.ticketSigs)
    expect(tickets[0]?.ticketSigs).toHaveLength(2)
  })
})

describe('G5: restarted at every point of its life, the core goes on from what is stored', () => {
  const points: [string, (hosted: Hosted, head: HeadProof) => Core][] = [
    ['empty', (hosted) => createCore(hosted.platform)],
    [
      'in the middle of a load',
      (hosted) => {
        const core = createCore(hosted.platform)
        call(core, 'load_state', { key: null, sealed: hosted.sealed.slice(0, 2), isLast: false })
        return core
      },
    ],
    ['closed', (hosted) => restart(hosted)],
    ['open', (hosted) => hosted.core],
    [
      'in the middle of an export',
      (hosted) => {
        call(hosted.core, 'export_state', { chunk: 0 })
        return hosted.core
      },
    ],
    [
      'after a commit that never left',
      (hosted, head) => {
        prepare(hosted, head)
        return hosted.core
      },
    ],
    [
      'after an open that never left',
      (hosted, head) => {
        open(hosted, head)
        return hosted.core
      },
    ],
  ]

  test.each(points)('%s', (_, live) => {
    const { hosted, head, made } = anchored()
    live(hosted, head) // and then it is killed
    const core = restart(hosted)
    const again: Hosted = { ...hosted, core }
    expect(statusOf(core).phase).toBe('closed')
    // It signs around what it signed before, opens, takes the next batch and anchors it.
    const around = { open: null, commit: made.commit, signature: made.signature, hints: { ...hints, nonce: 77n } }
    const { transaction } = call(core, 'sign_transaction', around)
    expect(parseTransaction(transaction).data).toBe(parseTransaction(made.transaction).data)
    expect(parseTransaction(transaction).nonce).toBe(77)
    const opened = open(again, head)
    expect(opened.open).toMatchObject({ counter: 1n, root: head.root, boot: core.boot })
    apply(again, work(2n))
    const { commit } = prepare(again, { ...head, consistency: again.log.consistencyProof(3) })
    expect(commit).toMatchObject({ counter: 2n, prevRoot: head.root, boot: core.boot })
  })

  test('a load that was cut short and begun again, in one core', () => {
    const { hosted } = anchored()
    const core = createCore(hosted.platform)
    const [first, ...rest] = hosted.sealed as [Uint8Array, ...Uint8Array[]]
    call(core, 'load_state', { key: null, sealed: [first], isLast: false })
    expectRefused(core, 'load_state', { key: null, sealed: [first], isLast: false }, 'STATE_GAP')
    call(core, 'load_state', { key: null, sealed: [first, ...rest], isLast: true })
    expect(without(statusOf(core))).toEqual(without(statusOf(hosted.core)))
  })

  test('row 23: three records in flight are lost with the daemon: the export stands for them, and the chain has no hole', () => {
    const { hosted } = anchored()
    const stored = [...hosted.sealed]
    for (const sequence of [2n, 3n, 4n]) apply(hosted, work(sequence))
    hosted.sealed.splice(0, Number.POSITIVE_INFINITY, ...stored) // none of the three came through
    const snapshot = exportAll(hosted.core)
    const { record } = call(hosted.core, 'apply_event', { entries: [work(5n)].map(entryLeaf) })
    const next = record as Uint8Array
    expectRefused(
      createCore(hosted.platform),
      'load_state',
      { key: null, sealed: [...stored, next], isLast: true },
      'STATE_GAP',
    )
    expect(without(statusOf(restart(hosted, [...snapshot, next])))).toEqual(without(statusOf(hosted.core)))
  })

  test('an export that was begun anew does not mix with the one before', () => {
    const { hosted } = anchored()
    call(hosted.core, 'export_state', { chunk: 0 })
    apply(hosted, work(2n))
    const snapshot = exportAll(hosted.core)
    expect(without(statusOf(restart(hosted, snapshot)))).toEqual(without(statusOf(hosted.core)))
  })
})

describe('row 10: lies about the head', () => {
  test('G5: every lie a thousand times in all, then the truth: nothing was cleared, nothing is stuck', () => {
    const { hosted, head, made } = anchored()
    apply(hosted, work(2n))
    const truth = { ...head, consistency: hosted.log.consistencyProof(3) }
    const foreign: HeadProof[] = [
      { ...truth, root: zeroHash },
      { ...truth, counter: 7n },
      { ...truth, made: null },
      { ...truth, consistency: [zeroHash] },
    ]
    const before = statusOf(hosted.core)
    for (let i = 0; i < 1000; i++)
      expectRefused(
        hosted.core,
        i % 2 ? 'open_epoch' : 'prepare_payouts',
        (i % 2 ? { head: foreign[i % 4], hints } : { head: foreign[i % 4], round, payments: [], hints }) as never,
        'FOREIGN_ROOT',
      )
    expect(statusOf(hosted.core)).toEqual(before)
    for (let i = 0; i < 5; i++) call(hosted.core, 'confirm_payout', { commit: made.commit, signature: made.signature })
    const { commit } = prepare(hosted, truth)
    expect([commit.counter, commit.prevRoot]).toEqual([2n, head.root])
  })

  test('row 11: a reorg takes the anchor back: the next commit is built on the head before it', () => {
    const { hosted, made } = anchored()
    call(hosted.core, 'confirm_payout', { commit: made.commit, signature: made.signature })
    const { commit } = prepare(hosted, firstHead(1n, hosted.core.boot))
    expect([commit.counter, commit.prevRoot]).toEqual([1n, zeroHash])
  })

  test('row 11: an open that was lost with the disk: the same calldata again, and another open on the same head', () => {
    const { hosted, opened } = anchored()
    const around = { open: opened.open, commit: null, signature: opened.signature, hints: { ...hints, nonce: 5n } }
    const { transaction } = call(hosted.core, 'sign_transaction', around)
    expect(parseTransaction(transaction).data).toBe(parseTransaction(opened.transaction).data)
    const again = open(hosted).open
    expect([again.epoch, again.prevBoot, again.boot]).toEqual([1n, opened.open.prevBoot, opened.open.boot])
  })
})

test('row 12: a commit that was kept back names the head it was made for, and no later one', () => {
  const { hosted, head, made } = anchored()
  const kept = prepare(hosted, head).commit
  const reopened = open(hosted, head).open
  expect(kept).toMatchObject({ epoch: 1n, counter: 2n, prevRoot: head.root })
  expect(reopened.epoch).toBe(2n)
  expect(made.commit.counter).toBe(1n)
})

test('row 16: the un-anchored tail is dropped: the reporter is told what is expected and goes on', () => {
  const { hosted } = anchored()
  const stored = [...hosted.sealed]
  apply(hosted, work(2n), work(3n))
  const core = restart(hosted, stored)
  const ask = (...entries: Parameters<typeof apply>[1][]) =>
    call(core, 'apply_event', { entries: entries.map(entryLeaf) }).results
  expect(ask(work(4n))[0]?.problem).toMatchObject({ code: 'SEQUENCE_GAP', facts: { expected: '2', got: '4' } })
  expect(ask(signed(2n, []), work(3n), work(4n)).map(({ status }) => status)).toEqual([
    'accepted',
    'accepted',
    'accepted',
  ])
})

test('row 17: a batch with one byte altered, by another, of another place, out of order: refused, and the true one still counts once', () => {
  const { hosted } = anchored()
  const good = work(2n)
  const batch = { ...good.batch, events: good.batch.events.map((event) => ({ ...event, value: event.value + 1n })) }
  const forDomain = (other: Domain) =>
    signBatch({ domain: other, secretKey: reporterKey, sequence: 2n, events: good.batch.events })
  const forgeries = [
    { ...good, batch },
    forDomain({ ...domain, chainId: domain.chainId + 1n }),
    forDomain({ ...domain, verifyingContract: payeeOf(9) }),
    work(3n),
    { ...signed(2n, [], keyOf(66)), batch: good.batch },
  ]
  const before = statusOf(hosted.core)
  const { results, record } = call(hosted.core, 'apply_event', { entries: forgeries.map(entryLeaf) })
  expect(results.map(({ problem }) => problem?.code)).toEqual([
    'BAD_SIGNATURE',
    'BAD_SIGNATURE',
    'BAD_SIGNATURE',
    'SEQUENCE_GAP',
    'BAD_SIGNATURE',
  ])
  expect([record, statusOf(hosted.core)]).toEqual([null, before])
  const twice = call(hosted.core, 'apply_event', { entries: [good, good].map(entryLeaf) }).results
  expect(twice.map(({ status }) => status)).toEqual(['accepted', 'already_accepted'])
})

test('row 18: junk under a sequence or an id burns neither', () => {
  const { hosted } = anchored()
  const junk = Array.from({ length: 100 }, (_, i) => ({ ...work(2n, BigInt(i)), signature: work(3n).signature }))
  const { results } = call(hosted.core, 'apply_event', { entries: junk.map(entryLeaf) })
  expect(new Set(results.map(({ problem }) => problem?.code))).toEqual(new Set(['BAD_SIGNATURE']))
  expect(apply(hosted, work(2n)).results).toHaveLength(1)
})

test('row 20: lies about paid, round and nonce change what is signed for nobody else, and heal with the next truth', () => {
  const { hosted, head } = anchored()
  const pay = (paid: bigint, at = round) =>
    call(hosted.core, 'prepare_payouts', {
      head,
      round: at,
      payments: [
        { payee: ticketPayee, total: 35n, paid },
        { payee, total: 35n, paid: 0n },
      ],
      hints: { ...hints, nonce: 999n },
    }).commit
  const truth = pay(0n)
  const lied = pay(34n, { number: 2n ** 64n - 1n, blockHash: zeroHash })
  // The totals are cumulative and the ledger's: a lie only makes a ticket that does not fit.
  expect(lied.payments).toEqual(truth.payments)
  expect(lied.ticketSigs).not.toEqual(truth.ticketSigs)
  expect(pay(0n)).toEqual(truth)
  const tooMuch = { head, round, payments: [{ payee, total: 36n, paid: 0n }], hints }
  expectRefused(hosted.core, 'prepare_payouts', tooMuch, 'TOTAL_ABOVE_EARNED', {
    payee,
    earned: '35',
    got: '36',
  })
})

test('row 21: a payee that claimed is left out where its paid is shown, and holds up nobody', () => {
  const { hosted, head } = anchored()
  const payments = [
    { payee: ticketPayee, total: 35n, paid: 2n ** 96n - 1n },
    { payee, total: 35n, paid: 0n },
  ]
  const { commit, leftOut } = prepare(hosted, head, payments)
  expect([leftOut, commit.payments.length, commit.ticketSigs.length]).toEqual([[ticketPayee], 1, 0])
})
