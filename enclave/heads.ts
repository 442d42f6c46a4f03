/**
 * Own roots. The host says on which head of the contract to build and proves that it is this core's own. Its word is
 * enough for the rest: a head that did not land only makes the transaction revert, and the next true one heals.
 */
import { logRoot, verifyConsistency } from '../ledger/eventLog.ts'
import { type Hex, zeroHash } from '../ledger/hex.ts'
import { refuse } from '../ledger/refusal.ts'
import { recoverAddress } from '../ledger/signature.ts'
import { type Ledger, rootOf } from '../ledger/state.ts'
import type { Commit } from '../ledger/structs.ts'
import { digest } from '../ledger/typedData.ts'
import type { HeadProof } from '../protocol/messages.ts'
import type { Live } from './live.ts'

declare const own: unique symbol

/** A head that this core made, or the contract's first. Made only by {@link proveOwnHead}. */
export interface OwnBase extends Pick<HeadProof, 'epoch' | 'boot' | 'counter' | 'root'> {
  readonly [own]: true
}

/**
 * The one thing that can never heal is history that this core did not write: a root of another key, or one whose log is
 * no prefix of the present one, as a rolled-back or forked core would meet it.
 *
 * @throws Refusal `FOREIGN_ROOT` with the counter and what failed
 */
export function proveOwnHead(live: Live, untrusted: HeadProof): OwnBase {
  const foreign = (why: string): never =>
    refuse('FOREIGN_ROOT', 'the head is not a root of this core', { counter: `${untrusted.counter}`, why })

  if (untrusted.counter === 0n && untrusted.root === zeroHash) return untrusted as unknown as OwnBase
  // Another key signed it, but this log had that very root: a hash over accounts, log and totals that was computed here.
  if (live.replayed.includes(untrusted.root)) return untrusted as unknown as OwnBase
  if (!untrusted.made) return foreign('no commit is given that made it')
  const { commit, signature } = untrusted.made
  if (!isOwnCommit(live, commit, signature)) return foreign('the commit is not signed by this core')
  if (commit.counter !== untrusted.counter || rootOf(commit.next) !== untrusted.root)
    return foreign('the commit made another head')
  if (!isPrefix(live.ledger, commit, untrusted.consistency)) return foreign('its log is no prefix of the present one')
  return untrusted as unknown as OwnBase
}

/** Whether this core's key signed the commit. */
export const isOwnCommit = (live: Live, commit: Commit, signature: Hex): boolean =>
  recoverAddress(digest(live.ledger.rules.domain, 'Commit', commit), signature) === live.signer.address

function isPrefix({ log }: Ledger, { next }: Commit, consistency: readonly Hex[]): boolean {
  const older = { size: Number(next.logSize), root: next.logRoot }
  return verifyConsistency(older, { size: log.size, root: logRoot(log) }, consistency)
}
