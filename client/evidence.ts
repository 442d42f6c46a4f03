/**
 * Two-party evidence: two things that one key of a core signed and that cannot both be honest. Pure; runs in a browser.
 * What is found is put into a file that anyone judges again, offline, by the signatures in it.
 */
import { entryLeaf } from '../ledger/entry.ts'
import { type LogPoint, leafHash, verifyConsistency } from '../ledger/eventLog.ts'
import { type Hex, toHex } from '../ledger/hex.ts'
import { recoverAddress } from '../ledger/signature.ts'
import type { Struct } from '../ledger/structs.ts'
import { digest } from '../ledger/typedData.ts'
import { hex, list, nullable, object, struct, type Value } from '../protocol/codec.ts'
import { verifyReceipt } from './receipt.ts'
import { receiptFile } from './receiptFile.ts'
import { variant } from './variant.ts'

const landed = { signature: hex(64), transactionHash: hex(32) }

/**
 * A receipt, and what it is held against: another receipt, or an `open` or `commit` that landed in this transaction. Of two
 * logs of different sizes, `prefix` proves what root the larger had when it was as small as the other (RFC 6962, 2.1.2).
 */
export const evidence = object({
  first: receiptFile,
  second: variant({
    receipt: receiptFile,
    open: object({ open: struct('Open'), ...landed }),
    commit: object({ commit: struct('Commit'), ...landed }),
  }),
  prefix: nullable(object({ root: hex(32), consistency: list(hex(32), 64) })),
})

export type Evidence = Value<typeof evidence>
type ReceiptFile = Value<typeof receiptFile>

export interface Judgement {
  readonly verdict: 'lie' | 'nothing' | 'unknown'
  readonly code:
    | 'FORK'
    | 'TAIL_DROPPED'
    | 'BOOT_REPLACED'
    | 'COVERED'
    | 'CONSISTENT'
    | 'NOT_PROVED'
    | 'NOT_SIGNED'
    | 'NOT_ONE_CORE'
  readonly said: string
  /** Whose key signed the first; the contract's `Admitted` events say whether that is a committer. */
  readonly core: Hex | null
}

/** Whether both are signed by one key, and prove a lie. An `open` or `commit` proves one only if it landed as it says. */
export function judgeEvidence({ first, second, prefix }: Evidence): Judgement {
  const core = signerOf(first)
  const say = (verdict: Judgement['verdict'], code: Judgement['code'], said: string): Judgement => ({
    verdict,
    code,
    said,
    core: core ?? null,
  })
  if (!core) return say('unknown', 'NOT_SIGNED', 'the first receipt does not lead from its batch to a signed head')
  const other = 'receipt' in second ? signerOf(second) : signerOfLanded(first, second)
  if (!other) return say('unknown', 'NOT_SIGNED', 'the second does not carry a signature for this contract')
  if (other !== core) return say('unknown', 'NOT_ONE_CORE', 'two keys signed these: neither says anything of the other')

  const { head, position } = first.receipt
  const { older, newer } = logsOf({ first, second })
  if (older.size === newer.size && older.root !== newer.root)
    return say('lie', 'FORK', 'one key signed two logs of one size with different roots')
  const proof = older.size < newer.size ? prefix : null
  const isProved = proof !== null && verifyConsistency({ ...older, root: proof.root }, newer, proof.consistency)
  if (isProved && proof.root !== older.root)
    return say('lie', 'FORK', 'one key signed two logs of which the smaller is not how the larger began')
  if ('receipt' in second && second.receipt.position === position && leafOf(second) !== leafOf(first))
    return say('lie', 'FORK', 'one key signed two entries in one place of the log')
  const later = 'receipt' in second ? undefined : 'open' in second ? second.open : second.commit
  if (later && later.epoch > head.epoch && pointOf(second).size < head.size)
    return say('lie', 'TAIL_DROPPED', 'what the receipt acknowledged is not in the log that a later epoch went on with')
  if (later && later.epoch === head.epoch && later.boot !== head.boot)
    return say('lie', 'BOOT_REPLACED', 'the receipt is of a boot that never opened: its epoch is that of another')
  if (isProved) return say('nothing', 'COVERED', 'the smaller of the two logs is how the larger began')
  if (proof) return say('unknown', 'NOT_PROVED', 'the proof between the two logs does not lead to what was signed')
  return say('nothing', 'CONSISTENT', 'both can be of one history')
}

/** The two logs that were signed, by size: what a `prefix` is to be made between. */
export function logsOf({ first, second }: Pick<Evidence, 'first' | 'second'>): { older: LogPoint; newer: LogPoint } {
  const both = [pointOf(first), pointOf(second)].map(({ size, root }) => ({ size: Number(size), root }))
  const [older, newer] = both.sort((a, b) => a.size - b.size) as [LogPoint, LogPoint]
  return { older, newer }
}

function pointOf(second: Evidence['second']): { readonly size: bigint; readonly root: Hex } {
  if ('receipt' in second) return second.receipt.head
  const { logSize: size, logRoot: root } = 'open' in second ? second.open : second.commit.next
  return { size, root }
}

const leafOf = ({ batch }: ReceiptFile): Hex => toHex(leafHash(entryLeaf(batch)))

/** Whose receipt it is; undefined where it does not prove that its batch is in the log. */
function signerOf(file: ReceiptFile): Hex | undefined {
  const { batch, receipt } = file
  const core = recoverAddress(digest(batch, 'LogHead', receipt.head), receipt.head.signature)
  return core && verifyReceipt(batch, core, receipt, leafHash(entryLeaf(batch))) ? core : undefined
}

function signerOfLanded({ batch }: ReceiptFile, second: Exclude<Evidence['second'], ReceiptFile>): Hex | undefined {
  const hash =
    'open' in second
      ? digest(batch, 'Open', second.open as Struct<'Open'>)
      : digest(batch, 'Commit', second.commit as Struct<'Commit'>)
  return recoverAddress(hash, second.signature)
}
