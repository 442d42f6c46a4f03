/** What a daemon claims of a log, an account or a receipt, held against what the chain says. Pure. */
import { verifyConsistency } from '../../ledger/eventLog.ts'
import { type Hex, toHex } from '../../ledger/hex.ts'
import { recoverAddress } from '../../ledger/signature.ts'
import { rootOf } from '../../ledger/state.ts'
import type { Commitment } from '../../ledger/structs.ts'
import { type Domain, digest } from '../../ledger/typedData.ts'
import type { AccountAnswer } from '../api.ts'
import { verifyInclusion } from '../inclusion.ts'
import type { Receipt, SignedLogHead } from '../receipt.ts'
import { NotChecked, ProvedLie } from '../verdict.ts'
import { type AccountProof, verifyAccount } from '../verify.ts'

/** A log as someone showed it. */
export interface LogSight {
  readonly size: number
  readonly root: Hex
}

/** @throws ProvedLie `WRONG_COMMITMENT` unless the commitment is what `root`, read from the chain, stands for */
export function checkCommitment(commitment: Commitment, root: Hex): void {
  if (rootOf(commitment) !== root)
    throw new ProvedLie('WRONG_COMMITMENT', 'what the daemon says was anchored is not what the root stands for', {
      root,
      claimed: rootOf(commitment),
    })
}

/** Whether a log head bears the signature of the key that the contract follows. @throws ProvedLie `HEAD_NOT_SIGNED` */
export function checkLogHead(domain: Domain, core: Hex, head: SignedLogHead): void {
  if (recoverAddress(digest(domain, 'LogHead', head), head.signature) !== core)
    throw new ProvedLie('HEAD_NOT_SIGNED', 'the head of the log is not signed by the key that the contract follows', {
      core,
      size: `${head.size}`,
    })
}

/**
 * That a log grew out of an older sight of it. Two sizes alone prove nothing: without the proof of the daemon it is not
 * known whether one continues the other. @throws ProvedLie `LOG_SHRANK`, `LOG_FORKED`
 */
export function checkContinues(older: LogSight, newer: LogSight, proof: readonly Hex[]): void {
  const facts = { older: older.size, older_root: older.root, newer: newer.size, newer_root: newer.root }
  if (newer.size < older.size) throw new ProvedLie('LOG_SHRANK', 'the log is shorter than it was', facts)
  if (!verifyConsistency(older, newer, proof))
    throw new ProvedLie('LOG_FORKED', 'the log is not a continuation of what was seen of it', facts)
}

/** The parts of an account's answer that prove themselves. @throws ProvedLie; NotChecked `NOT_ANCHORED` */
export function checkAccount(account: AccountAnswer, payee: Hex, root: Hex): AccountProof {
  const { anchored, earnedWei, paidWei, owedWei } = account
  if (account.payee !== payee)
    throw new ProvedLie('OTHER_PAYEE', 'the daemon answers for another payee', { payee, answered: account.payee })
  if (owedWei !== (earnedWei > paidWei ? earnedWei - paidWei : 0n))
    throw new ProvedLie('WRONG_SUM', 'what is owed is not what was earned less what was paid', { owed: `${owedWei}` })
  if (!anchored) throw new NotChecked('NOT_ANCHORED', 'nothing of this payee is anchored yet')
  checkCommitment(anchored.commitment, root)
  const proof = { payee, earnedWei: anchored.earnedWei, commitment: anchored.commitment, proof: anchored.proof }
  if (!verifyAccount(proof, root))
    throw new ProvedLie('FORGED_PROOF', 'the proof does not lead from this balance to the root of the contract', {
      payee,
      root,
      earned: `${anchored.earnedWei}`,
    })
  if (earnedWei < anchored.earnedWei)
    throw new ProvedLie('EARNED_FELL', 'the daemon says that less was earned than is anchored', {
      earned: `${earnedWei}`,
      anchored: `${anchored.earnedWei}`,
    })
  return proof
}

/** That a receipt is signed by the core, and that its path leads from the entry to the head that it names. @throws ProvedLie */
export function checkReceipt(domain: Domain, core: Hex, { head, position, path }: Receipt, leaf: Uint8Array): void {
  checkLogHead(domain, core, head)
  if (!verifyInclusion({ leaf, index: position, size: Number(head.size), path }, head.root))
    throw new ProvedLie('FORGED_PATH', 'the path of the receipt does not lead from this entry to its head', {
      position,
      leaf: toHex(leaf),
    })
}
