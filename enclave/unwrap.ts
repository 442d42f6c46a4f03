/** Getting the state key back through KMS: a fresh RSA key for each request, good for one load. */
import { generateKeyPairSync } from 'node:crypto'
import { refuse } from '../ledger/refusal.ts'
import type { Domain } from '../ledger/typedData.ts'
import type { WrappedKey } from '../protocol/messages.ts'
import { unwrapUserData } from '../protocol/userData.ts'
import { openEnveloped } from './cms.ts'
import type { Core } from './core.ts'
import { unwrapStateKey } from './wrap.ts'

/** A document of purpose `unwrap`, 40 bytes with the boot, that names the RSA key to which KMS shall encrypt. */
export function requestUnwrap(core: Core): Uint8Array {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  core.unwrapping = privateKey
  const userData = unwrapUserData(core.boot)
  return core.platform.attest({ userData, publicKey: publicKey.export({ format: 'der', type: 'spki' }) })
}

/** What the host brings to a load: which wrapped key, and KMS's answer to the last request. */
export interface UntrustedKey {
  readonly wrapped: WrappedKey
  readonly ciphertext: Uint8Array
}

/**
 * Uses the request up, whatever comes of it.
 *
 * @throws Refusal `NO_UNWRAP_REQUEST`, `CIPHERTEXT_MALFORMED`, `CIPHERTEXT_FOREIGN` or `STATE_KEY_FOREIGN`
 */
export function takeStateKey(core: Core, untrusted: UntrustedKey, domain: Domain): Uint8Array {
  const { unwrapping } = core
  core.unwrapping = undefined
  if (!unwrapping) return refuse('NO_UNWRAP_REQUEST', 'each load with a wrapped key needs an unwrap_request of its own')
  return unwrapStateKey(untrusted.wrapped, openEnveloped(untrusted.ciphertext, unwrapping), domain)
}
