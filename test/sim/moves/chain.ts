/** What the chain, its people and its thieves do. */
import { type Hex, toHex } from '../../../ledger/hex.ts'
import { signHash } from '../../../ledger/signature.ts'
import type { Commit, Open } from '../../../ledger/structs.ts'
import { digest } from '../../../ledger/typedData.ts'
import { prove } from '../accounts.ts'
import { hold } from '../broken.ts'
import { send } from '../checks.ts'
import {
  day,
  domain,
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
  thief,
} from '../constants.ts'
import type { Message } from '../host.ts'
import { get, type State } from '../model/state.ts'
import { pack, ticketOf, ticketsOf, unpack } from '../model/treasury.ts'
import { type Proof, surplus } from '../model/vault.ts'
import type { Random } from '../random.ts'
import type { World } from '../world.ts'
import type { Moves } from './move.ts'

/** Any commit that landed, as an anchor: live, or struck out since. */
function anchorOf(world: World, message: Message) {
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

const anyLanded = (world: World, random: Random): Message | undefined =>
  random.pick(random.oneIn(6) ? world.messages.filter(({ commit }) => commit) : world.chain.ghost.landed)

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
    rows: [11],
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
      void send(world, { fn: 'fundDeposit', sender: world.committer, amount: finney * BigInt(1 + random.below(5)) }),
  },
  give: {
    weight: 4,
    rows: [15],
    run: (world, random) => void send(world, { fn: 'give', amount: BigInt(1 + random.below(1_000_000)) }),
  },
  redeemLeaked: {
    weight: 14,
    rows: [13, 15, 21],
    run(world, random) {
      const leaked = leakedTicket(world, random)
      if (leaked) send(world, { fn: 'redeem', ...leaked })
    },
  },
  tellMole: {
    weight: 8,
    rows: [14],
    run(world, random) {
      const leaked = leakedTicket(world, random)
      if (leaked) world.chain.leak(leaked)
    },
  },
  pokeMole: { weight: 5, rows: [14], run: (world) => void send(world, { fn: 'poke' }) },
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
    run(world) {
      const { state } = world.chain
      const quietSince = state.committedAt > 0n ? state.committedAt : world.chain.now
      const { revert } = send(world, { fn: 'freeze' })
      hold('G8', revert !== undefined || world.chain.now - quietSince >= terms.silence, 'frozen without silence')
      hold('G9', revert !== undefined || !(state.time < state.haltEnd), 'frozen during a halt')
    },
  },
  earlyExit: {
    weight: 4,
    rows: [30],
    run(world, random) {
      const message = random.pick(world.chain.ghost.landed)
      const payee = message && random.pick([...message.earned.keys()])
      const proof = message && payee && proofFor(world, message, payee)
      if (!proof) return
      const { revert } = send(world, { fn: 'exit', proof, from: random.oneIn(3) ? relayer : payee })
      hold('G8', world.chain.state.frozen || revert?.error === 'NotFrozen', 'an exit before the freeze')
    },
  },
  stealKey: {
    weight: 1,
    rows: [28],
    run(world, random) {
      if (random.oneIn(3)) world.isKeyStolen = true
    },
  },
  thiefOpens: { weight: 5, rows: [28], run: (world, random) => thieve(world, random, 'open') },
  thiefCommits: { weight: 14, rows: [28], run: (world, random) => thieve(world, random, 'commit') },
  longSilence: {
    weight: 1,
    rows: [36],
    run(world, random) {
      if (random.oneIn(4)) world.chain.pass(terms.silence - day)
    },
  },
}

/** A ticket of any commit that was ever signed, as its calldata shows it to everyone. */
function leakedTicket(world: World, random: Random) {
  const message = random.pick(world.messages.filter(({ commit }) => (commit?.ticketSigs.length ?? 0) > 0))
  if (!message?.commit) return undefined
  const { commit } = message
  const signatures = ticketsOf(commit)
  const index = random.below(signatures.length)
  const payment = unpack(commit.payments[index] as Hex)
  // Its face value is what the payee had not got when the commit was signed: a thief tries the present and nothing at all.
  const paid: State = random.oneIn(3) ? { ...world.chain.state, paid: new Map() } : world.chain.state
  const ticket = ticketOf(paid, commit, index, payment)
  if (ticket.faceValueWei < 0n) return undefined
  return { ticket: { ...ticket, sender: world.committer }, signature: signatures[index] as Hex }
}

/** Whoever has the committer's key writes a history of its own and pays itself. */
function thieve(world: World, random: Random, what: 'open' | 'commit'): void {
  if (!world.isKeyStolen) return
  const s = world.chain.state
  const [core] = world.instances
  if (!core) return
  const base = {
    core,
    log: [],
    size: 0,
    earned: new Map([[thief.address, 50n * ether]]),
    disk: world.genesisDisk,
    isThiefs: true,
  }
  if (what === 'open') {
    const open: Open = {
      epoch: s.epoch + 1n,
      prevBoot: s.boot,
      counter: s.counter,
      root: s.root,
      boot: toHex(random.bytes(32)),
      logSize: 0n,
      logRoot: toHex(random.bytes(32)),
      attestation: '0x',
    }
    const signature = signHash(digest(domain, 'Open', open), world.secret)
    const message: Message = { ...base, open, signature }
    world.remember(message)
    send(world, { fn: 'open', open, signature }, message)
    return
  }
  const total = get(s.paid, thief.address) + ether / BigInt(1 + random.below(4))
  const commit: Commit = {
    epoch: s.epoch,
    boot: s.boot,
    counter: s.counter + 1n,
    prevRoot: s.root,
    next: {
      accountsRoot: prove(base.earned).root,
      logRoot: toHex(random.bytes(32)),
      logSize: s.logSize,
      totalEarned: s.totalEarned + (random.oneIn(2) ? 100n * ether : 0n),
      configHash: s.configHash,
    },
    round: 1n,
    payments: [pack(thief.address, total)],
    ticketSigs: [],
  }
  const signature = signHash(digest(domain, 'Commit', commit), world.secret)
  const message: Message = { ...base, commit, signature }
  world.remember(message)
  send(world, { fn: 'commit', commit, signature }, message)
}
