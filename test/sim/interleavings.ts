/**
 * The moves that safety rests on, between two cores of one state: two payees, two batches, any commit of theirs in flight.
 * States are told apart by a canonical hash, so that what is reached twice is explored once.
 */
import { createHash } from 'node:crypto'
import { signBatch } from '../../client/batch.ts'
import type { SentBatch } from '../../client/entries.ts'
import { eventKind } from '../../ledger/config.ts'
import { zeroHash } from '../../ledger/hex.ts'
import { domain, finney, orchestrators, people, reporterKeys } from './constants.ts'
import type { Instance, Message } from './host.ts'
import { get } from './model/state.ts'
import { land, report, signCommit, signOpen, start, trueRound, truth } from './moves/acts.ts'
import { landIfHeld } from './moves/cores.ts'
import { Random } from './random.ts'
import { rootOf } from './roots.ts'
import { madeOf, World } from './world.ts'

const payees = [orchestrators[0], people[0]].map((payee) => payee?.address ?? '0x')

/** One batch of each of two reporters, for one payee each. */
const batches: readonly SentBatch[] = payees.map((payee, i) =>
  signBatch({
    domain,
    secretKey: reporterKeys[i] as Uint8Array,
    sequence: 0n,
    events: [{ kind: eventKind.credit, id: zeroHash, payee, tariff: zeroHash, value: finney * BigInt(i + 1) }],
  }),
)

type Act = (world: World) => void
const core = (world: World, index: number): Instance => world.instances[index] as Instance

function commitOf(world: World, one: Instance): void {
  const { head, isOurs } = truth(world, one)
  const payments = [...one.ghost.earned].map(([payee, total]) => ({
    payee,
    total,
    paid: get(world.chain.state.paid, payee),
  }))
  signCommit(world, one, { head, isOurs, payments, round: trueRound(world) })
}

/** Builds on its own last commit, as if that had landed. */
function commitOnBelief(world: World, one: Instance): void {
  const last = world.messages.findLast(({ core: by, commit }) => by === one && commit)
  if (!last?.commit) return
  const { epoch, boot } = world.chain.state
  const { commit, signature } = madeOf(last)
  const claim = { epoch, boot, counter: commit.counter, root: rootOf(commit.next), made: { commit, signature } }
  const consistency = one.tree.consistencyProof(Number(commit.next.logSize))
  signCommit(world, one, { head: { ...claim, consistency }, isOurs: true, payments: [], round: trueRound(world) })
}

export const acts: Readonly<Record<string, Act>> = Object.fromEntries<Act>([
  ...[0, 1].flatMap((i): (readonly [string, Act])[] => [
    [`core ${i} takes batch 0`, (world: World) => void report(world, core(world, i), batches[0] as SentBatch)],
    [`core ${i} takes batch 1`, (world: World) => void report(world, core(world, i), batches[1] as SentBatch)],
    [`core ${i} opens`, (world: World) => open(world, core(world, i))],
    [`core ${i} commits`, (world: World) => commitOf(world, core(world, i))],
    [`core ${i} commits on its belief`, (world: World) => commitOnBelief(world, core(world, i))],
    [`core ${i}'s last message lands`, (world: World) => deliver(world, core(world, i), 1)],
    [`core ${i}'s message before lands`, (world: World) => deliver(world, core(world, i), 2)],
  ]),
  ['the last block is gone', (world) => void world.chain.reorg(1)],
])

function open(world: World, one: Instance): void {
  const { head, isOurs } = truth(world, one)
  signOpen(world, one, head, isOurs)
}

function deliver(world: World, one: Instance, back: number): void {
  const message: Message | undefined = world.messages.filter((signed) => signed.core === one).at(-back)
  if (message?.open) land(world, message)
  else if (message) landIfHeld(world, message)
}

/** A world after these acts. @throws GuaranteeBroken */
function worldAfter(path: readonly string[]): World {
  const world = new World({ seed: 1, isTraced: false })
  world.random = new Random(2)
  start(world, world.genesisDisk)
  for (const name of path) acts[name]?.(world)
  return world
}

/** All that tells one state from another, time aside. */
function nameOf(world: World): string {
  const { epoch, boot, counter, root, paid, usedTickets, deposits } = world.chain.state
  const cores = world.instances.map((one) => [one.tree.root(), `${one.epoch}`])
  const flight = world.messages.map(({ signature, core: by }) => [world.instances.indexOf(by), signature])
  const chain = [`${epoch}`, boot, `${counter}`, root, show(paid), [...usedTickets].sort(), show(deposits)]
  return createHash('sha256')
    .update(JSON.stringify([chain, cores, flight, world.chain.depth]))
    .digest('base64')
}

const show = (map: ReadonlyMap<string, bigint>): string[] => [...map].map(([key, wei]) => `${key} ${wei}`).sort()

/** A state, and the shortest way to it. */
export interface Reached {
  readonly path: readonly string[]
  readonly state: string
}

export const begin = (): Reached => ({ path: [], state: nameOf(worldAfter([])) })

/** Every state that is one act from this one. @throws Error with the way to a guarantee that breaks */
export function expand({ path, state: here }: Reached): Reached[] {
  let world: World | undefined
  return Object.entries(acts).map(([name, act]) => {
    const longer = [...path, name]
    try {
      world ??= worldAfter(path)
      act(world)
    } catch (cause) {
      throw new Error(`${longer.join(', ')}: ${cause}`, { cause })
    }
    const state = nameOf(world)
    if (state !== here) world = undefined // it has moved on: the next act needs another
    return { path: longer, state }
  })
}
