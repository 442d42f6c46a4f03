/**
 * What attestation documents are over. `user_data` begins with eight bytes of purpose and has a fixed length for it, so a
 * document that was made for one purpose passes for no other.
 */
import { concat, type Hex, utf8 } from '../ledger/hex.ts'
import { abiEncode } from '../ledger/typedData.ts'

const over = (purpose: string, types: readonly string[] = [], values: readonly unknown[] = []): Uint8Array =>
  concat(utf8(purpose.padEnd(8, '\0')), abiEncode(types, values))

export interface Born {
  readonly address: Hex
  /** Hash of the configuration given to `genesis`: it names the KMS keys that the state key went to. */
  readonly configHash: Hex
}

/** A birth certificate, 72 bytes. */
export const bornUserData = ({ address, configHash }: Born): Uint8Array =>
  over('born', ['address', 'bytes32'], [address, configHash])

export interface Stated extends Born {
  readonly epoch: bigint
  readonly counter: bigint
  readonly root: Hex
  readonly boot: Hex
}

/** What a core says of its present state, 200 bytes. */
export const stateUserData = ({ address, configHash, epoch, counter, root, boot }: Stated): Uint8Array =>
  over(
    'state',
    ['address', 'bytes32', 'uint64', 'uint64', 'bytes32', 'bytes32'],
    [address, configHash, epoch, counter, root, boot],
  )

/** A request to KMS for the state key, 40 bytes. */
export const unwrapUserData = (boot: Hex): Uint8Array => over('unwrap', ['bytes32'], [boot])

/** How a core learns its own measurement; such a document never leaves it. 8 bytes. */
export const selfUserData = (): Uint8Array => over('self')
