/** What must hold whenever something happened on the chain, by the guarantee that it would break. */
import type { Hex } from '../../ledger/hex.ts'
import type { Commit, Open } from '../../ledger/structs.ts'
import { prove } from './accounts.ts'
import { hold } from './broken.ts'
import type { Call, Outcome } from './chain.ts'
import { broker, funds, payees, terms, thief, treasury } from './constants.ts'
import { isPrefix } from './ghost.ts'
import type { Message } from './host.ts'
import { type Anchored, type Frame, get, type State } from './model/state.ts'
import { unpack } from './model/treasury.ts'
import { rootOf } from './roots.ts'
import { max, min, sum } from './wei.ts'
import type { ChainGhost, World } from './world.ts'

const everyone: readonly Hex[] = [...payees.map(({ address }) => address), thief.address]

/** Sends something to the contracts and holds what came of it against the truth. */
export function send(world: World, call: Call, message?: Message): Outcome {
  world.chain.onPayee = (payee, frame) => checkInside(world, call, payee, frame)
  const outcome = world.chain.call(call)
  const { state, ghost } = world.chain
  const { before } = outcome
  if (outcome.revert) {
    const isEarly = outcome.revert.error !== 'NotSilent' || world.chain.now < world.quietAt
    hold('G8', isEarly, 'after silence nobody can freeze')
    hold('G5', isUntouched(before, state), () => `${call.fn} reverted and left something behind`)
    return outcome
  }
  if (message?.open) landOpen(world, message, message.open, before)
  if (message?.commit) landCommit(world, message, message.commit, before)
  if (call.fn === 'claim' || call.fn === 'exit') checkAnchor(ghost, call.proof.anchored, state)
  if (call.fn === 'exit')
    hold(
      'G8',
      call.from === call.proof.payee || call.proof.to === call.proof.payee,
      'a stranger chose where an exit goes',
    )
  if (call.fn === 'halt') checkHalt(ghost, call.anchored, before, state)
  if (call.fn === 'freeze') {
    hold('G8', state.time >= world.quietAt, 'frozen without silence')
    hold(
      'G9',
      ghost.halts.every(({ until }) => until <= state.time),
      'frozen during a halt',
    )
  }
  noteSilence(ghost, call, state)
  countMoney(ghost, call, before, state)
  if (call.fn === 'withdraw') checkOwed(world)
  if (call.fn === 'admit') checkAdmission(world, call.admission.anchored, before)
  checkBooks(world)
  return outcome
}

const isUntouched = (before: State, { root, epoch, totalPaid, balances, paid }: State): boolean =>
  before.root === root &&
  before.epoch === epoch &&
  before.totalPaid === totalPaid &&
  get(before.balances, treasury) === get(balances, treasury) &&
  sum(before.paid.values()) === sum(paid.values())

/** The clock of silence by a second hand. */
function noteSilence(ghost: ChainGhost, { fn }: Call, { time }: State): void {
  if (fn === 'halt') ghost.halts = [...ghost.halts, { from: time, until: time + terms.haltMax }]
  if (fn === 'endHalt') ghost.halts = ghost.halts.map(({ from, until }) => ({ from, until: min(until, time) }))
  if (fn !== 'commit' && fn !== 'admit') return
  ghost.quietSince = time
  ghost.halts = []
}

function landOpen(world: World, { core, log, size, isThiefs }: Message, open: Open, before: State): void {
  const { chain } = world
  const by = chain.ghost.landed.at(-1)
  hold('G4', open.epoch === before.epoch + 1n, 'an open of another epoch than the next landed')
  hold('G4', open.prevBoot === before.boot, 'an open that follows another boot landed')
  hold('G4', !chain.ghost.boots.has(open.boot) || open.boot === core.core.boot, 'a boot was opened twice by two')
  hold('G3', core.address === before.committer || isThiefs, 'an open of a key that is not the committer landed')
  if (!isThiefs && by && !by.isThiefs)
    hold('G3', isPrefix(by.log, by.size, log, size), 'a core whose history lacks the anchored root opened an epoch')
  chain.ghost.opener = { epoch: open.epoch, boot: open.boot }
  chain.ghost.boots = new Set([...chain.ghost.boots, open.boot])
}

function landCommit(world: World, message: Message, commit: Commit, before: State): void {
  const { state, ghost } = world.chain
  const by = ghost.landed.at(-1)
  const { opener } = ghost
  hold('G4', opener !== undefined, 'a commit landed before any open')
  hold('G4', commit.epoch === opener.epoch && commit.boot === opener.boot, 'a commit of another epoch or boot landed')
  hold('G1', commit.counter === before.counter + 1n && state.counter === commit.counter, 'not exactly one step')
  hold('G1', commit.prevRoot === before.root, 'a commit landed on another root than the one it names')
  if (!message.isThiefs) {
    hold('G1', !by || by.isThiefs || isPrefix(by.log, by.size, message.log, message.size), 'history was rewritten')
    hold('G8', prove(message.earned).root === commit.next.accountsRoot, 'the accounts root is not that of the accounts')
    hold('G10', commit.next.configHash === before.configHash, 'a commit under another configuration landed')
  }
  ghost.landed = [...ghost.landed, message]
  const most = new Map(message.isThiefs ? ghost.stolen : ghost.mostEarned)
  const paid = commit.payments.map(unpack).map(({ payee, total }) => [payee, total] as const)
  const claims = message.isThiefs ? [...paid, ...message.earned] : message.earned
  for (const [payee, total] of claims) if (total > get(most, payee)) most.set(payee, total)
  if (message.isThiefs) ghost.stolen = most
  else ghost.mostEarned = most
}

/** Who gets something at this moment, in the middle of a transaction, can find nothing of ours to take. */
function checkInside(world: World, call: Call, payee: Hex, { state, events }: Frame): void {
  if (call.fn !== 'commit') return
  const { ghost } = world.chain
  hold('G2', sum(state.deposits.values()) <= ghost.depositGifts, "a payee's code runs while our deposit is not empty")
  const tickets = call.commit.payments.slice(0, call.commit.ticketSigs.length / 2).map(unpack)
  const isTried = ({ payee: to, total }: { payee: Hex; total: bigint }): boolean =>
    get(state.paid, to) >= total || events.some(({ name, args }) => name === 'PaymentFailed' && args[0] === to)
  hold('G2', tickets.every(isTried), "a payee's code runs before the tickets of its commit are spent")
  const own = call.commit.payments.map(unpack).find((payment) => payment.payee === payee)
  hold('G2', !own || get(state.paid, payee) >= own.total, 'money moves before it is booked')
}

function countMoney(ghost: ChainGhost, call: Call, before: State, after: State): void {
  const out = get(before.balances, treasury) - get(after.balances, treasury)
  if (call.fn === 'give') ghost.gifts += call.amount
  if (call.fn === 'withdraw') ghost.withdrawn += out
  if (call.fn === 'fundDeposit') ghost.depositGifts += call.amount
  if (call.fn === 'setCap') ghost.caps = [...ghost.caps, { time: after.time, cap: call.cap }]
  if (call.fn === 'commit' || call.fn === 'claim') {
    ghost.left += out
    ghost.outflows = [...ghost.outflows, { time: after.time, amount: out }]
    checkWindow(ghost, after.time)
  }
  if (call.fn === 'commit') ghost.paidAt = [...ghost.paidAt, ghost.left - ghost.lost]
  const funded = call.fn === 'commit' ? get(after.balances, broker) - get(before.balances, broker) : 0n
  ghost.redeemedOutside += sum(after.fees.values()) - sum(before.fees.values()) - funded
}

/** Only what is live counts, and during a halt only what the guardian trusts. */
function checkAnchor({ landed }: ChainGhost, { counter, root }: Anchored, { time, haltEnd, haltCounter }: State): void {
  const commit = landed[Number(counter) - 1]?.commit
  hold('G9', commit !== undefined && rootOf(commit.next) === root, 'money left against a root that was struck out')
  hold('G9', time >= haltEnd || counter <= haltCounter, 'money left during a halt against a root that is not trusted')
}

/** A guardian gone bad slows a ledger down, and cannot stop it. */
function checkHalt({ landed }: ChainGhost, { counter, root, time }: Anchored, before: State, after: State): void {
  const commit = landed[Number(counter) - 1]?.commit
  hold('G9', commit !== undefined && rootOf(commit.next) === root, 'a halt at a root that is not live')
  hold('G5', before.haltEnd === 0n || after.time >= before.haltEnd + terms.haltMax, 'one halt follows another')
  hold('G5', time + 2n * terms.silence >= after.time, 'a halt reaches back too far')
}

/** No interval of one window sees more than the cap; where the cap was changed, than the larger one. */
function checkWindow({ outflows, caps }: ChainGhost, now: bigint): void {
  const since = now - terms.window
  const left = sum(outflows.filter(({ time }) => time >= since).map(({ amount }) => amount))
  const inForce = caps.filter(({ time }, i) => (caps[i + 1]?.time ?? now) >= since && time <= now)
  const cap = inForce.reduce((most, { cap: wei }) => max(wei, most), 0n)
  hold('G9', left <= cap, () => `${left} wei left within a window, the cap is ${cap}`)
}

/** A halt's admission takes history back to the anchor, and counts what left since as lost. */
function checkAdmission(world: World, { counter, time }: Anchored, before: State): void {
  const { state, ghost } = world.chain
  ghost.opener = undefined
  hold(
    'G4',
    state.boot === `0x${'00'.repeat(32)}` && state.epoch === before.epoch + 1n,
    'an admission left the old boot in place',
  )
  if (before.haltEnd <= state.time) {
    hold(
      'G1',
      state.root === before.root && state.counter === before.counter,
      'an admission without a halt moved the head',
    )
    return
  }
  const haltedAt = before.haltEnd - terms.haltMax
  hold('G5', time + 2n * terms.silence >= haltedAt, 'an admission reaches back too far')
  const index = Number(counter) - 1
  ghost.landed = ghost.landed.slice(0, index + 1)
  const paidThen = ghost.paidAt[index] ?? 0n
  ghost.paidAt = ghost.paidAt.slice(0, index + 1)
  ghost.lost = ghost.left - paidThen
  hold('G9', state.totalPaid === paidThen, 'what a thief took is counted as paid')
}

/** After everything that lands: the contract's registers are what the truth says. */
export function checkBooks(world: World): void {
  const { state: s, ghost } = world.chain
  const by = ghost.landed.at(-1)
  hold('G1', s.counter === BigInt(ghost.landed.length), 'the counter is not the number of commits in force')
  hold('G1', !by || rootOf((by.commit as Commit).next) === s.root, 'the head is not the last commit in force')
  for (const payee of everyone) {
    const paid = get(s.paid, payee)
    const bound = max(get(ghost.mostEarned, payee), get(ghost.stolen, payee))
    hold('G2', paid <= bound, () => `${payee} got ${paid} wei by the books, and earned ${bound}`)
  }
  hold('G2', sum(s.paid.values()) === ghost.left, 'what left is not what is booked as paid')
  hold('G2', s.totalPaid === ghost.left - ghost.lost, 'the total of what was paid is wrong')
  const exited = sum(s.exited.values())
  // Where a thief's root is live at the freeze, what its leaves claim bears no relation to what it says is owed.
  const isBounded = !s.frozen || exited <= s.owed || world.isThiefLive
  hold('G8', exited === s.totalExited && isBounded, 'exits do not add up')
  const balance = get(s.balances, treasury)
  hold('G2', balance + ghost.left + exited + ghost.withdrawn === funds + ghost.gifts, 'a wei is nowhere, or twice')
  const deposit = sum(s.deposits.values())
  hold(
    'G2',
    deposit === ghost.depositGifts - ghost.redeemedOutside,
    'money of ours stayed in the deposit at the broker',
  )
  hold('G8', !s.frozen || balance >= min(s.owed - exited, balance), 'the frozen treasury is short')
}

/** The owner took only what nobody is owed. */
function checkOwed(world: World): void {
  const { state: s, ghost } = world.chain
  const by = ghost.landed.at(-1)
  if (!by || s.frozen || world.isThiefLive) return
  const owed = [...by.earned].reduce((wei, [payee, earned]) => wei + max(0n, earned - get(s.paid, payee)), 0n)
  hold('G8', get(s.balances, treasury) >= owed, 'the owner took what is owed')
}
