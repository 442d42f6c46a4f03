/** What the chain, its people and its thieves do. */
import { type Hex, toHex } from '../../../ledger/hex.ts'
import type { Commit } from '../../../ledger/structs.ts'
import { prove } from '../accounts.ts'
import { hold } from '../broken.ts'
import { send } from '../checks.ts'
import {
  day,
  elsewhere,
  ether,
  finney,
  guardian,
  kindOf,
  operator,
  orchestrators,
  relayer,
  stranger,
  terms,
} from '../constants.ts'
import type { Message } from '../host.ts'
import { get } from '../model/state.ts'
import { type Proof, surplus } from '../model/vault.ts'
import type { Random } from '../random.ts'
import { max } from '../wei.ts'
import type { World } from '../world.ts'
import type { Moves } from './move.ts'

/** Any commit that landed, as an anchor: live, or struck out since. */
export function anchorOf(world: World, message: Message) {
  const { counter } = message.commit as Commit
  return world.chain.state.anchors.get(counter)
}

/** What a payee shows of an anchor; undefined where it has no account there. */
export function proofFor(world: World, message: Message, payee: Hex): Proof | undefined {
  const index = [...message.earned.keys()].indexOf(payee)
  const anchored = anchorOf(world, message)
  if (index < 0 || !anchored || !message.commit) return undefined
  const kind = kindOf(payee)
  const to = kind === 'refuser' || kind === 'gasEater' ? elsewhere : payee
  const { proof } = prove(message.earned, index)
  return { anchored, commitment: message.commit.next, payee, earned: get(message.earned, payee), proof, to }
}

function anyLanded(world: World, random: Random): Message | undefined {
  const { counter, anchors } = world.chain.state
  // What was struck out is kept until it is overwritten.
  const isStruck = ({ commit }: Message): boolean =>
    commit !== undefined && commit.counter > counter && anchors.has(commit.counter)
  const struck = random.oneIn(2) ? world.messages.filter(isStruck) : []
  if (struck.length > 0) return random.pick(struck)
  return random.pick(random.oneIn(6) ? world.messages.filter(({ commit }) => commit) : world.chain.ghost.landed)
}

export const chainMoves: Moves = {
  passTime: {
    weight: 40,
    rows: [35],
    run: (world, random) => world.chain.pass(BigInt(random.oneIn(10) ? random.below(86_400) : random.below(1_800))),
  },
  passRound: { weight: 6, rows: [26], run: (world, random) => world.chain.passRound(!random.oneIn(4)) },
  startRound: { weight: 4, rows: [26], run: (world) => world.chain.startRound() },
  reorg: {
    weight: 10,
    rows: [11, 34],
    run: (world, random) => void world.chain.reorg(1 + random.below(3)),
  },
  claim: {
    weight: 30,
    rows: [21],
    run(world, random) {
      const message = anyLanded(world, random)
      const payee = message && random.pick([...message.earned.keys()])
      const proof = message && payee && proofFor(world, message, payee)
      if (!proof) return
      const { revert } = send(world, {
        fn: 'claim',
        proof: random.oneIn(8) ? { ...proof, earned: proof.earned + 1n } : proof,
      })
      const isTold =
        !revert || ['NotLive', 'WrongRoot', 'NothingDue', 'NotInTree', 'IsHalted', 'IsFrozen'].includes(revert.error)
      hold('G8', isTold, () => `a claim reverts with ${revert?.error}`)
    },
  },
  giveDeposit: {
    weight: 5,
    rows: [15],
    run: (world, random) =>
      void send(world, {
        fn: 'fundDeposit',
        sender: random.pick([...world.secrets.keys()]) as Hex,
        amount: finney * BigInt(1 + random.below(5)),
      }),
  },
  give: {
    weight: 4,
    rows: [15],
    run: (world, random) => void send(world, { fn: 'give', amount: BigInt(1 + random.below(1_000_000)) }),
  },
  pause: {
    weight: 4,
    rows: [26],
    run: (world, random) => {
      const paused = world.chain.state.paused ? false : random.oneIn(2)
      if (paused !== world.chain.state.paused) send(world, { fn: 'setPaused', paused })
    },
  },
  spoil: {
    weight: 6,
    rows: [26],
    run(world, random) {
      const orchestrator = (random.pick(orchestrators) as { address: Hex }).address
      const active = !world.chain.state.active.has(orchestrator)
      send(world, { fn: 'setActive', orchestrator, active })
    },
  },
  setCap: {
    weight: 3,
    rows: [29],
    run(world, random) {
      const cap = random.oneIn(3) ? BigInt(random.below(1000)) : terms.capFloor + BigInt(random.below(4)) * ether
      const { revert } = send(world, { fn: 'setCap', cap })
      hold('G9', (revert === undefined) === cap >= terms.capFloor, 'a cap below the floor, or none above it')
    },
  },
  withdraw: {
    weight: 4,
    rows: [],
    run(world, random) {
      const all = surplus(world.chain.state)
      const amount = random.oneIn(3) ? all + 1n : all / BigInt(2 + random.below(4))
      const { revert } = send(world, { fn: 'withdraw', to: operator, amount })
      hold('G8', (revert === undefined) === amount <= all, 'a withdrawal above the surplus')
    },
  },
  setConfig: {
    weight: 4,
    rows: [9],
    run(world, random) {
      const known = [...world.configurations.keys()]
      const wild = random.oneIn(8) ? toHex(random.bytes(32)) : (known[random.below(known.length)] as Hex)
      const ahead = world.instances.map(({ ghost }) => ghost.configHash)
      const configHash = random.oneIn(2) ? (ahead[random.below(ahead.length)] ?? wild) : wild
      send(world, { fn: 'setConfig', configHash })
    },
  },
  halt: {
    weight: 4,
    rows: [28, 29],
    run(world, random) {
      const message = anyLanded(world, random)
      const anchored = message && anchorOf(world, message)
      if (!anchored) return
      const from = random.oneIn(5) ? stranger : guardian
      const { revert } = send(world, {
        fn: 'halt',
        anchored: random.oneIn(6) ? { ...anchored, time: anchored.time + 1n } : anchored,
        from,
      })
      hold('G5', from === guardian || revert !== undefined, 'a stranger halts')
    },
  },
  endHalt: {
    weight: 4,
    rows: [29],
    run(world, random) {
      const from = random.oneIn(4) ? stranger : guardian
      const { revert } = send(world, { fn: 'endHalt', from })
      hold('G9', from === guardian || revert !== undefined, 'a stranger ends a halt')
    },
  },
  admit: {
    weight: 6,
    rows: [28],
    run(world, random) {
      const message = anyLanded(world, random)
      const kept = message && anchorOf(world, message)
      if (!message?.commit || !kept) return
      const none = { counter: 0n, root: `0x${'00'.repeat(32)}` as Hex, totalPaid: 0n, time: 0n }
      const anchored = world.chain.isHalted || random.oneIn(4) ? kept : none
      const { committer, configHash } = world.chain.state
      send(world, { fn: 'admit', admission: { committer, configHash, anchored, commitment: message.commit.next } })
    },
  },
  earlyFreeze: {
    weight: 4,
    rows: [28, 30],
    run: (world) => void send(world, { fn: 'freeze' }),
  },
  earlyExit: {
    weight: 4,
    rows: [30],
    run(world, random) {
      const message = anyLanded(world, random)
      const payee = message && random.pick([...message.earned.keys()])
      const proof = message && payee && proofFor(world, message, payee)
      if (!proof) return
      const from = random.oneIn(3) ? relayer : payee
      const { revert } = send(world, { fn: 'exit', proof: random.oneIn(4) ? { ...proof, to: relayer } : proof, from })
      hold('G8', world.chain.state.frozen || revert?.error === 'NotFrozen', 'an exit before the freeze')
    },
  },
  freezeInHalt: {
    weight: 1,
    rows: [28],
    run(world, random) {
      const by = world.chain.ghost.landed.at(-1)
      const anchored = by && anchorOf(world, by)
      const { state } = world.chain
      if (!anchored || state.frozen || world.chain.isHalted || !random.oneIn(5)) return
      // So long that the halt itself is all that stands between a thief and the freeze; or less, so that it must wait after it.
      const isQuiet = random.oneIn(2)
      world.chain.pass(max(world.quietAt - world.chain.now + (isQuiet ? 60n : -terms.haltMax / 2n), 0n))
      if (send(world, { fn: 'halt', anchored, from: guardian }).revert) return
      world.chain.pass(terms.haltMax - BigInt(2 + random.below(50)))
      const { revert } = send(world, { fn: 'freeze' })
      hold('G9', revert?.error === 'IsHalted', 'frozen during a halt')
      if (isQuiet) return
      world.chain.pass(60n)
      send(world, { fn: 'freeze' })
    },
  },
  reachBack: {
    weight: 1,
    rows: [29],
    run(world, random) {
      const { landed } = world.chain.ghost
      const [first, last] = [landed[0], landed.at(-1)]
      if (!first || !last || world.chain.state.frozen || world.chain.isHalted || !random.oneIn(4)) return
      const [old, young] = [anchorOf(world, first), anchorOf(world, last)]
      if (!old || !young) return
      const wait = old.time + 2n * terms.silence + 10n - world.chain.now
      if (young.time < old.time + 60n || wait < 0n) return
      // Old enough that no halt may name the one any more, and young enough for the other.
      world.chain.pass(wait)
      if (random.oneIn(2)) return void send(world, { fn: 'halt', anchored: old, from: guardian })
      send(world, { fn: 'halt', anchored: young, from: guardian })
      const { committer, configHash } = world.chain.state
      const commitment = (first.commit as Commit).next
      send(world, { fn: 'admit', admission: { committer, configHash, anchored: old, commitment } })
    },
  },
  longSilence: {
    weight: 1,
    rows: [36],
    run(world, random) {
      if (random.oneIn(4)) world.chain.pass(terms.silence - day)
    },
  },
}
