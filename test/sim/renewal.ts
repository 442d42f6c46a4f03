/** A key that was lost or leaked is replaced: another is born, replays the published log, and is admitted in its place. */
import type { Hex } from '../../ledger/hex.ts'
import { zeroHash } from '../../ledger/hex.ts'
import { rootOf } from '../../ledger/state.ts'
import type { Commitment } from '../../ledger/structs.ts'
import { hashStruct } from '../../ledger/typedData.ts'
import { hold } from './broken.ts'
import { send } from './checks.ts'
import { guardian, terms } from './constants.ts'
import { GhostLedger, logged } from './ghost.ts'
import { beginGenesis, type Message } from './host.ts'
import type { Admission } from './model/anchor.ts'
import type { Anchored } from './model/state.ts'
import { replay } from './moves/acts.ts'
import { max } from './wei.ts'
import { birthOf, first, hasReplayed, secretOf, type World } from './world.ts'

/** No commitment: an admission without a halt takes the head as it is. */
const none: Anchored = { counter: 0n, root: zeroHash, totalPaid: 0n, time: 0n }
const nothing: Commitment = {
  accountsRoot: zeroHash,
  logRoot: zeroHash,
  logSize: 0n,
  totalEarned: 0n,
  configHash: zeroHash,
}

/** Prepares a new key to go on from the commit `by`, or from the beginning. @returns what the owner must send */
export function renewKey(world: World, by: Message | undefined, anchored?: Anchored): Admission {
  const log = by ? by.log.slice(0, by.size) : [first]
  const ledger = new GhostLedger()
  for (const { entry } of log) ledger.apply(entry)
  const { configuration: last, configHash: previous } = ledger
  const successor = logged({ configuration: { ...last, version: last.version + 1n, previous }, signatures: [] })
  const n = world.births.size
  const core = beginGenesis(world.nextId++, birthOf('renewed', n), { first, successor })
  // A request ends wherever a commit was, so that its root is met on the way.
  const ends = world.chain.ghost.landed.map(({ size }) => size).filter((size) => size > 1 && size <= log.length)
  for (const end of new Set([...ends, log.length])) replay(core, log.slice(core.log.length, end))
  const root = by?.commit && rootOf(by.commit.next)
  hold('G5', !root || hasReplayed(core, root), 'a replay of the published log does not meet the anchored root')
  world.admit(core, secretOf('renewed', n))
  return {
    committer: core.address,
    configHash: hashStruct('Configuration', successor.entry.configuration) as Hex,
    anchored: anchored ?? none,
    commitment: anchored && by?.commit ? by.commit.next : nothing,
  }
}

/** Nothing is done in the last moments of a halt. */
const halfMinute = 30n

/** A thief's root is struck out: halt, then admission from the last anchor before it. @returns false where it is too late */
export function strikeOut(world: World): boolean {
  const { chain } = world
  const { landed } = chain.ghost
  const theirs = landed.findIndex(({ isThiefs }) => isThiefs)
  const good = landed[theirs - 1]
  // Before the first honest commit there is nothing to go back to: so anchor once before funding.
  const anchored = good?.commit && chain.state.anchors.get(good.commit.counter)
  if (!anchored) return false
  if (chain.state.haltEnd < chain.now + halfMinute) {
    const { haltEnd } = chain.state
    const earliest = haltEnd === 0n ? 0n : haltEnd + terms.haltMax
    chain.pass(max(earliest - chain.now, 0n))
    if (anchored.time + 2n * terms.silence < chain.now + halfMinute) return false
    const { revert } = send(world, { fn: 'halt', anchored, from: guardian })
    hold('G9', revert === undefined, () => `a thief's root cannot be halted: ${revert?.message}`)
  }
  if (anchored.time + 2n * terms.silence < chain.state.haltEnd - terms.haltMax) return false
  const freeze = send(world, { fn: 'freeze' })
  hold('G9', freeze.revert !== undefined, 'a thief freezes while its root is being struck out')
  const { revert } = send(world, { fn: 'admit', admission: renewKey(world, good, anchored) })
  hold('G9', revert === undefined, () => `a thief's root cannot be struck out: ${revert?.message}`)
  return true
}
