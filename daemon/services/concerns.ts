/** What an operator should look at: told when it begins and when it is over, as alerts on the numbers would, and by name. */
import type { Logger } from 'pino'
import type { Discrepancy } from '../../client/api.ts'
import type { Concern } from '../../client/operatorApi.ts'
import { createComplaints } from '../complaints.ts'
import { pause } from '../pause.ts'
import type { Books } from './books.ts'
import type { LeftOut, Reason } from './decidePayouts.ts'
import type { Mirror } from './mirror.ts'
import type { Payer } from './payer.ts'
import type { Reconciler } from './reconciler.ts'
import type { Gate, State } from './session.ts'
import type { VitalSigns, Vitals } from './vitals.ts'

/** The core's account for gas has too little below this. */
export const gasWeiLow = 2n * 10n ** 16n
/** So long before anyone may freeze the contract it is time to be loud. */
export const silenceSecondsLow = 3 * 86_400
/** The books are held against each other once in so many polls, while somebody listens: it asks the chain a lot. */
const pollsPerReconciliation = 60
/** Waiting for these is how it should be. */
const usualReasons: readonly Reason[] = ['BELOW_MINIMUM', 'COMMIT_FULL']
const usualKinds: readonly Discrepancy['kind'][] = ['pending', 'claimed', 'exited']

export interface Circumstances {
  readonly state: State
  /** Undefined before the contract was first seen. */
  readonly signs: VitalSigns | undefined
  readonly owedWei: bigint
  readonly nowSeconds: number
  readonly leftOut: Iterable<LeftOut>
  readonly discrepancies: readonly Discrepancy[]
}

/** Everything that is not as it should be. Pure. */
export function decideConcerns({ signs, ...now }: Circumstances): Concern[] {
  const found: Concern[] = []
  const add = (kind: Concern['kind'], code: string, detail = '', payee: Concern['payee'] = null): void => {
    found.push({ kind, code, payee, detail: detail.slice(0, 300) })
  }
  if (now.state !== 'open') add('daemon', 'NOT_OPEN', now.state)
  if (signs) {
    const { silentAt } = signs
    if (signs.gasAccountWei < gasWeiLow) add('money', 'GAS_LOW')
    if (signs.treasuryWei < now.owedWei) add('money', 'TREASURY_SHORT')
    if (signs.roomWei * 10n < now.owedWei) add('money', 'WINDOW_USED')
    if (silentAt !== undefined && Number(silentAt) - now.nowSeconds < silenceSecondsLow) add('daemon', 'SILENCE_SHORT')
  }
  for (const { payee, reason, detail } of now.leftOut)
    if (!usualReasons.includes(reason)) add('left_out', reason, detail, payee)
  for (const { kind, code, detail, payee } of now.discrepancies)
    if (!usualKinds.includes(kind)) add('discrepancy', code, `${kind}: ${detail}`, payee)
  return found
}

export interface Change {
  readonly concern: Concern
  /** False: it is over. */
  readonly isRaised: boolean
}

export interface Concerns {
  /** Adds a listener. @returns all that is wrong now, and what takes the listener away */
  add(listener: (change: Change) => void): { readonly now: readonly Concern[]; remove(): void }
  run(signal: AbortSignal): Promise<never>
}

export interface ConcernsOptions {
  readonly gate: Pick<Gate, 'state'>
  readonly mirror: Pick<Mirror, 'ledger'>
  readonly books: Pick<Books, 'common'>
  readonly payer: Pick<Payer, 'leftOut'>
  readonly vitals: Pick<Vitals, 'signs'>
  readonly reconciler: Reconciler
  readonly pollMs: number
  readonly log: Logger
}

export function createConcerns(options: ConcernsOptions): Concerns {
  const { gate, mirror, books, payer, vitals, reconciler, pollMs, log } = options
  const complain = createComplaints(log)
  const listeners = new Set<(change: Change) => void>()
  let known = new Map<string, Concern>()
  let discrepancies: readonly Discrepancy[] = []

  const look = (): void => {
    const { paidWei, lostWei } = books.common
    const concerns = decideConcerns({
      state: gate.state,
      signs: vitals.signs,
      owedWei: mirror.ledger.totalEarnedWei - (paidWei - lostWei),
      nowSeconds: Math.floor(Date.now() / 1000),
      leftOut: payer.leftOut.values(),
      discrepancies,
    })
    const found = new Map(concerns.map((concern) => [JSON.stringify(concern), concern]))
    const tell = (concern: Concern, isRaised: boolean): void => {
      for (const listener of listeners) listener({ concern, isRaised })
    }
    for (const [key, concern] of known) if (!found.has(key)) tell(concern, false)
    for (const [key, concern] of found) if (!known.has(key)) tell(concern, true)
    known = found
  }
  const reconcile = async (): Promise<void> => {
    try {
      discrepancies = (await reconciler.reconcile()).discrepancies
    } catch (error) {
      complain('cannot reconcile', error)
    }
  }
  return {
    add(listener) {
      look() // so that what is told at once is how it is now
      listeners.add(listener)
      return { now: [...known.values()], remove: () => listeners.delete(listener) }
    },
    async run(signal) {
      for (let turn = 0; ; turn++) {
        if (listeners.size === 0) {
          turn = -1 // whoever comes next hears soon how the books are then
          discrepancies = []
        } else if (turn % pollsPerReconciliation === 0) await reconcile()
        look()
        await pause(pollMs, signal)
      }
    },
  }
}
