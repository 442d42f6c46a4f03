/** Finds out, before it is needed, whether KMS gives a core of this image its state key back, and nobody else. */
import { generateKeyPairSync } from 'node:crypto'
import type { KmsTrial } from '../../client/operatorApi.ts'
import { type Hex, toHex } from '../../ledger/hex.ts'
import { messageOf } from '../errors.ts'
import { type KmsPlace, KmsRefused } from '../kms.ts'

export interface KmsTrialOptions {
  /** Public halves, SPKI DER, as the ledger's configuration names them. */
  readonly kmsKeys: readonly Hex[]
  /** In that order. */
  readonly places: readonly KmsPlace[]
}

/**
 * Asks each KMS as at a start of the core, for a key agreement that nothing is sealed under: what it answers opens nothing.
 * `attestation` is the document of an `unwrap_request`. Never throws: what goes wrong is the verdict.
 */
export function tryKms(attestation: Uint8Array, { kmsKeys, places }: KmsTrialOptions): Promise<KmsTrial[]> {
  const pair = generateKeyPairSync('ec', { namedCurve: 'secp384r1' })
  const publicKey = new Uint8Array(pair.publicKey.export({ format: 'der', type: 'spki' }))
  const judge = async ({ keyId, kms }: KmsPlace, wanted: Hex | undefined): Promise<Omit<KmsTrial, 'keyId'>> => {
    try {
      await kms.deriveSharedSecret({ keyId, publicKey, attestation })
      const [isOpen, known] = await Promise.all([kms.isOpen({ keyId, publicKey }), kms.publicKey(keyId)])
      if (isOpen) return { verdict: 'open', reason: 'it gives the secret to this host without an enclave' }
      if (known && toHex(known) !== wanted)
        return { verdict: 'other_key', reason: 'it is not the key that the configuration names' }
      return { verdict: 'ok', reason: '' }
    } catch (error) {
      const verdict = error instanceof KmsRefused ? 'refused' : 'unreachable'
      return { verdict, reason: messageOf(error).slice(0, 300) }
    }
  }
  return Promise.all(places.map(async (place, i) => ({ keyId: place.keyId, ...(await judge(place, kmsKeys[i])) })))
}
