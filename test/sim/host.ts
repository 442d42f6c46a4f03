/** The host's side of cores: how it speaks to them, what it keeps of them on disk, and how it starts them again. */
import { LogTree } from '../../client/logTree.ts'
import { type Core, createCore } from '../../enclave/core.ts'
import { dispatch } from '../../enclave/dispatch.ts'
import type { SignedConfiguration } from '../../ledger/entry.ts'
import type { Hex } from '../../ledger/hex.ts'
import { rootOf } from '../../ledger/state.ts'
import type { Commit, Open } from '../../ledger/structs.ts'
import { hashStruct } from '../../ledger/typedData.ts'
import type { Codec } from '../../protocol/codec.ts'
import { type HeadProof, type Method, methods, type Params, type Result } from '../../protocol/messages.ts'
import { prove } from './accounts.ts'
import { hold } from './broken.ts'
import { GhostLedger, type Logged } from './ghost.ts'
import { createPlatform, type KeyPlace } from './platform.ts'
import type { Random } from './random.ts'
import { SealedOnce } from './sealed.ts'

/** A request that a core answered with no. */
export interface Refused {
  readonly code: string
  readonly facts: Readonly<Record<string, unknown>>
}

export type Answer<M extends Method> =
  | { readonly ok: Result<M>; readonly no?: never }
  | { readonly no: Refused; readonly ok?: never }

/** Says a request as the wire does, through the codecs of both sides. */
export function ask<M extends Method>(core: Core, method: M, params: Params<M>): Answer<M> {
  const codecs = methods[method] as unknown as { params: Codec<Params<M>>; result: Codec<Result<M>> }
  const { result, error } = dispatch(core, { id: 1, method, params: codecs.params.write(params) }, (fault) => {
    hold('G5', false, `a core halted at ${method}: ${fault instanceof Error ? fault.stack : fault}`)
  })
  if (error) return { no: { code: error.code, facts: error.facts as Refused['facts'] } }
  return { ok: codecs.result.read(result, 'result') }
}

/** What a host has of one branch of history: sealed things in their order, and how long the log was after each. */
export interface Disk {
  readonly sealed: readonly Uint8Array[]
  readonly sizes: readonly number[]
  /** Sealed things that are the snapshot, at the beginning. */
  readonly chunks: number
  /** The log, at least as long as the last size. */
  readonly log: readonly Logged[]
  readonly place: KeyPlace
  /** Of all disks of one birth: what was sealed so far. */
  readonly seals: SealedOnce
  /** The configuration that came with a key born for a log that others began. */
  readonly successor?: Logged & { readonly entry: SignedConfiguration }
  /** Roots that such a core had on the way, by the size of its log. */
  readonly replayed: ReadonlyMap<number, Hex>
}

export const sizeOf = (disk: Disk): number => disk.sizes.at(-1) ?? 0

/** The disk as it was when it held so many things. */
export const cut = (disk: Disk, count: number): Disk => ({
  ...disk,
  sealed: disk.sealed.slice(0, count),
  sizes: disk.sizes.slice(0, count),
})

/** A running core with all that its host sees of it. */
export interface Instance {
  readonly id: number
  readonly core: Core
  readonly address: Hex
  disk: Disk
  readonly log: Logged[]
  readonly tree: LogTree
  readonly ghost: GhostLedger
  /** A reply was lost: the core is ahead of what its host can store. */
  isAhead: boolean
  /** The epoch that it signed last, if any. */
  epoch: bigint | undefined
}

/** What a core signed and anyone may send to the contract. */
export interface Message {
  readonly core: Instance
  readonly signature: Hex
  readonly open?: Open
  readonly commit?: Commit
  /** The log that it stands for. */
  readonly log: readonly Logged[]
  readonly size: number
  /** What everyone had earned by then, in the order of the accounts. */
  readonly earned: ReadonlyMap<Hex, bigint>
  /** A disk with the record that remembers it. */
  disk: Disk
  readonly isThiefs: boolean
}

export interface Made {
  readonly commit: Commit
  readonly signature: Hex
}

/** Until it opens its first epoch, a new key has not brought its configuration into the log. */
export const isPending = ({ disk: { successor }, log }: Pick<Instance, 'disk' | 'log'>): boolean =>
  successor !== undefined && !log.includes(successor)

/** The configuration that a core is under once it has opened; undefined where its host spoilt the log for it. */
export function configHashOf({ disk, log, ghost }: Instance): Hex | undefined {
  const { successor } = disk
  if (!successor || !isPending({ disk, log })) return ghost.configHash
  const { configuration } = successor.entry
  return configuration.previous === ghost.configHash ? hashStruct('Configuration', configuration) : undefined
}

interface Birth {
  readonly first: Logged & { readonly entry: SignedConfiguration }
  /** For a key that goes on with a log: what comes with it. */
  readonly successor?: Disk['successor']
  readonly authority?: 'elsewhere'
}

/** Starts a core with a birth of its own. */
export function beginGenesis(id: number, random: Random, { first, successor, authority }: Birth): Instance {
  const place: KeyPlace = {}
  const core = createCore(createPlatform(random, place, authority))
  const { configuration } = first.entry
  const params = successor
    ? { configuration: successor.entry.configuration, logBegins: configuration }
    : { configuration, logBegins: null }
  const { ok, no } = ask(core, 'genesis', params)
  hold('G5', ok !== undefined, () => `genesis is refused: ${no?.code}`)
  const log = [first]
  const seals = new SealedOnce()
  for (const one of ok.sealed) seals.add(one)
  const disk: Disk = {
    sealed: ok.sealed,
    sizes: ok.sealed.map(() => 1),
    chunks: ok.sealed.length,
    log,
    place,
    seals,
    ...(successor ? { successor } : {}),
    replayed: new Map(),
  }
  const ghost = new GhostLedger()
  ghost.apply(first.entry)
  const instance = instanceOf(id, core, ok.address, disk, log, ghost)
  noteReplayed(instance)
  return instance
}

/** A core that replays a log remembers the root at the end of each request. */
export function noteReplayed(instance: Instance): void {
  const { disk, log, ghost, tree } = instance
  if (!isPending(instance)) return
  const root = rootOf({
    accountsRoot: prove(ghost.earned).root,
    logRoot: tree.root(),
    logSize: BigInt(log.length),
    totalEarned: ghost.total,
    configHash: ghost.configHash,
  })
  instance.disk = { ...disk, replayed: new Map([...disk.replayed, [log.length, root]]) }
}

/** Starts a core from what is stored. @returns the instance, or the refusal */
export function beginFrom(id: number, random: Random, disk: Disk): Instance | Refused {
  const core = createCore(createPlatform(random, disk.place))
  // In one request or in two: where a state is cut is the host's to choose.
  const cutAt = random.oneIn(3) ? random.below(disk.sealed.length) : 0
  const parts = cutAt > 0 ? [disk.sealed.slice(0, cutAt), disk.sealed.slice(cutAt)] : [disk.sealed]
  for (const [i, sealed] of parts.entries()) {
    const isLast = i === parts.length - 1
    const { no } = ask(core, 'load_state', { key: null, sealed, isLast })
    if (no) return no
  }
  const log = disk.log.slice(0, sizeOf(disk))
  const ghost = new GhostLedger()
  for (const { entry } of log) ghost.apply(entry)
  const address = statusOf(core).address as Hex
  const replayed = new Map([...disk.replayed].filter(([size]) => size <= log.length))
  return instanceOf(id, core, address, { ...disk, log, replayed }, log, ghost)
}

export const statusOf = (core: Core): Result<'status'> => ask(core, 'status', {}).ok as Result<'status'>

function instanceOf(id: number, core: Core, address: Hex, disk: Disk, log: Logged[], ghost: GhostLedger): Instance {
  const tree = new LogTree()
  for (const { leaf } of log) tree.append(leaf)
  return { id, core, address, disk, log, tree, ghost, isAhead: false, epoch: undefined }
}

/** Puts a record on an instance's disk; after a lost one there is no use in it, but a careless host keeps it. */
export function store(instance: Instance, record: Uint8Array): void {
  const { disk, log } = instance
  disk.seals.add(record)
  instance.disk = { ...disk, sealed: [...disk.sealed, record], sizes: [...disk.sizes, log.length], log }
}

/** What an honest host does when a core is ahead of its disk, and anyone when records are many. */
export function takeSnapshot(instance: Instance): void {
  const sealed: Uint8Array[] = []
  for (let chunk = 0, chunks = 1; chunk < chunks; chunk++) {
    const { ok, no } = ask(instance.core, 'export_state', { chunk })
    hold('G5', ok !== undefined, () => `export_state is refused: ${no?.code}`)
    instance.disk.seals.add(ok.sealed)
    sealed.push(ok.sealed)
    chunks = ok.chunks
  }
  const { log, disk } = instance
  instance.disk = { ...disk, sealed, sizes: sealed.map(() => log.length), chunks: sealed.length, log }
  instance.isAhead = false
}

export const zeroHints = { nonce: 0n, gas: 10_000_000n, maxFeePerGas: 10n ** 9n, maxPriorityFeePerGas: 10n ** 6n }

/** A head with all that the host has to prove it by. */
export function proofOf(
  instance: Instance,
  head: Omit<HeadProof, 'made' | 'consistency'>,
  made: Made | undefined,
): HeadProof {
  const size = Number(made?.commit.next.logSize ?? 0n)
  const consistency = made && size > 0 && size <= instance.tree.size ? instance.tree.consistencyProof(size) : []
  return { ...head, made: made ? { commit: made.commit, signature: made.signature } : null, consistency }
}
