/** A host that does what it should. At any moment of any run it must get on: no lie before it may have left a dead end. */

import type { Hex } from '../../../ledger/hex.ts'
import { batchOf } from '../batches.ts'
import { hold } from '../broken.ts'
import { reporters } from '../constants.ts'
import { type Disk, type Instance, isPending, sizeOf, takeSnapshot } from '../host.ts'
import { get } from '../model/state.ts'
import type { Random } from '../random.ts'
import { max } from '../wei.ts'
import { isOwn, type World } from '../world.ts'
import { duesOf, land, report, signCommit, signOpen, start, trueRound, truth, type Wanted } from './acts.ts'
import type { Moves } from './move.ts'

/** Where the contract lets nobody go on, or a thief has written history, an honest host has to wait. */
export const mustWait = (world: World): boolean => world.chain.state.frozen || world.chain.isHalted || world.isThiefLive

/** The core to go on with: one that runs and has the anchored history, else one started from what was stored with it. */
export function findCore(world: World): Instance {
  const { by } = world.head
  const running = world.instances.find(
    (core) => core.address === world.committer && isOwn(core, by) && canFollow(world, core),
  )
  if (running) {
    if (running.isAhead) takeSnapshot(running)
    return running
  }
  const stored = by?.core.address === world.committer ? by.disk : (world.births.get(world.committer) as Disk)
  hold('G7', sizeOf(stored) >= (by?.size ?? 0), 'a commit landed whose state nobody stored')
  const core = start(world, stored)
  hold('G5', core !== undefined, 'a core does not start from what was stored')
  hold('G5', isOwn(core, by), 'what was stored with the anchored commit does not contain it')
  return core
}

const canFollow = (world: World, core: Instance): boolean =>
  world.configurationsTo(world.chain.state.configHash, core) !== undefined

/** Brings the contract to follow this core. @returns false where the owner has named a configuration that nobody signed */
export function takeOver(world: World, core: Instance): boolean {
  const path = world.configurationsTo(world.chain.state.configHash, core)
  if (!path) return false
  // A new key brings its configuration with its first open.
  if (isPending(core)) openOn(world, core)
  for (const { entry } of path)
    hold('G5', report(world, core, entry) === undefined, 'a core refuses a signed configuration')
  const { state } = world.chain
  if (state.boot !== core.core.boot || state.epoch !== core.epoch) openOn(world, core)
  return true
}

function openOn(world: World, core: Instance): void {
  const { head, isOurs } = truth(world, core)
  const open = signOpen(world, core, head, isOurs)
  hold('G5', open !== undefined, 'an honest host gets no open')
  const { revert } = land(world, open)
  hold('G5', revert === undefined, () => `an honest open reverts: ${revert?.message}`)
}

/** Pays and anchors. */
export function payOut(world: World, core: Instance, payments: Wanted['payments']): void {
  const commit = signCommit(world, core, { ...truth(world, core), payments, round: trueRound(world) })
  hold('G5', commit !== undefined, 'an honest host gets no commit')
  const { revert } = land(world, commit)
  hold('G5', revert === undefined, () => `an honest commit reverts: ${revert?.message}`)
}

/** Each reporter's next batches, re-sent from the sequence that the core asks for. */
export function reportAll(world: World, core: Instance, count: number): void {
  for (const reporter of [0, 1]) {
    for (let i = 0; i < count; i++) {
      const next = core.ghost.sequences.get(reporters[reporter] as Hex) ?? 0n
      const code = report(world, core, batchOf(reporter, next))
      hold('G5', code === undefined, () => `an honest batch is refused: ${code}`)
    }
  }
}

export const honestMoves: Moves = {
  honestTurn: {
    weight: 16,
    rows: [10, 11, 16],
    run(world: World, random: Random) {
      if (mustWait(world)) return
      const core = findCore(world)
      if (!takeOver(world, core)) return
      if (random.oneIn(2)) reportAll(world, core, 1)
      const dues = duesOf(world, core, random)
      payOut(world, core, dues)
      for (const { payee, total, paid } of dues)
        hold('G2', get(world.chain.state.paid, payee) <= max(total, paid), 'overpaid')
    },
  },
}
