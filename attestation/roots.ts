/** Roots of trust, each named by the SHA-256 of its certificate's DER, 32 bytes. */
import { sha256 } from '@noble/hashes/sha2.js'
import { hexToBytes } from '@noble/hashes/utils.js'

/** AWS_NitroEnclaves_Root-G1, of all commercial regions, valid 2019-10-28 to 2049-10-28; published by AWS at aws-nitro-enclaves.amazonaws.com. */
export const awsNitroRoot = hexToBytes('641a0321a3e244efe456463195d606317ed7cdcc3c1756e09893f3c68f79bb5b')

/** The name of the root in a PEM file with one certificate. @throws RangeError where there is none, or more */
export function rootOfPem(pem: string): Uint8Array {
  const [, body = ''] = /^\s*-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----\s*$/.exec(pem) ?? []
  const base64 = body.replaceAll(/\s/g, '')
  if (!/^([A-Za-z0-9+/]{4})+([A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)?$/.test(base64))
    throw new RangeError('the PEM file does not hold exactly one certificate')
  return sha256(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)))
}
