/** What the host asks of cores, each with what the core must answer: shared by the moves. */

import { type SignedLogHead, verifyReceipt } from '../../../client/receipt.ts'
import type { Entry } from '../../../ledger/entry.ts'
import type { Hex } from '../../../ledger/hex.ts'
import { type EntryResult, entriesPerRequestMax, type HeadProof, type Params } from '../../../protocol/messages.ts'
import { hold } from '../broken.ts'
import { send } from '../checks.ts'
import { domain } from '../constants.ts'
import { type Logged, logged } from '../ghost.ts'
import {
  ask,
  beginFrom,
  configHashOf,
  type Disk,
  type Instance,
  isPending,
  type Message,
  noteReplayed,
  store,
  zeroHints,
} from '../host.ts'
import { get } from '../model/state.ts'
import { pack, unpack } from '../model/treasury.ts'
import type { Random } from '../random.ts'
import { isOwn, type World } from '../world.ts'

/** What the host does with a reply. */
export type Fate = 'kept' | 'lost'

export const any = (world: World, random: Random): Instance => random.pick(world.instances) as Instance
export const fateOf = (random: Random): Fate => (random.oneIn(12) ? 'lost' : 'kept')

const instancesMax = 4
const receiptsMax = 60

/** Starts one more core from a disk, in place of another where there are many. */
export function start(world: World, disk: Disk): Instance | undefined {
  const started = beginFrom(world.nextId++, world.random, disk)
  if (!('core' in started)) return undefined
  if (world.instances.length >= instancesMax) world.instances.splice(world.random.below(instancesMax), 1)
  world.instances.push(started)
  return started
}

/** Sends one entry. @returns the code with which it was refused, or undefined */
export const report = (world: World, core: Instance, entry: Entry, fate: Fate = 'kept'): string | undefined =>
  reportTogether(world, core, [entry], fate)[0]

/** Sends entries in one request, each of which is judged alone. @returns for each the code with which it was refused, or undefined */
export function reportTogether(
  world: World,
  core: Instance,
  entries: readonly Entry[],
  fate: Fate = 'kept',
): (string | undefined)[] {
  const { ok, no } = ask(core.core, 'apply_event', { entries: entries.map((entry) => logged(entry).bytes) })
  hold('G5', ok !== undefined, () => `apply_event is refused: ${no?.code}`)
  hold('G6', ok.results.length === entries.length, 'an entry is not answered')
  const accepted = entries.flatMap((entry, i) => {
    const result = ok.results[i] as EntryResult
    if (result.status !== 'accepted') return []
    const one = logged(entry)
    accept(core, one, result)
    return [{ leaf: one, position: result.position ?? 0 }]
  })
  if (accepted.length > 0) noteReplayed(core)
  hold('G6', Number(ok.logSize) === core.log.length, 'the log grew by what was not accepted')
  hold('G6', ok.logRoot === core.tree.root(), 'the log is not the list of what was accepted')
  if (ok.record && fate === 'kept') store(core, ok.record)
  if (ok.record && fate === 'lost') core.isAhead = true
  hold('G10', core.epoch !== undefined || ok.head === null, 'a receipt of a boot that the chain cannot know')
  hold('G7', (ok.record !== null) === accepted.length > 0, 'something was accepted without a record')
  const { head } = ok
  for (const { leaf, position } of head && fate === 'kept' && !core.isAhead ? accepted : []) {
    const receipt = { head: head as SignedLogHead, position, path: core.tree.inclusionPath(position) }
    hold('G10', verifyReceipt(domain, core.address, receipt, leaf.leaf), 'a receipt proves nothing')
    world.receipts.push({ receipt, leaf, core: core.address, log: core.log })
    if (world.receipts.length > receiptsMax) world.receipts.splice(world.random.below(receiptsMax), 1)
  }
  return ok.results.map(
    ({ status, problem }) => problem?.code ?? (status === 'already_accepted' ? 'ALREADY' : undefined),
  )
}

function accept(core: Instance, one: Logged, { position, odd }: EntryResult): void {
  hold('G6', position === core.log.length, 'an entry lies elsewhere than at the end of the log')
  if ('batch' in one.entry) {
    const { reporter, sequence } = one.entry.batch
    hold('G6', sequence === (core.ghost.sequences.get(reporter) ?? 0n), 'a batch counts out of its order, or twice')
    const rule = core.ghost.configuration.reporters.find((listed) => listed.reporter === reporter)
    hold('G6', rule !== undefined, 'a batch of a reporter that is not listed counts')
    append(core, one)
    hold(
      'G6',
      `${core.ghost.odd}` === `${odd.map(({ index }) => index)}`,
      'other events are called odd than fit no session',
    )
    hold('G9', get(core.ghost.moved, reporter) <= rule.budgetWei, 'a reporter moved more than its budget')
  } else append(core, one)
}

/** Brings a new key so much further in the log that it was born for. */
export function replay(core: Instance, entries: readonly Logged[]): void {
  for (let at = 0; at < entries.length; at += entriesPerRequestMax) {
    const some = entries.slice(at, at + entriesPerRequestMax)
    const { ok } = ask(core.core, 'apply_event', { entries: some.map(({ bytes }) => bytes) })
    const isWhole = ok?.results.every(({ status }) => status === 'accepted')
    hold('G5', isWhole === true, 'a new key does not take the published log')
    for (const one of some) append(core, one)
    hold('G6', ok?.logRoot === core.tree.root(), 'a replayed log is another')
    noteReplayed(core)
    if (ok?.record) store(core, ok.record)
  }
}

/** What must have come of an entry that counts. */
export function append(core: Instance, one: Logged): void {
  core.ghost.apply(one.entry)
  core.log.push(one)
  core.tree.append(one.leaf)
}

/** Asks a core to open an epoch on a head that the host names, whose commit is said to be `by`. */
export function signOpen(
  world: World,
  core: Instance,
  head: HeadProof,
  isOurs: boolean,
  fate: Fate = 'kept',
): Message | undefined {
  const isSpoilt = configHashOf(core) === undefined
  const { ok, no } = ask(core.core, 'open_epoch', { head, hints: zeroHints })
  if (isSpoilt && isOurs) {
    const codes = ['WRONG_VERSION', 'BAD_CONFIGURATION']
    hold(
      'G6',
      codes.includes(no?.code ?? ''),
      () => `a new key whose configuration follows another is told ${no?.code}`,
    )
    return undefined
  }
  hold('G5', isOurs === (ok !== undefined) || !isOurs, () => `a core does not open on its own history: ${no?.code}`)
  hold('G3', isOurs || ok === undefined, 'a core opened on a history that is not its own')
  if (!ok) {
    hold('G3', no.code === 'FOREIGN_ROOT', () => `a foreign head is refused as ${no.code}`)
    return undefined
  }
  core.epoch = ok.open.epoch
  const { successor } = core.disk
  if (successor && isPending(core)) append(core, successor)
  keep(core, ok.record, fate)
  hold(
    'G10',
    Number(ok.open.logSize) === core.log.length && ok.open.logRoot === core.tree.root(),
    'an open names another log',
  )
  return remember(world, core, { open: ok.open, signature: ok.signature })
}

export interface Wanted {
  readonly head: HeadProof
  readonly isOurs: boolean
  readonly payments: Params<'prepare_payouts'>['payments']
  readonly round: Params<'prepare_payouts'>['round']
}

/** Asks a core for a commit. */
export function signCommit(
  world: World,
  core: Instance,
  { head, isOurs, payments, round }: Wanted,
  fate: Fate = 'kept',
): Message | undefined {
  const { ok, no } = ask(core.core, 'prepare_payouts', { head, round, payments, hints: zeroHints })
  if (core.epoch === undefined) {
    hold('G4', no?.code === 'WRONG_PHASE', 'a core signs commits before it opened an epoch')
    return undefined
  }
  hold('G5', !isOurs || ok !== undefined, () => `a core does not go on from its own history: ${no?.code}`)
  hold('G3', isOurs || ok === undefined, 'a core goes on from a history that is not its own')
  if (!ok) {
    hold('G3', no.code === 'FOREIGN_ROOT', () => `a foreign head is refused as ${no.code}`)
    return undefined
  }
  const { commit } = ok
  keep(core, ok.record, fate)
  hold('G2', commit.next.totalEarned === core.ghost.total, 'a commit states another total than what was earned')
  hold(
    'G1',
    Number(commit.next.logSize) === core.log.length && commit.next.logRoot === core.tree.root(),
    'a commit states another log',
  )
  hold('G4', commit.boot === core.core.boot && commit.epoch === core.epoch, 'a commit for another boot or epoch')
  for (const { payee, total } of commit.payments.map(unpack))
    hold('G2', total <= get(core.ghost.earned, payee), () => `a commit pays ${payee} more than it earned`)
  const { tickets, direct } = core.ghost.railsOf(payments)
  hold(
    'G5',
    `${commit.payments}` === `${[...tickets, ...direct].map(({ payee, total }) => pack(payee, total))}`,
    'a commit leaves out who is due, or pays in another order',
  )
  hold('G5', commit.ticketSigs.length === 2 * tickets.length, 'a payee is paid on another rail than its own')
  return remember(world, core, { commit, signature: ok.signature })
}

function keep(core: Instance, record: Uint8Array, fate: Fate): void {
  if (fate === 'kept') store(core, record)
  else core.isAhead = true
}

function remember(world: World, core: Instance, signed: Pick<Message, 'signature' | 'open' | 'commit'>): Message {
  const { log, disk } = core
  const earned = new Map(core.ghost.earned)
  const message: Message = { ...signed, core, log, size: log.length, earned, disk, isThiefs: false }
  world.remember(message)
  return message
}

/** Sends what was signed to the contract. */
export function land(world: World, message: Message, gas?: 'none') {
  const { open, commit, signature } = message
  const gasOf = gas ? { gas } : {}
  if (open) return send(world, { fn: 'open', open, signature, ...gasOf }, message)
  if (commit) return send(world, { fn: 'commit', commit, signature, ...gasOf }, message)
  throw new Error('a message is an open or a commit')
}

/** The round as the broker has it. */
export function trueRound(world: World): Wanted['round'] {
  const { startedRound, roundHashes } = world.chain.state
  return { number: startedRound, blockHash: roundHashes.get(startedRound) as Hex }
}

/** Totals for some of those who have an account, with what the contract has paid. */
export function duesOf(world: World, core: Instance, random: Random, max = 3): Wanted['payments'] {
  const accounts = [...core.ghost.earned].filter(([, earned]) => earned > 0n)
  const chosen = new Map<Hex, bigint>()
  for (let i = random.below(max + 1); i > 0; i--) {
    const account = random.pick(accounts)
    if (account) chosen.set(...account)
  }
  return [...chosen].map(([payee, total]) => ({ payee, total, paid: get(world.chain.state.paid, payee) }))
}

/** The head as it is, and whether this core must call it its own. */
export const truth = (world: World, core: Instance) => ({
  head: world.headProof(core),
  isOurs: isOwn(core, world.head.by),
})
