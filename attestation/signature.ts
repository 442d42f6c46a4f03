/** ECDSA on P-384 with SHA-384, as certificates and documents are signed. */
import { p384 } from '@noble/curves/nist.js'

export interface Signed {
  readonly message: Uint8Array
  readonly signature: Uint8Array
  /** `der` in certificates, `compact` (r and s, 48 bytes each) in documents. */
  readonly format: 'der' | 'compact'
}

/**
 * Whether the holder of `publicKey` signed. A point off the curve and a signature out of range are no.
 * A high s is allowed, as X.509 and COSE allow it: so one signature has two forms, and the hash of a document names nothing.
 */
export const isSignedBy = (publicKey: Uint8Array, { message, signature, format }: Signed): boolean =>
  p384.verify(signature, message, publicKey, { lowS: false, format })
