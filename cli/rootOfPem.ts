import { sha256 } from '@noble/hashes/sha2.js'

/** The name of the root in a PEM file with one certificate. @throws RangeError where there is none, or more */
export function rootOfPem(pem: string): Uint8Array {
  const [, body = ''] = /^\s*-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----\s*$/.exec(pem) ?? []
  const base64 = body.replaceAll(/\s/g, '')
  if (!/^([A-Za-z0-9+/]{4})+([A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)?$/.test(base64))
    throw new RangeError('the PEM file does not hold exactly one certificate')
  return sha256(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)))
}
