/** What birth certificates are over, for the core that has them made and for whoever judges them. */
import { concat, type Hex, utf8 } from '../ledger/hex.ts'
import { abiEncode } from '../ledger/typedData.ts'

export interface Born {
  readonly address: Hex
  /** Hash of the configuration given to `genesis`: it names the KMS keys that the state key went to. */
  readonly configHash: Hex
}

/** Eight bytes that come first in `user_data`: a document made for one purpose passes for no other. */
const purposeBorn = utf8('born\0\0\0\0')

/** `user_data` of purpose `born`, 72 bytes: purpose, then address and config hash as ABI words. */
export const bornUserData = ({ address, configHash }: Born): Uint8Array =>
  concat(purposeBorn, abiEncode(['address', 'bytes32'], [address, configHash]))
