/**
 * A receipt: the core's signature over a log head, and the path of one entry up to it. Provisional until a root that
 * covers it is anchored; two of one size with different roots prove a fork.
 */

import type { Hex } from '../ledger/hex.ts'
import { recoverAddress } from '../ledger/signature.ts'
import type { LogHead } from '../ledger/structs.ts'
import { type Domain, digest } from '../ledger/typedData.ts'
import { verifyInclusion } from './inclusion.ts'

export interface SignedLogHead extends LogHead {
  /** EIP-712 signature of the core over the LogHead, 64 bytes (EIP-2098). */
  readonly signature: Hex
}

export interface Receipt {
  readonly head: SignedLogHead
  readonly position: number
  readonly path: readonly Hex[]
}

/** Whether `core` signed for this contract that `leaf` (its leaf hash) is in its log where the receipt says. */
export function verifyReceipt(domain: Domain, core: Hex, receipt: Receipt, leaf: Uint8Array): boolean {
  const { head, position, path } = receipt
  return (
    recoverAddress(digest(domain, 'LogHead', head), head.signature) === core &&
    verifyInclusion({ leaf, index: position, size: Number(head.size), path }, head.root)
  )
}
