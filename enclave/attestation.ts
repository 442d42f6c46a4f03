/** What this core says of itself in an attestation document. */
import { concat, type Hex, toBytes, utf8 } from '../ledger/hex.ts'
import { abiEncode } from '../ledger/typedData.ts'
import type { Core } from './core.ts'
import type { Live } from './live.ts'

/** Eight bytes that come first in `user_data`: a document made for one purpose passes for no other. */
const purposeState = utf8('state\0\0\0')

/** `user_data` of purpose `state`, 200 bytes: purpose, then address, config hash, epoch, counter, root and boot as ABI words. */
export function stateUserData({ signer, ledger, epoch, anchored }: Live, boot: Hex): Uint8Array {
  const types = ['address', 'bytes32', 'uint64', 'uint64', 'bytes32', 'bytes32']
  const values = [signer.address, ledger.rules.hash, epoch, anchored.counter, anchored.root, boot]
  return concat(purposeState, abiEncode(types, values))
}

/** An attestation document (COSE_Sign1) over the state that the core is in. */
export function attestState(core: Core, live: Live, nonce: Hex | null): Uint8Array {
  const userData = stateUserData(live, core.boot)
  return core.platform.attest(nonce === null ? { userData } : { userData, nonce: toBytes(nonce) })
}
