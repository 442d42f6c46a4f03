/** What a host asks of cores, and what it lies to them about. */
import { inspect } from 'node:util'
import type { SentBatch } from '../../../client/entries.ts'
import { type Evidence, judgeEvidence } from '../../../client/evidence.ts'
import { LogTree } from '../../../client/logTree.ts'
import { dispatch } from '../../../enclave/dispatch.ts'
import { toHex, zeroHash } from '../../../ledger/hex.ts'
import { signHash } from '../../../ledger/signature.ts'
import { digest } from '../../../ledger/typedData.ts'
import type { HeadProof } from '../../../protocol/messages.ts'
import { hold } from '../broken.ts'
import { domain, keyOf } from '../constants.ts'
import { isPrefix } from '../ghost.ts'
import { ask, type Instance, isPending, type Message, proofOf, statusOf, takeSnapshot, zeroHints } from '../host.ts'
import type { Random } from '../random.ts'
import { rootOf } from '../roots.ts'
import { isHole } from '../sealed.ts'
import { type Held, hasReplayed, isOwn, madeOf, type World } from '../world.ts'
import { any, duesOf, fateOf, land, signCommit, signOpen, trueRound, truth } from './acts.ts'
import type { Moves } from './move.ts'

const opened = (world: World, random: Random): Instance =>
  random.pick(world.instances.filter(({ epoch }) => epoch !== undefined)) ?? any(world, random)

export const coreMoves: Moves = {
  open: {
    weight: 14,
    rows: [3, 4, 10],
    run(world, random) {
      const core = any(world, random)
      const { head, isOurs } = random.oneIn(4) ? belief(world, core, random) : truth(world, core)
      // The boot that it follows is the host's word alone.
      const boot = random.oneIn(5) ? any(world, random).core.boot : head.boot
      const message = signOpen(world, core, { ...head, boot }, isOurs, fateOf(random))
      if (message && random.below(3) > 0) land(world, message)
    },
  },
  commit: {
    weight: 45,
    rows: [3, 10, 12, 20],
    run(world, random) {
      const core = opened(world, random)
      const claim = random.oneIn(3) ? belief(world, core, random) : truth(world, core)
      const dues = duesOf(world, core, random, 4)
      const payments = random.oneIn(4) ? dues.map((due) => ({ ...due, paid: lie(due, random) })) : dues
      const round = random.oneIn(10) ? { number: BigInt(random.below(9)), blockHash: zeroHash } : trueRound(world)
      const message = signCommit(world, core, { ...claim, payments, round }, fateOf(random))
      if (message && random.below(2) > 0) landIfHeld(world, message)
    },
  },
  twins: {
    weight: 5,
    rows: [3, 4],
    run(world, random) {
      const both = world.instances.filter(
        (core) => core.address === world.committer && !isPending(core) && isOwn(core, world.head.by),
      )
      const [first, second] = random.oneIn(2) ? both : both.toReversed()
      if (!first || !second) return
      // Both sign the same epoch, one of them opens it, and the other goes on as if it had.
      const { head, isOurs } = truth(world, second)
      if (!signOpen(world, second, head, isOurs)) return
      const open = signOpen(world, first, world.headProof(first), isOurs)
      if (!open || land(world, open).revert) return
      const payments = duesOf(world, second, random)
      const commit = signCommit(world, second, { head, isOurs, payments, round: trueRound(world) })
      if (commit) landIfHeld(world, commit)
    },
  },
  openOnLost: {
    weight: 5,
    rows: [3, 10],
    run(world, random) {
      const { epoch, boot, counter, root } = world.chain.state
      const isLost = ({ commit, isThiefs }: Message): boolean =>
        !isThiefs && commit?.counter === counter && rootOf(commit.next) !== root
      const lost = random.pick(world.messages.filter(isLost))
      const core = lost && random.pick(world.instances.filter((one) => isOwn(one, lost)))
      if (!lost?.commit || !core) return
      const claim = { epoch, boot, counter, root: rootOf(lost.commit.next) }
      const message = signOpen(world, core, proofOf(core, claim, madeOf(lost)), true)
      if (message) land(world, message)
    },
  },
  deliver: {
    weight: 110,
    rows: [3, 4, 11, 12, 25],
    run(world, random) {
      const message = random.pick(world.messages)
      if (message) landIfHeld(world, message, random.oneIn(8) ? 'none' : undefined)
    },
  },
  falseHead: {
    weight: 8,
    rows: [10, 20, 34],
    run(world, random) {
      const core = opened(world, random)
      const message = random.pick(world.messages.filter(({ commit }) => commit))
      if (!message?.commit) return
      const { commit, signature } = message
      const forged = { ...commit, next: { ...commit.next, totalEarned: commit.next.totalEarned + 1n } }
      const wild = random.below(3)
      const made = wild === 0 ? { commit: forged, signature } : { commit, signature }
      const root = wild === 1 ? toHex(random.bytes(32)) : rootOf(made.commit.next)
      const counter = wild === 2 ? commit.counter + 1n : commit.counter
      if (hasReplayed(core, root)) return
      const head = proofOf(core, { epoch: world.chain.state.epoch, boot: world.chain.state.boot, counter, root }, made)
      signOpen(world, core, head, false)
    },
  },
  garble: {
    weight: 3,
    rows: [31],
    run(world, random) {
      const { core } = any(world, random)
      const before = statusOf(core)
      const nested: unknown = Array.from({ length: 500 }).reduce((inner) => [inner], [])
      const junk: unknown[] = [
        null,
        [],
        { id: 1 },
        { id: 1, method: 'genesis ' },
        { id: 1, method: '__proto__', params: {} },
        { id: 1, method: 'status', params: { more: 1 } },
        { id: 1, method: 'status', params: nested },
        { id: 1, method: 'apply_event', params: { entries: nested } },
        { id: 1, method: 'apply_event', params: { entries: Array.from({ length: 10_000 }, () => ({})) } },
        { id: 1, method: 'export_state', params: { chunk: -1 } },
        { id: 1, method: 'export_state', params: { chunk: 1e300 } },
        { id: 1, method: 'attestation', params: { nonce: `0x${'00'.repeat(5_000)}` } },
        { id: 1, method: 'attestation', params: { nonce: '0x0' } },
      ]
      const { error } = dispatch(core, random.pick(junk), (fault) => hold('G5', false, `junk halts a core: ${fault}`))
      const codes = ['BAD_PARAMS', 'UNKNOWN_METHOD', 'WRONG_PHASE']
      hold('G5', codes.includes(error?.code ?? ''), () => `junk is answered ${error?.code}`)
      hold('G5', inspect(statusOf(core)) === inspect(before), 'junk moved a core')
    },
  },
  compareReceipts: {
    weight: 6,
    rows: [5],
    run(world, random) {
      const [first, second] = [random.pick(world.receipts), random.pick(world.receipts)]
      if (!first || !second || !('batch' in first.leaf.entry) || !('batch' in second.leaf.entry)) return
      const fileOf = ({ receipt, leaf }: Held) => ({ batch: leaf.entry as SentBatch, receipt })
      const [older, newer] =
        Number(first.receipt.head.size) < Number(second.receipt.head.size) ? [first, second] : [second, first]
      const sizes = [older, newer].map(({ receipt }) => Number(receipt.head.size)) as [number, number]
      const prefix = sizes[0] === sizes[1] ? null : prefixOf(newer.log, sizes)
      const { verdict, code } = judgeEvidence({ first: fileOf(first), second: fileOf(second), prefix })
      if (first.core !== second.core) return hold('G10', code === 'NOT_ONE_CORE', `receipts of two keys: ${code}`)
      const isOneLog = isPrefix(older.log, sizes[0], newer.log, sizes[1])
      hold('G10', (verdict === 'lie') === !isOneLog, () => `receipts of ${isOneLog ? 'one history' : 'two'}: ${code}`)
    },
  },
  confirm: {
    weight: 12,
    rows: [10],
    run(world, random) {
      const core = any(world, random)
      const message = random.pick(world.messages.filter(({ commit }) => commit))
      if (!message) return
      const { no } = ask(core.core, 'confirm_payout', madeOf(message))
      const isOurs = message.core.address === core.address
      hold('G5', isOurs === (no === undefined), `a hint about a commit is answered ${no?.code}`)
    },
  },
  signForeign: {
    weight: 3,
    rows: [20],
    run(world, random) {
      const core = any(world, random)
      const message = random.pick(world.messages.filter(({ commit }) => commit))
      if (!message?.commit) return
      const signature = signHash(digest(domain, 'Commit', message.commit), keyOf(0x66))
      const own = ask(core.core, 'sign_transaction', { open: null, ...madeOf(message), hints: zeroHints })
      hold(
        'G5',
        message.core.address !== core.address || own.ok !== undefined,
        'a core does not sign around what it signed',
      )
      const { no } = ask(core.core, 'sign_transaction', {
        open: null,
        commit: message.commit,
        signature,
        hints: zeroHints,
      })
      hold('G2', no?.code === 'NOT_OWN_SIGNATURE', 'a core signs around what another signed')
      const dear = ask(core.core, 'sign_transaction', {
        open: null,
        ...madeOf(message),
        hints: { ...zeroHints, maxFeePerGas: 10n ** 13n },
      })
      hold('G9', dear.no !== undefined, 'a core pays any fee')
    },
  },
  overpay: {
    weight: 5,
    rows: [20],
    run(world, random) {
      const core = opened(world, random)
      const [due] = duesOf(world, core, random, 1)
      const { head, isOurs } = truth(world, core)
      if (!due || !isOurs || core.epoch === undefined) return
      const tooMuch = { ...due, total: due.total + 1n }
      const { ok, no } = ask(core.core, 'prepare_payouts', {
        head,
        round: trueRound(world),
        payments: [tooMuch],
        hints: zeroHints,
      })
      hold('G2', ok === undefined && no.code === 'TOTAL_ABOVE_EARNED', 'a core signs more than was earned')
      const twice = ask(core.core, 'prepare_payouts', {
        head,
        round: trueRound(world),
        payments: [due, due],
        hints: zeroHints,
      })
      hold('G2', twice.no?.code === 'DUPLICATE_PAYEE', 'a core pays one payee twice in a commit')
    },
  },
}

/** What a log was when it was as small as the first of these sizes, proved to whoever has a signature of the second. */
function prefixOf(log: Held['log'], [older, newer]: readonly [number, number]): NonNullable<Evidence['prefix']> {
  const tree = new LogTree()
  for (const { leaf } of log.slice(0, newer)) tree.append(leaf)
  return { root: tree.root(older), consistency: tree.consistencyProof(older) }
}

/** A commit lands only if somebody still holds the state that it stands for: a host without it has ended its own ledger. */
export function landIfHeld(world: World, message: ReturnType<typeof signOpen> & object, gas?: 'none'): void {
  if (message.commit && !message.isThiefs) {
    const { disk, core, size } = message
    const isWhole = (disk.sizes.at(-1) ?? 0) >= size && !isHole(disk.sealed)
    if (!isWhole) {
      takeSnapshot(core)
      message.disk = core.disk
    }
  }
  land(world, message, gas)
}

/** What the host may believe or pretend of the head: any commit ever signed, landed or not, or none at all. */
function belief(world: World, core: Instance, random: Random): { head: HeadProof; isOurs: boolean } {
  const message = random.oneIn(5) ? undefined : random.pick(world.messages.filter(({ commit }) => commit))
  const { epoch, boot } = world.chain.state
  if (!message?.commit)
    return { head: proofOf(core, { epoch, boot, counter: 0n, root: zeroHash }, undefined), isOurs: true }
  const { counter, next } = message.commit
  const head = proofOf(core, { epoch, boot, counter, root: rootOf(next) }, madeOf(message))
  return { head, isOurs: isOwn(core, message) }
}

const lie = ({ paid, total }: { paid: bigint; total: bigint }, random: Random): bigint =>
  [0n, paid / 2n, total - 1n, total, total + 1n][random.below(5)] as bigint
