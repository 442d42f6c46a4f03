/** The time during which the head of the contract is this core's boot: only then are batches acknowledged and roots anchored. */
import type { Hex } from '../../ledger/hex.ts'
import type { Core, CoreConnection } from '../enclaveClient.ts'
import { NotOpen } from '../errors.ts'

export interface Session {
  readonly core: CoreConnection
  /** The core's address. */
  readonly address: Hex
  readonly boot: Hex
  readonly epoch: bigint
  /** Ends it at once: core, store and chain are compared anew. */
  end(reason: string): void
}

/** What the daemon is doing, in words that `status` shows. */
export type State =
  | 'starting'
  | 'following'
  | 'connecting to the core'
  | 'creating the ledger'
  | 'loading the ledger'
  | 'recovering lost replies'
  | 'the core has halted'
  | 'the state is out of date'
  | 'waiting for the contract'
  | 'opening an epoch'
  | 'open'
  | 'stopping'

export interface Gate {
  readonly state: State
  /** The core, while it is connected, whatever its phase. */
  readonly core: Core | undefined
  /** @throws NotOpen */
  session(): Session
}

/** The gate as bring-up moves it. */
export interface MovableGate extends Gate {
  attach(core: CoreConnection): void
  move(state: Exclude<State, 'open'>): void
  open(session: Session): void
}

export function createGate(onMove: (state: State) => void): MovableGate {
  let state: State = 'starting'
  let session: Session | undefined
  let core: CoreConnection | undefined
  const set = (next: State, nextSession: Session | undefined): void => {
    session = nextSession
    if (next === state) return
    state = next
    onMove(next)
  }
  return {
    get state() {
      return state
    },
    get core() {
      return core?.isOpen ? core : undefined
    },
    attach(connection) {
      core = connection
    },
    session() {
      if (!session?.core.isOpen) throw new NotOpen(session ? 'the core went away' : state)
      return session
    },
    move: (next) => set(next, undefined),
    open: (next) => set('open', next),
  }
}
