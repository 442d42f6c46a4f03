/** Configurations from the side of those who sign them. */
import type { SignedConfiguration } from '../ledger/entry.ts'
import { signHash } from '../ledger/signature.ts'
import type { Configuration } from '../ledger/structs.ts'
import { digest } from '../ledger/typedData.ts'
import { addressOfKey } from './batch.ts'

/**
 * Signs a configuration with exactly the keys given, in the order that the ledger wants: by ascending address. The
 * configuration has the version after the one in force, and that one's hash as `previous`.
 *
 * @throws RangeError: a value does not fit its type
 */
export function signConfiguration(
  configuration: Configuration,
  secretKeys: readonly Uint8Array[],
): SignedConfiguration {
  const { chainId, verifyingContract } = configuration
  const hash = digest({ chainId, verifyingContract }, 'Configuration', configuration)
  const ascending = [...secretKeys].sort((a, b) => (addressOfKey(a) < addressOfKey(b) ? -1 : 1))
  return { configuration, signatures: ascending.map((key) => signHash(hash, key)) }
}
