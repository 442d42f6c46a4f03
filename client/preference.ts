/** Preferences from the payee's side. */

import { signHash } from '../ledger/signature.ts'
import type { Preference } from '../ledger/structs.ts'
import { type Domain, digest } from '../ledger/typedData.ts'
import { addressOfKey } from './batch.ts'
import type { SentPreference } from './entries.ts'

export interface PreferenceToSign extends Omit<Preference, 'payee'> {
  readonly domain: Domain
  /** The payee's key, 32 bytes. */
  readonly secretKey: Uint8Array
}

/** Signs how a payee wants to be paid; `number` counts its preferences from 0. @throws RangeError: a value does not fit its type */
export function signPreference({ domain, secretKey, ...wish }: PreferenceToSign): SentPreference {
  const preference = { payee: addressOfKey(secretKey), ...wish }
  return { ...domain, preference, signature: signHash(digest(domain, 'Preference', preference), secretKey) }
}
