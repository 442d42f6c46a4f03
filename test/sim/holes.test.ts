/** The ten holes of the usual design of such a payer, each by name: here none of them is open. */
import { expect, test } from 'vitest'
import { signBatch } from '../../client/batch.ts'
import type { SentBatch } from '../../client/entries.ts'
import { dispatch } from '../../enclave/dispatch.ts'
import { eventKind } from '../../ledger/config.ts'
import { type Hex, zeroHash } from '../../ledger/hex.ts'
import type { Event } from '../../ledger/structs.ts'
import { batchOf } from './batches.ts'
import { domain, finney, orchestrators, people, reporterKeys, thief, treasury } from './constants.ts'
import { ask, cut, type Instance, zeroHints } from './host.ts'
import { get } from './model/state.ts'
import { land, report, signCommit, signOpen, start, trueRound, truth } from './moves/acts.ts'
import { takeOver } from './moves/honest.ts'
import { World } from './world.ts'

const payee = people[0]?.address as Hex
const orchestrator = orchestrators[0]?.address as Hex

/** A world with an epoch open and something earned. */
function begin(...earned: readonly [payee: Hex, wei: bigint][]): { world: World; core: Instance } {
  const world = new World({ seed: 7, isTraced: false })
  const [core] = world.instances as [Instance]
  expect(takeOver(world, core)).toBe(true)
  earn(world, core, ...earned)
  return { world, core }
}

const credit = (to: Hex, value: bigint, kind: number = eventKind.credit): Event => ({
  kind,
  id: zeroHash,
  payee: to,
  tariff: zeroHash,
  value,
})

function batch(core: Instance, events: readonly Event[], reporter = 0): SentBatch {
  const secretKey = reporterKeys[reporter] as Uint8Array
  const sequence = [...core.ghost.sequences.values()][0] ?? 0n
  return signBatch({ domain, secretKey, sequence, events })
}

function earn(world: World, core: Instance, ...earned: readonly [payee: Hex, wei: bigint][]): void {
  for (const [to, wei] of earned) expect(report(world, core, batch(core, [credit(to, wei)]))).toBeUndefined()
}

function pay(world: World, core: Instance, to: Hex, total: bigint, paid: bigint) {
  const payments = [{ payee: to, total, paid }]
  return signCommit(world, core, { ...truth(world, core), payments, round: trueRound(world) })
}

const paidTo = (world: World, to: Hex): bigint => get(world.chain.state.paid, to)

test('a balance that is not reserved at signing: a total that is signed twice is paid once', () => {
  const { world, core } = begin([payee, finney])
  const first = pay(world, core, payee, finney, 0n)
  const second = pay(world, core, payee, finney, 0n)
  expect(first && land(world, first).revert).toBeUndefined()
  expect(second && land(world, second).revert?.error).toBe('WrongCounter')
  const third = pay(world, core, payee, finney, 0n)
  expect(third && land(world, third).revert).toBeUndefined()
  expect(paidTo(world, payee)).toBe(finney)
})

test("the host's word for a failed payment: it does not pay again", () => {
  const { world, core } = begin([orchestrator, finney])
  for (const untrustedPaid of [0n, 0n, 0n]) {
    const commit = pay(world, core, orchestrator, finney, untrustedPaid)
    expect(commit && land(world, commit).revert).toBeUndefined()
  }
  expect(paidTo(world, orchestrator)).toBe(finney)
  expect(get(world.chain.state.fees, orchestrator)).toBe(finney)
})

test('a random nonce or rand on re-issue: the same payment is the same ticket', () => {
  const { world, core } = begin([orchestrator, finney])
  const [first, again] = [pay(world, core, orchestrator, finney, 0n), pay(world, core, orchestrator, finney, 0n)]
  expect(first?.commit?.ticketSigs).toHaveLength(2)
  expect(again?.commit).toEqual(first?.commit)
  expect(again?.signature).toBe(first?.signature)
})

test('broker address, chain id and contract from the host: no request has a place for them', () => {
  const { world, core } = begin([payee, finney])
  for (const member of ['broker', 'chain_id', 'to', 'verifying_contract']) {
    const params = { head: {}, round: {}, payments: [], hints: {}, [member]: thief.address }
    const { error } = dispatch(core.core, { id: 1, method: 'prepare_payouts', params }, () => undefined)
    expect(error).toMatchObject({ code: 'BAD_PARAMS', facts: { path: `params.${member}` } })
  }
  const payments = [{ payee, total: finney, paid: 0n }]
  const { ok } = ask(core.core, 'prepare_payouts', {
    head: world.headProof(core),
    round: trueRound(world),
    payments,
    hints: zeroHints,
  })
  expect(ok?.transaction).toContain(treasury.slice(2))
})

test('any authentic old blob: a core that was rolled back behind the anchored root opens nothing', () => {
  const { world, core } = begin([payee, finney])
  const old = core.disk
  earn(world, core, [payee, finney])
  const commit = pay(world, core, payee, 2n * finney, 0n)
  expect(commit && land(world, commit).revert).toBeUndefined()
  const stale = start(world, cut(old, old.sealed.length)) as Instance
  const { head, isOurs } = truth(world, stale)
  expect(isOurs).toBe(false)
  expect(ask(stale.core, 'open_epoch', { head, hints: zeroHints }).no).toMatchObject({ code: 'FOREIGN_ROOT' })
})

test('optional signatures: nothing is taken without one', () => {
  const { world, core } = begin()
  const unsigned = { ...batchOf(0, 0n), signature: `0x${'00'.repeat(64)}` as Hex }
  expect(report(world, core, unsigned)).toBe('BAD_SIGNATURE')
  const { signature: _, ...bare } = batchOf(0, 0n)
  const params = { entries: [bare] }
  const { error } = dispatch(core.core, { id: 1, method: 'apply_event', params }, () => undefined)
  expect(error?.code).toBe('BAD_PARAMS')
})

test('an underflow that is clamped: what a debit takes too much stays owed by the payee', () => {
  const { world, core } = begin([payee, finney])
  expect(report(world, core, batch(core, [credit(payee, 3n * finney, eventKind.debit)]))).toBeUndefined()
  earn(world, core, [payee, 2n * finney])
  expect(core.ghost.total).toBe(finney)
  earn(world, core, [payee, 2n * finney])
  const commit = pay(world, core, payee, 2n * finney, 0n)
  expect(commit?.commit?.next.totalEarned).toBe(2n * finney)
})

test('event ids that invalid events burn: a refused batch consumes nothing', () => {
  const { world, core } = begin()
  const bad = batch(core, [credit(payee, finney), credit(payee, finney, 7)])
  expect(report(world, core, bad)).toBe('KIND_UNKNOWN')
  expect(report(world, core, batch(core, [credit(payee, finney)]))).toBeUndefined()
  expect(core.ghost.total).toBe(finney)
})

test('checkpoints that are only a sequence: of two forks of one size one goes on', () => {
  const { world, core } = begin([payee, finney])
  const fork = start(world, core.disk) as Instance
  earn(world, core, [payee, finney])
  earn(world, fork, [thief.address, finney])
  expect(fork.tree.size).toBe(core.tree.size)
  const commit = pay(world, core, payee, 2n * finney, 0n)
  expect(commit && land(world, commit).revert).toBeUndefined()
  const { head, isOurs } = truth(world, fork)
  expect(isOurs).toBe(false)
  expect(signOpen(world, fork, head, isOurs)).toBeUndefined()
})

test("a fallback to the host's own ledger: who earned nothing is paid nothing, whatever the host says", () => {
  const { world, core } = begin([payee, finney])
  const head = world.headProof(core)
  const ask1 = (to: Hex, total: bigint) =>
    ask(core.core, 'prepare_payouts', {
      head,
      round: trueRound(world),
      payments: [{ payee: to, total, paid: 0n }],
      hints: zeroHints,
    })
  expect(ask1(thief.address, 1n).no).toMatchObject({ code: 'UNKNOWN_PAYEE', facts: { payee: thief.address } })
  expect(ask1(payee, finney + 1n).no).toMatchObject({ code: 'TOTAL_ABOVE_EARNED', facts: { earned: `${finney}` } })
})
