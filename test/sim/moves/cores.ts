/** What a host does with cores and disks. */

import { type Hex, toHex, zeroHash } from '../../../ledger/hex.ts'
import { signHash } from '../../../ledger/signature.ts'
import { rootOf } from '../../../ledger/state.ts'
import { digest } from '../../../ledger/typedData.ts'
import type { HeadProof } from '../../../protocol/messages.ts'
import { batchOf, changes, configurationAfter, faults, faultyBatch, preferenceOf } from '../batches.ts'
import { hold } from '../broken.ts'
import { domain, firstConfiguration, keyOf, reporters } from '../constants.ts'
import { logged } from '../ghost.ts'
import {
  ask,
  beginFrom,
  beginGenesis,
  cut,
  type Instance,
  proofOf,
  statusOf,
  takeSnapshot,
  zeroHints,
} from '../host.ts'
import type { Random } from '../random.ts'
import { isHole, renumbered } from '../sealed.ts'
import { birthOf, isOwn, madeOf, type World } from '../world.ts'
import { duesOf, type Fate, land, report, signCommit, signOpen, start, trueRound, truth } from './acts.ts'
import type { Moves } from './move.ts'

const any = (world: World, random: Random): Instance => random.pick(world.instances) as Instance
const fateOf = (random: Random): Fate => (random.oneIn(12) ? 'lost' : 'kept')
const opened = (world: World, random: Random): Instance =>
  random.pick(world.instances.filter(({ epoch }) => epoch !== undefined)) ?? any(world, random)

const nextOf = (core: Instance, reporter: number): bigint => core.ghost.sequences.get(reporters[reporter] as Hex) ?? 0n

/** The answers that a repeat of the past can get. */
const staleCodes = ['ALREADY', 'SEQUENCE_REPEAT', 'REPORTER_CLOSED']

export const coreMoves: Moves = {
  report: {
    weight: 100,
    rows: [16],
    run(world, random) {
      const core = any(world, random)
      const reporter = random.below(3)
      const code = report(world, core, batchOf(reporter, nextOf(core, reporter)), fateOf(random))
      const isClosed = !core.ghost.configuration.reporters.some((listed) => listed.reporter === reporters[reporter])
      const expected = isClosed ? ['REPORTER_CLOSED'] : reporter === 2 ? [undefined, 'BUDGET_EXCEEDED'] : [undefined]
      hold('G6', expected.includes(code), `the next batch of a reporter is answered ${code}`)
    },
  },
  steal: {
    weight: 12,
    rows: [19],
    run(world, random) {
      const core = any(world, random)
      const code = report(world, core, batchOf(2, nextOf(core, 2), 1 + random.below(3)))
      hold(
        'G9',
        [undefined, 'BUDGET_EXCEEDED', 'REPORTER_CLOSED'].includes(code),
        `a stolen key's batch is refused as ${code}`,
      )
    },
  },
  replay: {
    weight: 25,
    rows: [17],
    run(world, random) {
      const core = any(world, random)
      const past = core.log.filter(({ entry }) => 'batch' in entry)
      const chosen = random.pick(past)
      if (!chosen) return
      const code = report(world, core, chosen.entry)
      hold('G6', staleCodes.includes(code ?? ''), `a batch that counted before is answered ${code}`)
    },
  },
  skipAhead: {
    weight: 8,
    rows: [17],
    run(world, random) {
      const core = any(world, random)
      const reporter = random.below(3)
      const code = report(world, core, batchOf(reporter, nextOf(core, reporter) + 1n + BigInt(random.below(3))))
      hold('G6', ['SEQUENCE_GAP', 'REPORTER_CLOSED'].includes(code ?? ''), `a batch after a gap is answered ${code}`)
    },
  },
  junk: {
    weight: 10,
    rows: [17, 18],
    run(world, random) {
      const core = any(world, random)
      const reporter = random.below(2)
      const { batch, code } = faultyBatch(
        reporter,
        nextOf(core, reporter),
        faults[random.below(faults.length)] as never,
      )
      const got = report(world, core, batch)
      hold('G6', got === code, `a batch that is refused as ${code} is answered ${got}`)
    },
  },
  prefer: {
    weight: 5,
    rows: [27],
    run(world, random) {
      const core = any(world, random)
      const person = random.below(2)
      const wish = preferenceOf(person, 0n).preference
      const number = core.ghost.preferences.get(wish.payee) ?? 0n
      const isReplay = number > 0n && random.oneIn(3)
      const code = report(world, core, preferenceOf(person, isReplay ? number - 1n : number))
      if (isReplay) hold('G6', code === 'SEQUENCE_REPEAT', `an old preference is answered ${code}`)
      else hold('G6', [undefined, 'UNKNOWN_PAYEE', 'IN_DEBT'].includes(code), `a preference is answered ${code}`)
    },
  },
  configure: {
    weight: 3,
    rows: [9],
    run(world, random) {
      const core = any(world, random)
      const change = changes[random.below(changes.length)] as (typeof changes)[number]
      const signed = configurationAfter(core.ghost.configuration, firstConfiguration, change)
      const one = logged(signed)
      const before = core.ghost.configHash
      hold('G6', report(world, core, signed) === undefined, 'a configuration of its signers is refused')
      world.configurations.set(core.ghost.configHash, one)
      hold('G6', before !== core.ghost.configHash, 'a configuration changed nothing')
    },
  },
  replayConfiguration: {
    weight: 3,
    rows: [9],
    run(world, random) {
      const core = any(world, random)
      const old = random.pick(core.log.filter(({ entry }) => 'configuration' in entry))
      if (!old || !('configuration' in old.entry)) return
      const forged = {
        ...old.entry,
        signatures: [signHash(digest(domain, 'Configuration', old.entry.configuration), keyOf(0x66))],
      }
      const code = report(world, core, random.oneIn(2) ? forged : old.entry)
      hold(
        'G6',
        code === 'WRONG_SIGNERS' || code === 'WRONG_VERSION',
        `an old or forged configuration is answered ${code}`,
      )
    },
  },
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
    rows: [10, 20],
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
      const head = proofOf(core, { epoch: world.chain.state.epoch, boot: world.chain.state.boot, counter, root }, made)
      signOpen(world, core, head, false)
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
  crash: {
    weight: 8,
    rows: [23, 32],
    run(world, random) {
      const core = any(world, random)
      if (core.isAhead) takeSnapshot(core)
      const before = statusOf(core.core)
      drop(world, core)
      const again = start(world, core.disk)
      hold('G7', again !== undefined, 'a core does not start again from all that was stored')
      const after = statusOf(again.core)
      hold(
        'G7',
        after.logRoot === before.logRoot && after.record.hash === before.record.hash,
        'a restart lost what was stored',
      )
      hold('G7', after.epoch === before.epoch && after.counter === before.counter, 'a restart forgot what was signed')
    },
  },
  rollBack: {
    weight: 9,
    rows: [1, 16],
    run(world, random) {
      const disk = random.oneIn(2) ? random.pick(world.disks) : any(world, random).disk
      if (!disk) return
      const count = Math.max(disk.chunks, disk.sealed.length - random.below(12))
      start(world, random.oneIn(4) ? disk : cut(disk, count))
    },
  },
  copyDisk: {
    weight: 8,
    rows: [1],
    run(world, random) {
      world.disks.push(any(world, random).disk)
      if (world.disks.length > 6) world.disks.splice(random.below(6), 1)
    },
  },
  compact: { weight: 30, rows: [23], run: (world, random) => takeSnapshot(any(world, random)) },
  splice: {
    weight: 8,
    rows: [22],
    run(world, random) {
      const disk = any(world, random).disk
      const other = random.pick(world.disks) ?? world.genesisDisk
      const records = disk.sealed.length - disk.chunks
      if (records < 2) return
      const at = disk.chunks + random.below(records - 1)
      const sealed = [...disk.sealed]
      const kind = random.below(5)
      if (kind === 0) sealed.splice(at, 1)
      else if (kind === 1) sealed.splice(at, 0, sealed[at] as Uint8Array)
      else if (kind === 2) [sealed[at], sealed[at + 1]] = [sealed[at + 1] as Uint8Array, sealed[at] as Uint8Array]
      else if (kind === 3) sealed[at] = flip(sealed[at] as Uint8Array, random)
      else sealed[at] = random.pick(other.sealed) as Uint8Array
      if (sealed.length === disk.sealed.length && sealed.every((one, i) => equal(one, disk.sealed[i] as Uint8Array)))
        return
      const started = beginFrom(world.nextId++, random, {
        ...disk,
        sealed,
        sizes: sealed.map((_, i) => disk.sizes[i] ?? 1),
      })
      if ('core' in started)
        return hold('G7', isHole(disk.sealed), 'a core starts from records that were tampered with')
      hold(
        'G7',
        ['STATE_GAP', 'STATE_FORGED', 'STATE_FOREIGN'].includes(started.code),
        `tampered records are refused as ${started.code}`,
      )
    },
  },
  renumber: {
    weight: 4,
    rows: [22],
    run(world, random) {
      const { disk } = any(world, random)
      const records = disk.sealed.length - disk.chunks
      if (records < 3 || isHole(disk.sealed)) return
      const at = disk.chunks + random.below(records - 1)
      const sealed = disk.sealed.toSpliced(at, 1)
      // What follows the record that was taken out is made to say that it never was there.
      for (let i = at; i < sealed.length; i++) sealed[i] = renumbered(sealed[i] as Uint8Array, sealed[i - 1])
      const started = beginFrom(world.nextId++, random, { ...disk, sealed })
      hold('G7', !('core' in started), 'a core starts from records whose headers were rewritten')
      hold('G7', started.code === 'STATE_FORGED', `rewritten headers are refused as ${started.code}`)
    },
  },
  forgeBirth: {
    weight: 1,
    rows: [7, 8],
    run(world, random) {
      const first = logged({ configuration: firstConfiguration, signatures: [] })
      const { disk } = beginGenesis(
        world.nextId++,
        birthOf('forged', random.next()),
        firstConfiguration,
        first,
        'elsewhere',
      )
      const started = beginFrom(world.nextId++, random, disk)
      hold('G3', !('core' in started), 'a core starts from a state that was born under another root')
      hold('G3', started.code === 'BIRTH_REFUSED', `a forged birth is refused as ${started.code}`)
    },
  },
  loadTwice: {
    weight: 3,
    rows: [2, 6],
    run(world, random) {
      const core = any(world, random)
      const load = ask(core.core, 'load_state', { key: null, sealedB64: core.disk.sealed, isLast: true })
      hold('G1', load.no?.code === 'WRONG_PHASE', 'a running core loads a state')
      const again = ask(core.core, 'genesis', { configuration: firstConfiguration, logBegins: null })
      hold('G1', again.no?.code === 'WRONG_PHASE', 'a running core has another genesis')
    },
  },
  secondGenesis: {
    weight: 1,
    rows: [6],
    run(world, random) {
      const first = logged({ configuration: firstConfiguration, signatures: [] })
      const stranger = beginGenesis(world.nextId++, birthOf('second', random.next()), firstConfiguration, first)
      hold('G3', stranger.address !== world.committer, 'two births gave one key')
      const { claim, by } = world.head
      const head = by ? proofOf(stranger, claim, madeOf(by)) : world.headProof(stranger)
      const message = signOpen(world, stranger, head, by === undefined)
      if (message) hold('G3', land(world, message).revert !== undefined, 'a core that nobody admitted opened an epoch')
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

/** Takes an instance out of the world; what it signed stays. */
export function drop(world: World, core: Instance): void {
  world.instances = world.instances.filter((other) => other !== core)
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

function flip(sealed: Uint8Array, random: Random): Uint8Array {
  const copy = Uint8Array.from(sealed)
  const at = random.below(copy.length)
  copy[at] = (copy[at] as number) ^ (1 << random.below(8))
  return copy
}

const equal = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0
