/** All that the modelled chain knows, by value: a reorg or a reverted frame puts back a copy. */
import { type Hex, zeroHash } from '../../../ledger/hex.ts'
import { broker, funds, guardian, terms, treasury } from '../constants.ts'

/** A revert of the contract: the name and arguments of its error, or the text of a `require`. */
export class Revert extends Error {
  override readonly name = 'Revert'
  readonly error: string
  readonly args: readonly unknown[]
  constructor(error: string, ...args: readonly unknown[]) {
    super()
    this.error = error
    this.args = args
  }
  /** Put together only where somebody asks: most reverts are what was expected. */
  override get message(): string {
    return `${this.error}(${this.args.join(', ')})`
  }
}

/** Out of gas as a whole: there is no reason to read. */
export const outOfGas = 'out of gas'

export function must(holds: boolean, error: string, ...args: readonly unknown[]): asserts holds {
  if (!holds) throw new Revert(error, ...args)
}

/** Same as a contract event in the ABI: name and values in order. */
export interface ModelEvent {
  readonly name: string
  readonly args: readonly unknown[]
}

export interface Anchored {
  readonly counter: bigint
  readonly root: Hex
  readonly totalPaid: bigint
  readonly time: bigint
}

export interface State {
  time: bigint
  // Anchor
  epoch: bigint
  boot: Hex
  counter: bigint
  root: Hex
  committer: Hex
  configHash: Hex
  committedAt: bigint
  logSize: bigint
  totalEarned: bigint
  clock: bigint
  haltCounter: bigint
  haltEnd: bigint
  frozen: boolean
  guardian: Hex
  anchors: Map<bigint, Anchored>
  // Vault
  totalPaid: bigint
  used: bigint
  usedAt: bigint
  cap: bigint
  owed: bigint
  totalExited: bigint
  paid: Map<Hex, bigint>
  exited: Map<Hex, bigint>
  // Everybody's ETH that matters here
  balances: Map<Hex, bigint>
  // The broker and what belongs to it
  paused: boolean
  deposits: Map<Hex, bigint>
  usedTickets: Set<string>
  active: Set<Hex>
  fees: Map<Hex, bigint>
  round: bigint
  startedRound: bigint
  roundHashes: Map<bigint, Hex>
}

export const genesisTime = 1_800_000_000n

export const newState = (committer: Hex, configHash: Hex, active: readonly Hex[]): State => ({
  time: genesisTime,
  epoch: 0n,
  boot: zeroHash,
  counter: 0n,
  root: zeroHash,
  committer,
  configHash,
  committedAt: 0n,
  logSize: 0n,
  totalEarned: 0n,
  clock: 0n,
  haltCounter: 0n,
  haltEnd: 0n,
  frozen: false,
  guardian,
  anchors: new Map(),
  totalPaid: 0n,
  used: 0n,
  usedAt: 0n,
  cap: terms.cap,
  owed: 0n,
  totalExited: 0n,
  paid: new Map(),
  exited: new Map(),
  balances: new Map([
    [treasury, funds],
    [broker, 0n],
  ]),
  paused: false,
  deposits: new Map(),
  usedTickets: new Set(),
  active: new Set(active),
  fees: new Map(),
  round: 1n,
  startedRound: 1n,
  roundHashes: new Map([[1n, roundHash(1n)]]),
})

export const roundHash = (round: bigint): Hex => `0x${(0x70000n + round).toString(16).padStart(64, '0')}`

export const copyOf = (s: State): State => ({
  ...s,
  anchors: new Map(s.anchors),
  paid: new Map(s.paid),
  exited: new Map(s.exited),
  balances: new Map(s.balances),
  deposits: new Map(s.deposits),
  usedTickets: new Set(s.usedTickets),
  active: new Set(s.active),
  fees: new Map(s.fees),
  roundHashes: new Map(s.roundHashes),
})

export const get = (map: ReadonlyMap<Hex, bigint>, key: Hex): bigint => map.get(key) ?? 0n
export const add = (map: Map<Hex, bigint>, key: Hex, wei: bigint): void => void map.set(key, get(map, key) + wei)

export function move(s: State, from: Hex, to: Hex, wei: bigint): void {
  add(s.balances, from, -wei)
  add(s.balances, to, wei)
}

/** One transaction as it runs: its events, and what watches it from inside. */
export interface Frame {
  readonly state: State
  events: ModelEvent[]
  /** Hears before a payee's code runs. */
  readonly onPayee: (payee: Hex) => void
  /** The redemption that a leaked ticket makes possible, for a payee that tries it when paid. */
  readonly leaked: (frame: Frame) => void
}

/** A call that may revert alone: it takes back its own writes and events. */
export function attempt(frame: Frame, act: () => void): Revert | undefined {
  const before = copyOf(frame.state)
  const events = frame.events.length
  try {
    act()
    return undefined
  } catch (error) {
    if (!(error instanceof Revert)) throw error
    Object.assign(frame.state, before)
    frame.events.length = events
    return error
  }
}
