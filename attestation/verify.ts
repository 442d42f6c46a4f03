/**
 * Judges attestation documents of AWS Nitro Enclaves, as AWS's validation rules say: form, fields, chain to a pinned root,
 * signature; then what the caller expects in them. Pure: the clock is an argument. Revocation lists are not asked (AWS's
 * rules say so): a leaf lives three hours.
 */
import { equalBytes } from '@noble/curves/utils.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { type Certificate, readCertificate } from './certificate.ts'
import { openEnvelope } from './cose.ts'
import { type AttestationDocument, imageRegisters, readDocument } from './document.ts'
import { Rejection } from './rejection.ts'
import { isSignedBy } from './signature.ts'

/** PCR0, PCR1, PCR2 of an image. */
export type Measurement = readonly [Uint8Array, Uint8Array, Uint8Array]

export interface AttestationExpectations {
  /** SHA-256 of the one root's DER. */
  readonly root: Uint8Array
  /**
   * The time, ms since 1970, at which all certificates must be valid. `document` stands for the document's own timestamp:
   * right for archived ones, and no proof of freshness: whoever kept a document can show it for ever.
   */
  readonly at: number | 'document'
  /** The images that are trusted: one of them must match in all three. Absent: any that is not in debug mode. */
  readonly measurements?: readonly Measurement[]
  /** Exactly this nonce; the one proof of freshness. Absent: not looked at. */
  readonly nonce?: Uint8Array
  /** Exactly these bytes. Absent: not looked at. */
  readonly userData?: Uint8Array
}

export interface Attestation {
  readonly document: AttestationDocument
  /** Root first, leaf last. */
  readonly chain: readonly Certificate[]
  /** The time it was judged at. */
  readonly atMs: number
}

/** @throws Rejection with the code of the first check that fails, in the order of `rejectionCodes`; nothing else */
export function verifyAttestation(untrusted: Uint8Array, expected: AttestationExpectations): Attestation {
  const { payload, signature, signed } = openEnvelope(untrusted)
  const document = readDocument(payload)
  const chain = [...document.cabundle, document.certificate].map(readCertificate)
  const atMs = expected.at === 'document' ? document.timestampMs : expected.at
  checkRoot(document, expected.root)
  checkTimes(chain, atMs)
  const leaf = checkUses(chain)
  checkChain(chain)
  if (!isSignedBy(leaf.publicKey, { message: signed, signature, format: 'compact' }))
    throw new Rejection('COSE_SIGNATURE', 'the document is not signed by its certificate')
  checkMeasurement(document, expected.measurements)
  checkBytes('WRONG_NONCE', document.nonce, expected.nonce)
  checkBytes('WRONG_USER_DATA', document.userData, expected.userData)
  return { document, chain, atMs }
}

/** The pinned root is the only one. A document brings it along, so its hash is enough to know it by. */
function checkRoot({ cabundle: [root = new Uint8Array()] }: AttestationDocument, pinned: Uint8Array): void {
  if (!equalBytes(sha256(root), pinned)) throw new Rejection('WRONG_ROOT', 'the document is not under the pinned root')
}

/** Written so that a time that is no number is in no validity. */
function checkTimes(chain: readonly Certificate[], atMs: number): void {
  for (const [index, { notBeforeMs }] of chain.entries())
    if (!(atMs >= notBeforeMs)) throw new Rejection('NOT_YET_VALID', `certificate ${index} is not valid yet`)
  for (const [index, { notAfterMs }] of chain.entries())
    if (!(atMs <= notAfterMs)) throw new Rejection('EXPIRED', `certificate ${index} is not valid any more`)
}

/** Authorities sign certificates, with no more authorities below them than they may have; the leaf, returned, signs documents. */
function checkUses(chain: readonly Certificate[]): Certificate {
  const authorities = chain.slice(0, -1)
  const [leaf] = chain.slice(-1) as [Certificate]
  if (!authorities.every(({ isAuthority }) => isAuthority))
    throw new Rejection('NOT_A_CA', 'a certificate of the bundle is no authority')
  if (leaf.isAuthority) throw new Rejection('LEAF_IS_A_CA', 'the certificate is that of an authority')
  if (authorities.some(({ pathLength }, index) => authorities.length - 1 - index > pathLength))
    throw new Rejection('PATH_TOO_LONG', 'an authority has more authorities below it than it may')
  if (!authorities.every(({ maySignCertificates }) => maySignCertificates) || !leaf.maySignDocuments)
    throw new Rejection('KEY_USAGE', 'a certificate is used for what its key may not be used for')
  return leaf
}

/** From the root down: what a stranger appends costs one verification, not one each. */
function checkChain(chain: readonly Certificate[]): void {
  for (const [index, { issuer, signed, signature }] of chain.entries()) {
    const above = chain[index - 1]
    if (!above) continue // the root is trusted by its hash; its own signature would add nothing
    if (
      !equalBytes(issuer, above.subject) ||
      !isSignedBy(above.publicKey, { message: signed, signature, format: 'der' })
    )
      throw new Rejection('BROKEN_CHAIN', `certificate ${index} is not issued by the one above it`)
  }
}

/** Zero is what an enclave in debug mode reports: its console is open to its host. Never accepted, whatever is trusted. */
function checkMeasurement({ pcrs }: AttestationDocument, trusted: AttestationExpectations['measurements']): void {
  const measured = imageRegisters.map((register) => pcrs.get(register) ?? new Uint8Array())
  if (measured.some((register) => register.every((byte) => byte === 0)))
    throw new Rejection('DEBUG_MODE', 'the enclave runs in debug mode: PCR0, PCR1 or PCR2 is zero')
  const isTrusted = (image: Measurement) => measured.every((pcr, n) => equalBytes(pcr, image[n] ?? new Uint8Array()))
  if (trusted && !trusted.some(isTrusted)) throw new Rejection('WRONG_PCR', 'the enclave runs no image that is trusted')
}

function checkBytes(code: 'WRONG_NONCE' | 'WRONG_USER_DATA', actual: Uint8Array | null, wanted?: Uint8Array): void {
  if (wanted && !(actual && equalBytes(actual, wanted)))
    throw new Rejection(code, 'the document holds other bytes than expected')
}
