/** One run's world: cores, disks and messages of a hostile host, a chain, and what is known of the truth beside them all. */

import type { Receipt } from '../../client/receipt.ts'
import type { Hex } from '../../ledger/hex.ts'
import { zeroHash } from '../../ledger/hex.ts'
import type { Commit } from '../../ledger/structs.ts'
import type { HeadProof } from '../../protocol/messages.ts'
import { Chain } from './chain.ts'
import { ether, firstConfiguration, orchestrators, terms } from './constants.ts'
import { type Logged, logged } from './ghost.ts'
import { beginGenesis, configHashOf, type Disk, type Instance, type Made, type Message, proofOf } from './host.ts'
import { newState } from './model/state.ts'
import { Random } from './random.ts'
import { rootOf } from './roots.ts'
import { sum } from './wei.ts'

/** A receipt that a reporter holds. */
export interface Held {
  readonly receipt: Receipt
  readonly leaf: Logged
  /** Whose signature it bears. */
  readonly core: Hex
  /** The log that it speaks of, at least as long. */
  readonly log: readonly Logged[]
}

/** What is known of the landed, beside the contract's own registers. A reorg takes it back. */
export interface ChainGhost {
  /** The commits of the live history, the first at counter 1. */
  landed: readonly Message[]
  /** `totalPaid` when each of them had landed, what was lost to a thief not counted. */
  paidAt: readonly bigint[]
  /** Who may commit now. */
  opener: { readonly epoch: bigint; readonly boot: Hex } | undefined
  /** Every boot that the chain ever knew. */
  boots: ReadonlySet<Hex>
  /** The most that any landed commit of an honest core says each payee earned. */
  mostEarned: ReadonlyMap<Hex, bigint>
  /** What a thief's landed commits paid, in their own words. */
  stolen: ReadonlyMap<Hex, bigint>
  /** When a commit or an admission last showed that somebody is there; 0 before the first. */
  quietSince: bigint
  /** The halts since then: the clock of silence stands still in them. */
  halts: readonly { readonly from: bigint; readonly until: bigint }[]
  outflows: readonly { readonly time: bigint; readonly amount: bigint }[]
  caps: readonly { readonly time: bigint; readonly cap: bigint }[]
  /** By commits and claims. */
  left: bigint
  /** Of that, what a halt declared lost. */
  lost: bigint
  withdrawn: bigint
  gifts: bigint
  depositGifts: bigint
  /** Fees that came from no commit: strangers' deposits, drawn on with leaked tickets. */
  redeemedOutside: bigint
}

export interface WorldOptions {
  readonly seed: number
  readonly isTraced: boolean
}

export class World {
  readonly seed: number
  /** Of the present move. */
  random: Random
  readonly chain: Chain<ChainGhost>
  readonly genesisDisk: Disk
  /** What was stored of each key that the contract may follow, when it was ready to be admitted. */
  readonly births = new Map<Hex, Disk>()
  /** The secrets of those keys, as a thief would have them. */
  readonly secrets = new Map<Hex, Uint8Array>()
  instances: Instance[] = []
  /** Copies of disks, old and new. */
  disks: Disk[] = []
  messages: Message[] = []
  /** Every commit that the host ever saw signed, by counter and root. */
  readonly made = new Map<string, Message>()
  receipts: Held[] = []
  /** Configurations that the operator signed, by hash. */
  readonly configurations = new Map<Hex, Logged>()
  /** Whose key somebody else has too. */
  stolen: Hex | undefined
  nextId = 0

  constructor({ seed, isTraced }: WorldOptions) {
    this.seed = seed
    this.random = new Random(seed)
    const core = beginGenesis(this.nextId++, birthOf('first', seed), { first })
    this.instances.push(core)
    this.genesisDisk = core.disk
    this.admit(core, secretOf('first', seed))
    this.configurations.set(core.ghost.configHash, first)
    this.chain = new Chain<ChainGhost>({
      state: newState(
        core.address,
        core.ghost.configHash,
        orchestrators.map(({ address }) => address),
      ),
      ghost: {
        landed: [],
        paidAt: [],
        opener: undefined,
        boots: new Set(),
        mostEarned: new Map(),
        stolen: new Map(),
        quietSince: 0n,
        halts: [],
        outflows: [],
        caps: [{ time: 0n, cap: 4n * ether }],
        left: 0n,
        lost: 0n,
        withdrawn: 0n,
        gifts: 0n,
        depositGifts: 0n,
        redeemedOutside: 0n,
      },
      copyGhost: (ghost) => ({ ...ghost }),
      isTraced,
    })
  }

  /** The true head, and the message that made it. */
  get head(): { readonly claim: Omit<HeadProof, 'made' | 'consistency'>; readonly by: Message | undefined } {
    const { epoch, boot, counter, root } = this.chain.state
    return { claim: { epoch, boot, counter, root }, by: this.chain.ghost.landed.at(-1) }
  }

  /** Whom the contract follows. */
  get committer(): Hex {
    return this.chain.state.committer
  }

  /** A key that the operator is about to admit. */
  admit({ address, disk }: Instance, secret: Uint8Array): void {
    this.births.set(address, disk)
    this.secrets.set(address, secret)
  }

  headProof(instance: Instance): HeadProof {
    const { claim, by } = this.head
    return proofOf(instance, claim, by ? madeOf(by) : undefined)
  }

  /** When anyone may freeze. */
  get quietAt(): bigint {
    const { quietSince, halts } = this.chain.ghost
    return quietSince + terms.silence + sum(halts.map(({ from, until }) => until - from))
  }

  /** Whether the head is of a thief's making, or anything before it. */
  get isThiefLive(): boolean {
    return this.chain.ghost.landed.some(({ isThiefs }) => isThiefs)
  }

  remember(message: Message): void {
    this.messages.push(message)
    if (this.messages.length > 40) this.messages.splice(this.random.below(30), 1)
    if (message.commit) this.made.set(message.signature, message)
  }

  /** Configuration entries that lead from what a core has to what the contract names; undefined if nothing does. */
  configurationsTo(hash: Hex, core: Instance): Logged[] | undefined {
    const path: Logged[] = []
    const from = configHashOf(core)
    if (!from) return undefined
    for (let at = hash; at !== from; ) {
      const found = this.configurations.get(at)
      if (!found || !('configuration' in found.entry) || path.length > 50) return undefined
      path.unshift(found)
      at = found.entry.configuration.previous
      if (at === zeroHash) return undefined
    }
    return path
  }
}

const births = { first: 0x5bd1e995, renewed: 0x7feb352d, second: 0x1b873593, forged: 0x2c1b3c6d }

/** The first entry of every log. */
export const first = logged({ configuration: firstConfiguration, signatures: [] })

/** The dice of a genesis. Few births serve all runs, so that each is certified once; a run renews its key more than once. */
export const birthOf = (which: keyof typeof births, n: number): Random =>
  new Random(births[which] ^ (n % (which === 'renewed' ? 8 : 3)))

/** A genesis draws the boot, then the key: so the simulator knows it. */
export const secretOf = (which: keyof typeof births, n: number): Uint8Array => birthOf(which, n).bytes(64).slice(32)

export const hasReplayed = ({ disk }: Instance, root: Hex): boolean => [...disk.replayed.values()].includes(root)

export const madeOf = ({ commit, signature }: Message): Made => ({ commit: commit as Commit, signature })

/** Whether a core must take this commit's head for its own: by its key, and its log a prefix of the core's. */
export function isOwn(instance: Instance, message: Message | undefined): boolean {
  if (!message) return true
  const { next } = message.commit as Commit
  const size = Number(next.logSize)
  return (
    hasReplayed(instance, rootOf(next)) ||
    (message.core.address === instance.address &&
      size <= instance.tree.size &&
      instance.tree.root(size) === next.logRoot)
  )
}
