/** The end of a run: everything that was broken heals, honest parties finish, and the books are judged to the wei. */

import { LogTree } from '../../client/logTree.ts'
import type { Hex } from '../../ledger/hex.ts'
import type { Commit } from '../../ledger/structs.ts'
import { hold } from './broken.ts'
import { send } from './checks.ts'
import { day, ether, orchestrators, relayer, treasury } from './constants.ts'
import { configHashOf, type Instance, type Message } from './host.ts'
import { get } from './model/state.ts'
import { room } from './model/vault.ts'
import { proofFor } from './moves/chain.ts'
import { findCore, payOut, reportAll, takeOver } from './moves/honest.ts'
import { strikeOut } from './renewal.ts'
import { max, sum } from './wei.ts'
import type { World } from './world.ts'

/** How a run ended. */
export type Ending = 'paid' | 'exited' | 'stolen'

export function finish(world: World, wantsExit: boolean): Ending {
  repair(world)
  if (world.chain.state.frozen) return exitAll(world)
  if (world.isThiefLive && !strikeOut(world)) return 'stolen'
  waitForHalt(world)
  if (wantsExit && world.chain.state.counter > 0n) {
    const wait = world.quietAt - world.chain.now
    if (wait > 0n) world.chain.pass(wait)
    const { revert } = send(world, { fn: 'freeze' })
    hold('G8', revert === undefined, () => `after silence nobody can freeze: ${revert?.message}`)
    return exitAll(world)
  }
  return payAll(world)
}

/** The broker works again, and its orchestrators are active. */
function repair(world: World): void {
  if (world.chain.state.paused) send(world, { fn: 'setPaused', paused: false })
  for (const { address: orchestrator } of orchestrators)
    if (!world.chain.state.active.has(orchestrator)) send(world, { fn: 'setActive', orchestrator, active: true })
  world.chain.startRound()
}

function waitForHalt(world: World): void {
  const { haltEnd } = world.chain.state
  if (world.chain.now < haltEnd) world.chain.pass(haltEnd - world.chain.now)
}

/** Reporters re-send what a core lacks, everyone is paid in full, and those who cannot be sent to claim. */
function payAll(world: World): Ending {
  const { chain } = world
  const core = followed(world)
  reportAll(world, core, 2)
  if (chain.state.cap < 2n * ether) send(world, { fn: 'setCap', cap: 4n * ether })
  const paidBefore = new Map(chain.state.paid)
  for (let round = 0; round < 40 && isAnyoneDue(world, core); round++) {
    if (get(chain.state.balances, treasury) < 8n * ether) send(world, { fn: 'give', amount: 8n * ether })
    chain.pass(day)
    chain.startRound()
    const limit = room({ ...chain.state, time: chain.now })
    payOut(world, core, affordable(world, core, limit))
    for (const payee of core.ghost.earned.keys()) {
      const by = world.head.by
      const proof = by && round % 2 === 1 && proofFor(world, by, payee)
      if (proof && get(chain.state.paid, payee) < proof.earned) send(world, { fn: 'claim', proof })
    }
  }
  payOut(world, core, []) // an anchor: nobody may be due, and yet the log has grown
  for (const [payee, earned] of core.ghost.earned) {
    const before = get(paidBefore, payee)
    const paid = get(chain.state.paid, payee)
    hold('G2', paid === max(earned, before), () => `${payee} earned ${earned}, got ${paid} in the end`)
  }
  // Credits = paid + owed: every wei that was ever credited is with its payee, and nobody is owed anything.
  const { totalEarned } = chain.state
  const owed = [...core.ghost.earned].reduce(
    (wei, [payee, earned]) => wei + max(earned - get(chain.state.paid, payee), 0n),
    0n,
  )
  hold(
    'G2',
    sum(core.ghost.earned.values()) === totalEarned && owed === 0n,
    'credits are not what was paid and is owed',
  )
  checkReceipts(world, core)
  return 'paid'
}

/** A core that the contract follows, under the configuration that it has itself where the owner's fits nothing. */
function followed(world: World): Instance {
  const core = findCore(world)
  if (takeOver(world, core)) return core
  send(world, { fn: 'setConfig', configHash: configHashOf(core) as Hex })
  hold('G5', takeOver(world, core), 'a core cannot take over under its own configuration')
  return core
}

const isAnyoneDue = (world: World, { ghost }: Instance): boolean =>
  [...ghost.earned].some(([payee, earned]) => get(world.chain.state.paid, payee) < earned)

/** Dues in the order of the accounts, as far as the window allows; a larger one is paid in parts. */
function affordable(world: World, { ghost }: Instance, limit: bigint) {
  let left = limit / 2n
  return [...ghost.earned].flatMap(([payee, earned]) => {
    const paid = get(world.chain.state.paid, payee)
    const due = earned > paid ? earned - paid : 0n
    const part = due < left ? due : left
    left -= part
    return part > 0n ? [{ payee, total: paid + part, paid }] : []
  })
}

/** Everyone leaves with what the last anchor says, and nobody with a wei more. */
function exitAll(world: World): Ending {
  const { chain } = world
  const by = chain.ghost.landed.at(-1)
  if (!by || world.isThiefLive) return 'stolen'
  for (const struck of world.messages.filter(({ commit }) => commit && commit.counter > chain.state.counter))
    for (const payee of struck.earned.keys()) {
      const proof = proofFor(world, struck, payee)
      if (proof) send(world, { fn: 'exit', proof, from: payee })
    }
  for (const turn of [0, 1, 2]) {
    for (const payee of by.earned.keys()) exitOne(world, by, payee, turn)
    if (turn === 1) send(world, { fn: 'give', amount: ether })
  }
  const { state: s } = chain
  const pot = get(s.balances, treasury) + s.totalExited
  for (const [payee, earned] of by.earned) {
    const due = earned > get(s.paid, payee) ? earned - get(s.paid, payee) : 0n
    const share = pot < s.owed ? (due * pot) / s.owed : due
    hold(
      'G8',
      get(s.exited, payee) === share,
      () => `${payee} is due ${share} at the exit and got ${get(s.exited, payee)}`,
    )
  }
  hold('G8', s.totalExited <= s.owed, 'more left by exits than was owed')
  return 'exited'
}

function exitOne(world: World, by: Message, payee: Hex, turn: number): void {
  const { landed } = world.chain.ghost
  const anchor = turn === 0 ? (landed[Math.floor(landed.length / 2)] as Message) : by
  const proof = proofFor(world, anchor, payee)
  if (!proof) return
  send(world, { fn: 'exit', proof: { ...proof, to: relayer }, from: relayer })
  const from = proof.to === payee && turn !== 1 ? relayer : payee
  const { revert } = send(world, { fn: 'exit', proof, from })
  hold('G8', revert === undefined || revert.error === 'NothingDue', () => `an exit reverts: ${revert?.message}`)
  const again = send(world, { fn: 'exit', proof, from })
  hold('G8', again.revert !== undefined, 'an exit pays twice')
}

/** What was acknowledged is in the anchored log, or its receipt proves that it was dropped. */
function checkReceipts(world: World, core: Instance): void {
  const { boots, landed } = world.chain.ghost
  const { commit } = landed.at(-1) as { commit: Commit }
  const tree = new LogTree()
  for (const { leaf } of core.log) tree.append(leaf)
  hold(
    'G10',
    tree.root(Number(commit.next.logSize)) === commit.next.logRoot,
    'the published log is not the anchored one',
  )
  for (const { receipt, leaf } of world.receipts) {
    const { head, position } = receipt
    const isThere = core.log[position]?.leafHex === leaf.leafHex
    const size = Number(head.size)
    const isProof = !boots.has(head.boot) || size > tree.size || tree.root(size) !== head.root
    hold('G7', isThere || isProof, 'something acknowledged is gone, and nothing proves it')
  }
}
