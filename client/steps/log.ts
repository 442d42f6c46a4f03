/** The log under the anchored root, and under what was seen of it the last time. */
import type { Finding } from '../checks/check.ts'
import { checkContinues, checkLogHead } from '../checks/claims.ts'
import { proveAnchor } from '../checks/onChain.ts'
import { NotChecked, ProvedLie } from '../verdict.ts'
import { type Known, type LogMemory, need, type VerifyOptions } from './known.ts'
import { judgeLag } from './lag.ts'

export async function checkLog({ client, rpc, lagSeconds }: VerifyOptions, known: Known): Promise<Finding> {
  const [treasury] = [need(known, 'treasury'), need(known, 'head')]
  const { anchored } = await client.ledgerHead()
  const { size, root, signed } = await client.log()
  const log = { size, root }
  const head = await treasury.head() // after the daemon was asked: it may be behind the chain, never ahead of it
  known.head = head
  if (signed) {
    checkLogHead(need(known, 'domain'), head.committer, signed)
    if (signed.epoch === head.epoch && signed.boot !== head.boot)
      throw new ProvedLie('UNKNOWN_BOOT', 'the log is signed in this epoch by a boot that the contract does not know')
    const sight = { size: Number(signed.size), root: signed.root }
    checkContinues(sight, log, await client.consistency(sight.size, Math.max(size, sight.size)))
  }
  if (head.counter > 0n && !anchored)
    throw new NotChecked('DAEMON_BEHIND', 'the daemon does not know of any commit yet')
  if (anchored) {
    const anchor = await proveAnchor(treasury, head, anchored)
    if (anchor.counter < head.counter) await judgeLag(rpc, head, anchor.counter, lagSeconds)
    const { logSize, logRoot } = anchor.commitment
    const older = { size: Number(logSize), root: logRoot }
    if (older.size > size) checkContinues(older, log, [])
    checkContinues(older, log, await client.consistency(older.size, size))
    known.anchor = anchor
  }
  known.log = log
  const part = anchored ? `${anchored.commitment.logSize} of them anchored` : 'nothing anchored yet'
  return { said: `${size} entries, ${part}`, facts: { size, root } }
}

export async function checkMemory({ client, memory }: VerifyOptions, known: Known): Promise<Finding> {
  const log = need(known, 'log')
  const older = memory as LogMemory
  if (older.contract !== need(known, 'treasury').address)
    throw new NotChecked('OTHER_MEMORY', 'the last time it was the log of another contract')
  checkContinues(older, log, older.size > log.size ? [] : await client.consistency(older.size, log.size))
  return { said: `the log of ${older.size} entries seen before is a prefix of this one`, facts: { size: older.size } }
}
