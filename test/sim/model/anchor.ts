/** Which history counts: the model of `Anchor.sol`, check by check in its order. */
import { type Hex, zeroAddress, zeroHash } from '../../../ledger/hex.ts'
import { recoverAddress } from '../../../ledger/signature.ts'
import type { Commit, Commitment, Open } from '../../../ledger/structs.ts'
import { digest } from '../../../ledger/typedData.ts'
import { domain, terms } from '../constants.ts'
import { rootOf } from '../roots.ts'
import { max } from '../wei.ts'
import { type Anchored, type Frame, must, type State } from './state.ts'

export const silentAt = (s: State): bigint => max(s.committedAt, s.clock) + terms.silence
export const isHalted = (s: State): boolean => s.time < s.haltEnd
export const unlessFrozen = (s: State): void => must(!s.frozen, 'IsFrozen')
export const unlessHalted = (s: State): void => must(!isHalted(s), 'IsHalted', s.haltEnd)

export function open({ state: s, events }: Frame, o: Open, signature: Hex): void {
  unlessFrozen(s)
  unlessHalted(s)
  must(o.epoch === s.epoch + 1n, 'WrongEpoch', s.epoch + 1n, o.epoch)
  must(o.prevBoot === s.boot, 'WrongBoot', s.boot, o.prevBoot)
  must(o.counter === s.counter, 'WrongCounter', s.counter, o.counter)
  must(o.root === s.root, 'WrongRoot', s.root, o.root)
  must(o.boot !== zeroHash, 'ZeroBoot')
  requireCommitter(s, digest(domain, 'Open', o), signature)
  s.epoch += 1n
  s.boot = o.boot
  events.push({ name: 'Opened', args: [o.epoch, o.boot, o.logSize, o.logRoot] })
}

/** All that a commit does to the head; the caller pays, then anchors. */
export function advance(s: State, c: Commit, signature: Hex): void {
  unlessFrozen(s)
  unlessHalted(s)
  must(c.epoch === s.epoch, 'WrongEpoch', s.epoch, c.epoch)
  must(c.boot !== zeroHash, 'ZeroBoot')
  must(c.counter === s.counter + 1n, 'WrongCounter', s.counter + 1n, c.counter)
  must(c.prevRoot === s.root, 'WrongRoot', s.root, c.prevRoot)
  must(c.boot === s.boot, 'WrongBoot', s.boot, c.boot)
  must(c.next.configHash === s.configHash, 'WrongConfig', s.configHash, c.next.configHash)
  must(c.next.totalEarned >= s.totalEarned, 'FallingTotalEarned', s.totalEarned, c.next.totalEarned)
  must(c.next.logSize >= s.logSize, 'FallingLogSize', s.logSize, c.next.logSize)
  requireCommitter(s, digest(domain, 'Commit', c), signature)
  s.counter = c.counter
  s.logSize = c.next.logSize
  s.totalEarned = c.next.totalEarned
  s.committedAt = s.time
  s.root = rootOf(c.next)
}

export function anchor({ state: s, events }: Frame, c: Commit): void {
  s.anchors.set(c.counter, { counter: c.counter, root: s.root, totalPaid: s.totalPaid, time: s.time })
  events.push({ name: 'Committed', args: [c.epoch, c.counter, c.prevRoot, c.next, s.totalPaid] })
}

export function halt({ state: s, events }: Frame, sender: Hex, a: Anchored): void {
  must(sender === s.guardian, 'NotGuardian', sender)
  unlessFrozen(s)
  must(s.haltEnd === 0n || s.time >= s.haltEnd + terms.haltMax, 'HaltTooSoon', s.haltEnd + terms.haltMax)
  requireLive(s, a)
  requireYoung(a, s.time)
  s.haltCounter = a.counter
  s.haltEnd = s.time + terms.haltMax
  s.clock = silentAt(s) - terms.silence + terms.haltMax
  events.push({ name: 'Halted', args: [a.counter, s.haltEnd] })
}

export function endHalt({ state: s, events }: Frame, sender: Hex): void {
  must(sender === s.guardian, 'NotGuardian', sender)
  must(isHalted(s), 'NotHalted')
  s.clock -= s.haltEnd - s.time
  s.haltEnd = s.time
  events.push({ name: 'HaltEnded', args: [] })
}

export interface Admission {
  readonly committer: Hex
  readonly configHash: Hex
  readonly anchored: Anchored
  readonly commitment: Commitment
}

export function admit(
  { state: s, events }: Frame,
  { committer, configHash, anchored: a, commitment }: Admission,
): void {
  unlessFrozen(s)
  must(committer !== zeroAddress, 'ZeroCommitter')
  if (isHalted(s)) {
    requireCommitment(s, a, commitment)
    requireYoung(a, s.haltEnd - terms.haltMax)
    s.counter = a.counter
    s.root = a.root
    s.committedAt = a.time
    s.logSize = commitment.logSize
    s.totalEarned = commitment.totalEarned
    // What left since counts as lost, not as paid: those who earned it are owed it still.
    s.totalPaid = a.totalPaid
    s.haltEnd = s.time
  } else {
    must(a.counter === 0n, 'NotHalted')
  }
  s.epoch += 1n
  s.committer = committer
  s.boot = zeroHash
  s.configHash = configHash
  s.clock = s.time
  events.push({ name: 'Admitted', args: [s.epoch, committer, configHash, s.counter, s.root, s.totalPaid] })
}

export function requireLive(s: State, a: Anchored): void {
  const kept = s.anchors.get(a.counter)
  const isKept = kept?.root === a.root && kept.totalPaid === a.totalPaid && kept.time === a.time
  must(a.counter <= s.counter && isKept, 'NotLive', a.counter)
}

export function requireCommitment(s: State, a: Anchored, commitment: Commitment): void {
  requireLive(s, a)
  const root = rootOf(commitment)
  must(root === a.root, 'WrongRoot', a.root, root)
}

export const requireTrusted = (s: State, a: Anchored): void =>
  must(!isHalted(s) || a.counter <= s.haltCounter, 'IsHalted', s.haltEnd)

const requireYoung = (a: Anchored, now: bigint): void =>
  must(a.time + 2n * terms.silence >= now, 'TooOld', now - 2n * terms.silence, a.time)

function requireCommitter(s: State, hash: Uint8Array, signature: Hex): void {
  const signer = recoverAddress(hash, signature) ?? zeroAddress
  must(signer === s.committer, 'WrongSigner', s.committer, signer)
}
