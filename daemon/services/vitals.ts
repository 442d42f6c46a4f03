/** What an operator watches beside the books: the newest block, the treasury, the core's gas, and when silence is too long. */
import type { Logger } from 'pino'
import type { Chain } from '../chain/chain.ts'
import { createComplaints } from '../complaints.ts'
import { pause } from '../pause.ts'
import type { HeadWatch } from './headWatch.ts'

/** Numbers for people: none of them has to be of this very second. */
const intervalMsMin = 2_000

export interface VitalSigns {
  readonly blockNumber: number
  readonly treasuryWei: bigint
  /** What the window still lets go. */
  readonly roomWei: bigint
  /** Of the committer, which pays the gas. */
  readonly gasAccountWei: bigint
  /** Unix seconds from which on anyone may freeze; undefined before the first commit. */
  readonly silentAt: bigint | undefined
}

export interface Vitals {
  /** As last read; undefined before the contract was first seen. */
  readonly signs: VitalSigns | undefined
  /** What left the gas account since the start, wei. */
  readonly gasSpentWei: bigint
  run(signal: AbortSignal): Promise<never>
}

interface VitalsOptions {
  readonly chain: Pick<Chain, 'block' | 'balance' | 'room' | 'gasBalance' | 'silentAt'>
  readonly headWatch: Pick<HeadWatch, 'head'>
  readonly pollMs: number
  readonly log: Logger
}

export function createVitals({ chain, headWatch, pollMs, log }: VitalsOptions): Vitals {
  const complain = createComplaints(log)
  let signs: VitalSigns | undefined
  let gasSpentWei = 0n
  const poll = async (): Promise<void> => {
    const { head } = headWatch
    if (!head) return
    const [block, treasuryWei, roomWei, gasAccountWei, silentAt] = await Promise.all([
      chain.block(),
      chain.balance(),
      chain.room(),
      chain.gasBalance(head.committer),
      chain.silentAt(),
    ])
    // A deposit between two looks hides what was spent between them: the balance itself is watched too.
    if (signs && gasAccountWei < signs.gasAccountWei) gasSpentWei += signs.gasAccountWei - gasAccountWei
    const { number: blockNumber } = block
    signs = { blockNumber, treasuryWei, roomWei, gasAccountWei, silentAt: head.counter > 0n ? silentAt : undefined }
  }
  return {
    get signs() {
      return signs
    },
    get gasSpentWei() {
      return gasSpentWei
    },
    async run(signal) {
      for (;;) {
        await poll().catch((error: unknown) => complain('cannot read the vital signs', error))
        await pause(Math.max(signs ? intervalMsMin : 0, pollMs), signal)
      }
    },
  }
}
