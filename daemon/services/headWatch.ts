/** Reads the contract's head again and again: for the API, and to notice when it is another boot's. */
import type { Logger } from 'pino'
import type { Chain, Head } from '../chain/chain.ts'
import { createComplaints } from '../complaints.ts'
import { NotOpen } from '../errors.ts'
import { pause } from '../pause.ts'
import type { Gate, Session } from './session.ts'

export interface HeadWatch {
  /** As last read; undefined before the contract was first seen. */
  readonly head: Head | undefined
  run(signal: AbortSignal): Promise<never>
}

interface HeadWatchOptions {
  readonly chain: Pick<Chain, 'head' | 'isDeployed'>
  readonly gate: Gate
  readonly pollMs: number
  readonly log: Logger
}

export function createHeadWatch({ chain, gate, pollMs, log }: HeadWatchOptions): HeadWatch {
  const complain = createComplaints(log)
  let head: Head | undefined
  const poll = async (): Promise<void> => {
    // Asked for before the head is: a head that is read later than this session was opened must be of its boot.
    const session = sessionOf(gate)
    if (!head && !(await chain.isDeployed())) return
    head = await chain.head()
    if (session && (head.boot !== session.boot || head.epoch !== session.epoch))
      session.end(`the head is epoch ${head.epoch} of boot ${head.boot}`)
  }
  return {
    get head() {
      return head
    },
    async run(signal) {
      for (;;) {
        await poll().catch((error: unknown) => complain('cannot read the head', error))
        await pause(pollMs, signal)
      }
    },
  }
}

/** The session if there is one. */
export function sessionOf(gate: Gate): Session | undefined {
  try {
    return gate.session()
  } catch (error) {
    if (error instanceof NotOpen) return undefined
    throw error
  }
}
