/** Own roots: rows 1, 3, 4, 10, 11 of the attacks, on the core's side. */

import { expect, test } from 'vitest'
import { addressOfKey } from '../../../client/batch.ts'
import { entryLeaf } from '../../../ledger/entry.ts'
import { zeroHash } from '../../../ledger/hex.ts'
import { signHash } from '../../../ledger/signature.ts'
import { rootOf } from '../../../ledger/state.ts'
import { digest } from '../../../ledger/typedData.ts'
import type { HeadProof } from '../../../protocol/messages.ts'
import { domain, keyOf } from '../ledger/support.ts'
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
  work,
} from './support.ts'

/** A core whose first commit landed, and the head that it left. */
function anchored(): { hosted: Hosted; head: HeadProof } {
  const hosted = host()
  open(hosted)
  apply(hosted, work(0n))
  const made = prepare(hosted, firstHead(1n, hosted.core.boot))
  return { hosted, head: headAfter(hosted, made, rootOf(made.commit.next)) }
}

const refusedAsForeign = (hosted: Hosted, head: HeadProof, why: string) => {
  const facts = { counter: `${head.counter}`, why }
  expectRefused(hosted.core, 'open_epoch', { head, hints }, 'FOREIGN_ROOT', facts)
  if (hosted.core.phase === 'open')
    expectRefused(hosted.core, 'prepare_payouts', { head, round, payments: [], hints }, 'FOREIGN_ROOT', facts)
}

test('G1: a commit names the root before it, and one more counter', () => {
  const { hosted, head } = anchored()
  apply(hosted, work(1n))
  const { commit } = prepare(hosted, { ...head, consistency: hosted.log.consistencyProof(2) })
  expect([commit.counter, commit.prevRoot]).toEqual([2n, head.root])
})

test('G3: a core rolled back behind the anchored root cannot open', () => {
  const { hosted } = anchored()
  const stale = hosted.sealed.slice(0, 2) // before the batch
  apply(hosted, work(1n))
  const made = prepare(hosted, firstHead(1n, hosted.core.boot))
  const head = headAfter(hosted, made, rootOf(made.commit.next))
  const rolledBack = { ...hosted, core: restart(hosted, stale) }
  refusedAsForeign(rolledBack, head, 'its log is no prefix of the present one')
})

test('G3: a core that forked from the anchored history cannot open, whatever proof the host finds', () => {
  const { hosted, head } = anchored()
  const fork = { ...hosted, core: restart(hosted, hosted.sealed.slice(0, 2)) }
  call(fork.core, 'apply_event', { entries: [work(0n, 6n)].map(entryLeaf) })
  refusedAsForeign(fork, head, 'its log is no prefix of the present one')
  call(fork.core, 'apply_event', { entries: [work(1n, 6n)].map(entryLeaf) })
  for (const consistency of [[], head.consistency, hosted.log.consistencyProof(1), [zeroHash], [zeroHash, zeroHash]])
    refusedAsForeign(fork, { ...head, consistency }, 'its log is no prefix of the present one')
})

test('G1: a root of another key is foreign', () => {
  const { hosted, head } = anchored()
  const { commit } = head.made as NonNullable<HeadProof['made']>
  const key = keyOf(66)
  expect(addressOfKey(key)).not.toBe(hosted.address)
  const signature = signHash(digest(domain, 'Commit', commit), key)
  refusedAsForeign(hosted, { ...head, made: { commit, signature } }, 'the commit is not signed by this core')
})

test('G1: a commit altered by the host is foreign', () => {
  const { hosted, head } = anchored()
  const { commit, signature } = head.made as NonNullable<HeadProof['made']>
  const altered = { ...commit, counter: 2n }
  refusedAsForeign(
    hosted,
    { ...head, counter: 2n, made: { commit: altered, signature } },
    'the commit is not signed by this core',
  )
  refusedAsForeign(hosted, { ...head, counter: 2n }, 'the commit made another head')
  refusedAsForeign(hosted, { ...head, root: `0x${'ab'.repeat(32)}` }, 'the commit made another head')
  refusedAsForeign(hosted, { ...head, made: null }, 'no commit is given that made it')
  refusedAsForeign(hosted, { ...head, root: zeroHash, made: null }, 'no commit is given that made it')
})

test('G5: a thousand lies about what landed, then the truth: the next commit is the one that fits', () => {
  const { hosted, head } = anchored()
  apply(hosted, work(1n))
  const consistency = hosted.log.consistencyProof(2)
  for (let i = 0; i < 1000; i++) {
    // The first commit, said never to have landed: what is signed on it reverts on the true head.
    const lie = prepare({ ...hosted, sealed: [] }, firstHead(1n, hosted.core.boot)).commit
    expect(lie.counter).toBe(1n)
    if (i % 250 === 0) call(hosted.core, 'confirm_payout', head.made as NonNullable<HeadProof['made']>)
  }
  const { commit } = prepare({ ...hosted, sealed: [] }, { ...head, consistency })
  expect([commit.counter, commit.prevRoot, commit.next.logSize]).toEqual([2n, head.root, 3n])
})

test('G5: a core whose open did not land opens again on the same head; one that was followed, on the next', () => {
  const { hosted, head } = anchored()
  expect(open(hosted, head).open.epoch).toBe(2n)
  expect(open(hosted, head).open.epoch).toBe(2n)
  const other = `0x${'0b'.repeat(32)}` as const
  const { open: third } = open(hosted, { ...head, epoch: 2n, boot: other })
  expect([third.epoch, third.prevBoot, third.boot]).toEqual([3n, other, hosted.core.boot])
})

test('row 20: a head after which nothing can come is refused, and harms nothing', () => {
  const { hosted, head } = anchored()
  const last = 2n ** 64n - 1n
  const path = (member: string) => ({ path: `params.head.${member}`, expected: 'a decimal string below 2^63' })
  expectRefused(hosted.core, 'open_epoch', { head: { ...head, epoch: last }, hints }, 'BAD_PARAMS', path('epoch'))
  const params = { head: { ...head, counter: last }, round, payments: [], hints }
  expectRefused(hosted.core, 'prepare_payouts', params, 'BAD_PARAMS', path('counter'))
  expect(open(hosted, head).open.epoch).toBe(2n)
})

test('G4: what a core signs carries the epoch that it opened last and its own boot', () => {
  const { hosted, head } = anchored()
  open(hosted, { ...head, epoch: 8n })
  const { commit } = prepare(hosted, head)
  expect([commit.epoch, commit.boot]).toEqual([9n, hosted.core.boot])
  expect(apply(hosted, work(1n)).head).toMatchObject({ epoch: 9n, boot: hosted.core.boot })
})

test('G3: open says what the core holds now', () => {
  const { hosted, head } = anchored()
  apply(hosted, work(1n))
  const { open: signedOpen } = open(hosted, { ...head, consistency: hosted.log.consistencyProof(2) })
  expect([signedOpen.logSize, signedOpen.logRoot]).toEqual([3n, hosted.log.root()])
  expect([signedOpen.counter, signedOpen.root]).toEqual([head.counter, head.root])
})

test('behavior: confirm_payout is shown by status and moves nothing else', () => {
  const { hosted, head } = anchored()
  const before = call(hosted.core, 'status', {})
  call(hosted.core, 'confirm_payout', head.made as NonNullable<HeadProof['made']>)
  expect(call(hosted.core, 'status', {})).toEqual({ ...before, anchored: { counter: 1n, root: head.root } })
})

test('error: confirm_payout of a commit that this core did not sign', () => {
  const { hosted, head } = anchored()
  const { commit, signature } = head.made as NonNullable<HeadProof['made']>
  const altered = { ...commit, counter: 5n }
  expectRefused(hosted.core, 'confirm_payout', { commit: altered, signature }, 'NOT_OWN_SIGNATURE')
})
