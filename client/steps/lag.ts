/** Whether a daemon that is behind the chain is late, or shows what is old on purpose. */
import type { Rpc } from '../chain/rpc.ts'
import type { Head } from '../chain/treasury.ts'
import { NotChecked, ProvedLie } from '../verdict.ts'

const lagSecondsDefault = 120n

/** A daemon is told of a commit seconds after it; what it shows much later is old on purpose, or it is broken. */
export async function judgeLag(rpc: Rpc, head: Head, counter: bigint, lagSeconds: number | undefined): Promise<void> {
  const { timestamp } = await rpc.block()
  const facts = { shown: `${counter}`, counter: `${head.counter}`, behind_s: `${timestamp - head.committedAt}` }
  if (timestamp - head.committedAt > (lagSeconds === undefined ? lagSecondsDefault : BigInt(lagSeconds)))
    throw new ProvedLie('OLD_ROOT', 'the daemon shows a root that was replaced long ago', facts)
  throw new NotChecked('DAEMON_BEHIND', 'a commit has just landed that the daemon does not show yet: ask again', {
    facts,
  })
}
