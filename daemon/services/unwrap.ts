/** Gets the core its state key back at every start: the core asks, KMS answers, this carries both. */
import { toBytes } from '../../ledger/hex.ts'
import type { Configuration } from '../../ledger/structs.ts'
import type { Params, WrappedKey } from '../../protocol/messages.ts'
import type { Core } from '../enclaveClient.ts'
import type { KmsPlace } from '../kms.ts'

/** @returns null where the state has no wrapped key. @throws what the last KMS that was asked said */
export type Unwrap = (core: Core, wrappedKeys: readonly WrappedKey[]) => Promise<Params<'load_state'>['key']>

/** `places` are in the order of the configuration's `kms_keys`. The first KMS that answers is enough. */
export function createUnwrap({ kmsKeys }: Pick<Configuration, 'kmsKeys'>, places: readonly KmsPlace[]): Unwrap {
  return async (core, wrappedKeys) => {
    let failure: unknown
    for (const wrapped of wrappedKeys) {
      const place = places[kmsKeys.indexOf(wrapped.kmsKey)]
      if (!place) continue
      // A request for each: the core takes one answer to its last one.
      const { documentB64: attestation } = await core.request('unwrap_request', {})
      const asked = { keyId: place.keyId, publicKey: toBytes(wrapped.ephemeralKey), attestation }
      try {
        return { wrapped, ciphertextB64: await place.kms.deriveSharedSecret(asked) }
      } catch (error) {
        failure = error
      }
    }
    if (wrappedKeys.length === 0) return null
    throw failure ?? new Error('the state is wrapped to KMS keys of which the settings name none')
  }
}
