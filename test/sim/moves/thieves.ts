/** What thieves do: with a leaked ticket, with the committer's key, as a payee whose code runs when it is paid. */
import { type Hex, toHex } from '../../../ledger/hex.ts'
import { signHash } from '../../../ledger/signature.ts'
import type { Commit, Open } from '../../../ledger/structs.ts'
import { digest } from '../../../ledger/typedData.ts'
import { prove } from '../accounts.ts'
import type { Call } from '../chain.ts'
import { send } from '../checks.ts'
import { domain, ether, mole, terms, thief } from '../constants.ts'
import type { Message } from '../host.ts'
import { get, type State } from '../model/state.ts'
import { pack, ticketOf, ticketsOf, unpack } from '../model/treasury.ts'
import type { Random } from '../random.ts'
import type { World } from '../world.ts'
import { proofFor } from './chain.ts'
import type { Moves } from './move.ts'

export const thiefMoves: Moves = {
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
      if (leaked) world.chain.tell({ fn: 'redeem', ...leaked })
    },
  },
  stealKey: {
    weight: 1,
    rows: [28],
    run(world, random) {
      if (random.oneIn(3)) world.stolen = world.committer
    },
  },
  tellMoleToReenter: {
    weight: 5,
    rows: [24, 30],
    run(world, random) {
      const landed = random.pick(world.chain.ghost.landed)
      const proof = landed && proofFor(world, landed, mole.address)
      const signed = random.pick(world.messages)
      const { open, commit, signature } = signed ?? {}
      const calls: Call[] = [
        { fn: 'freeze' },
        ...(proof
          ? ([
              { fn: 'claim', proof },
              { fn: 'exit', proof, from: mole.address },
            ] as const)
          : []),
        ...(open && signature ? [{ fn: 'open', open, signature } as const] : []),
        ...(commit && signature ? [{ fn: 'commit', commit, signature } as const] : []),
      ]
      world.chain.tell(random.pick(calls) as Call)
    },
  },
  drain: {
    weight: 4,
    rows: [28, 29],
    run(world, random) {
      const theirs = world.chain.ghost.landed.findLast(({ isThiefs }) => isThiefs)
      for (let turn = 0; turn < 6; turn++) {
        const proof = theirs && proofFor(world, theirs, thief.address)
        if (!proof || world.chain.state.frozen || world.chain.isHalted) return
        send(world, { fn: 'claim', proof })
        // What was used counts on, whenever the owner sets the cap anew.
        if (random.oneIn(4)) send(world, { fn: 'setCap', cap: world.chain.state.cap })
        else world.chain.pass(terms.window / BigInt(3 + random.below(6)))
      }
    },
  },
  pokeMole: { weight: 5, rows: [14], run: (world) => void send(world, { fn: 'poke' }) },
  thiefOpens: { weight: 5, rows: [28], run: (world, random) => thieve(world, random, 'open') },
  thiefCommits: { weight: 14, rows: [28], run: (world, random) => thieve(world, random, 'commit') },
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
  return { ticket: { ...ticket, sender: message.core.address }, signature: signatures[index] as Hex }
}

/** Whoever has the committer's key writes a history of its own and pays itself. */
function thieve(world: World, random: Random, what: 'open' | 'commit'): void {
  const { stolen } = world
  const secret = stolen && world.secrets.get(stolen)
  const s = world.chain.state
  const [any] = world.instances
  if (!any || !secret) return
  const core = { ...any, address: stolen }
  const base = {
    core,
    log: [],
    size: 0,
    earned: new Map([[thief.address, 500n * ether]]),
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
    const signature = signHash(digest(domain, 'Open', open), secret)
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
  const signature = signHash(digest(domain, 'Commit', commit), secret)
  const message: Message = { ...base, commit, signature }
  world.remember(message)
  send(world, { fn: 'commit', commit, signature }, message)
}
