/**
 * The modelled chain: one transaction at a time, each in a block of its own, a second apart at least. Keeps what happened
 * as a trace, which `replay.ts` plays on the real contracts; and the last states, to which a reorg goes back.
 */
import type { Ticket } from '../../enclave/tickets.ts'
import type { Hex } from '../../ledger/hex.ts'
import type { Commit, Open } from '../../ledger/structs.ts'
import { mole, stranger } from './constants.ts'
import { type Admission, admit, endHalt, halt, isHalted, open, silentAt } from './model/anchor.ts'
import { fundDeposit, redeem } from './model/broker.ts'
import { runPayee } from './model/payees.ts'
import {
  type Anchored,
  add,
  copyOf,
  type Frame,
  type ModelEvent,
  outOfGas,
  Revert,
  roundHash,
  type State,
} from './model/state.ts'
import { commit } from './model/treasury.ts'
import { claim, exit, freeze, give, type Proof, setCap, surplus, withdraw } from './model/vault.ts'

/** Everything that anybody sends to the contracts. */
export type Call =
  | { readonly fn: 'open'; readonly open: Open; readonly signature: Hex; readonly gas?: 'none' }
  | { readonly fn: 'commit'; readonly commit: Commit; readonly signature: Hex; readonly gas?: 'none' }
  | { readonly fn: 'claim'; readonly proof: Proof }
  | { readonly fn: 'exit'; readonly proof: Proof; readonly from: Hex }
  | { readonly fn: 'freeze' }
  | { readonly fn: 'halt'; readonly anchored: Anchored; readonly from: Hex }
  | { readonly fn: 'endHalt'; readonly from: Hex }
  | { readonly fn: 'admit'; readonly admission: Admission }
  | { readonly fn: 'setConfig'; readonly configHash: Hex }
  | { readonly fn: 'setCap'; readonly cap: bigint }
  | { readonly fn: 'withdraw'; readonly to: Hex; readonly amount: bigint }
  | { readonly fn: 'give'; readonly amount: bigint }
  | { readonly fn: 'fundDeposit'; readonly sender: Hex; readonly amount: bigint }
  | { readonly fn: 'redeem'; readonly ticket: Ticket; readonly signature: Hex }
  | { readonly fn: 'poke' }
  | { readonly fn: 'setPaused'; readonly paused: boolean }
  | { readonly fn: 'setActive'; readonly orchestrator: Hex; readonly active: boolean }

export interface Outcome {
  readonly revert: Revert | undefined
  readonly events: readonly ModelEvent[]
  /** What it was sent into, in a block of its own. */
  readonly before: State
}

/** What can be read of the contract, for comparison with the real one. */
export interface Registers {
  readonly time: bigint
  readonly state: State
  readonly surplus: bigint
  readonly silentAt: bigint
}

export type Traced =
  | {
      readonly what: 'call'
      readonly time: bigint
      readonly call: Call
      readonly outcome: Outcome
      readonly after: Registers
    }
  | { readonly what: 'round'; readonly round: bigint; readonly isStarted: boolean; readonly time: bigint }
  | { readonly what: 'tell'; readonly call: Call }
  | { readonly what: 'reorg'; readonly back: number; readonly started: readonly bigint[] }
  | { readonly what: 'begin'; readonly committer: Hex; readonly configHash: Hex }

const reorgMax = 4

export class Chain<Ghost extends object> {
  state: State
  /** What the simulator knows of the landed, beside the contract: a reorg takes it back too. */
  ghost: Ghost
  now: bigint
  readonly trace: Traced[] | undefined
  #told: Call | undefined
  readonly #past: { state: State; ghost: Ghost }[] = []
  readonly #copyGhost: (ghost: Ghost) => Ghost
  /** Hears that a payee's code is about to run. */
  onPayee: (payee: Hex, frame: Frame) => void = () => undefined

  constructor(options: { state: State; ghost: Ghost; copyGhost: (ghost: Ghost) => Ghost; isTraced: boolean }) {
    this.state = options.state
    this.ghost = options.ghost
    this.#copyGhost = options.copyGhost
    this.now = options.state.time
    const { committer, configHash } = options.state
    this.trace = options.isTraced ? [{ what: 'begin', committer, configHash }] : undefined
  }

  /** Time passes; the next transaction is in a block that much later. */
  pass(seconds: bigint): void {
    this.now += seconds
  }

  /** How many blocks a reorg could take back. */
  get depth(): number {
    return this.#past.length
  }

  get isHalted(): boolean {
    return isHalted({ ...this.state, time: this.now + 1n })
  }

  call(call: Call): Outcome {
    const before = copyOf(this.state)
    this.#past.push({ state: before, ghost: this.#copyGhost(this.ghost) })
    if (this.#past.length > reorgMax) this.#past.shift()
    this.now += 1n
    this.state.time = this.now
    const outcome = this.#run(call, before)
    this.trace?.push({ what: 'call', time: this.now, call, outcome, after: this.#registers() })
    return outcome
  }

  #run(call: Call, before: State): Outcome {
    const frame: Frame = {
      state: this.state,
      events: [],
      onPayee: (payee) => this.onPayee(payee, frame),
      leaked: (inner) => {
        // All else it tries in the middle of a payment, where the treasury lets nobody in.
        if (this.#told?.fn === 'redeem') redeem(inner, this.#told.ticket, this.#told.signature)
      },
    }
    try {
      if ('gas' in call && call.gas === 'none') throw new Revert(outOfGas)
      perform(frame, call)
      return { revert: undefined, events: frame.events, before }
    } catch (error) {
      if (!(error instanceof Revert)) throw error
      Object.assign(this.state, copyOf(before), { time: this.now })
      return { revert: error, events: [], before }
    }
  }

  /** The next round of the broker; until somebody starts it, no ticket is redeemed. */
  passRound(isStarted: boolean): void {
    const s = this.state
    s.round += 1n
    if (isStarted) {
      s.startedRound = s.round
      s.roundHashes.set(s.round, roundHash(s.round))
    }
    this.now += 1n
    this.trace?.push({ what: 'round', round: s.round, isStarted, time: this.now })
  }

  startRound(): void {
    const s = this.state
    if (s.startedRound === s.round) return
    s.startedRound = s.round
    s.roundHashes.set(s.round, roundHash(s.round))
    this.now += 1n
    this.trace?.push({ what: 'round', round: s.round, isStarted: true, time: this.now })
  }

  /** What the mole will try whenever its code runs: to redeem a ticket; or, whenever the treasury sends it something, another call. */
  tell(call: Call): void {
    this.#told = call
    this.trace?.push({ what: 'tell', call })
  }

  /** The last blocks are gone. Time is not: what comes instead comes later. @returns how many */
  reorg(depth: number): number {
    const back = Math.min(depth, this.#past.length)
    if (back === 0) return 0
    const [then] = this.#past.splice(-back) as [{ state: State; ghost: Ghost }]
    const { round, startedRound, roundHashes } = this.state
    // Rounds are counted elsewhere and stay.
    this.state = { ...then.state, round, startedRound, roundHashes }
    this.ghost = then.ghost
    this.trace?.push({ what: 'reorg', back, started: [...roundHashes.keys()] })
    return back
  }

  #registers(): Registers {
    return { time: this.now, state: copyOf(this.state), surplus: surplus(this.state), silentAt: silentAt(this.state) }
  }
}

type Performers = { readonly [F in Call['fn']]: (frame: Frame, call: Extract<Call, { fn: F }>) => void }

const performers: Performers = {
  open: (frame, call) => open(frame, call.open, call.signature),
  commit: (frame, call) => commit(frame, call.commit, call.signature),
  claim: (frame, { proof }) => claim(frame, proof),
  exit: (frame, { from, proof }) => exit(frame, from, proof),
  freeze: (frame) => freeze(frame),
  halt: (frame, { from, anchored }) => halt(frame, from, anchored),
  endHalt: (frame, { from }) => endHalt(frame, from),
  admit: (frame, { admission }) => admit(frame, admission),
  setConfig({ state, events }, { configHash }) {
    state.configHash = configHash
    events.push({ name: 'ConfigSet', args: [configHash] })
  },
  setCap: (frame, { cap }) => setCap(frame, cap),
  withdraw: (frame, { to, amount }) => withdraw(frame, to, amount),
  give: (frame, { amount }) => give(frame, amount),
  fundDeposit({ state }, { sender, amount }) {
    add(state.balances, stranger, amount) // strangers are rich
    fundDeposit(state, stranger, sender, amount)
  },
  redeem: (frame, { ticket, signature }) => redeem(frame, ticket, signature),
  poke: (frame) => runPayee(frame, mole.address, 'plenty'),
  setPaused({ state }, { paused }) {
    state.paused = paused
  },
  setActive({ state }, { orchestrator, active }) {
    if (active) state.active.add(orchestrator)
    else state.active.delete(orchestrator)
  },
}

const perform = (frame: Frame, call: Call): void =>
  (performers[call.fn] as (frame: Frame, call: Call) => void)(frame, call)
