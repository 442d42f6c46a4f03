/** Why an attestation document is not believed. A closed list: whoever shows verdicts must have words for each. */

/** In the order of the checks: a document with several faults is rejected for the first. CBOR is read twice, the envelope and then the payload. */
export const rejectionCodes = [
  'MALFORMED_CBOR',
  'MALFORMED_COSE',
  'WRONG_ALGORITHM',
  'MISSING_FIELD',
  'FIELD_TYPE',
  'FIELD_SIZE',
  'FIELD_VALUE',
  'MALFORMED_CERTIFICATE',
  'UNKNOWN_CRITICAL_EXTENSION',
  'WRONG_ROOT',
  'NOT_YET_VALID',
  'EXPIRED',
  'NOT_A_CA',
  'LEAF_IS_A_CA',
  'PATH_TOO_LONG',
  'KEY_USAGE',
  'BROKEN_CHAIN',
  'COSE_SIGNATURE',
  'DEBUG_MODE',
  'WRONG_PCR',
  'WRONG_NONCE',
  'WRONG_USER_DATA',
] as const

export type RejectionCode = (typeof rejectionCodes)[number]

/** The verdict on a document that failed a check. Code and message are public: they hold nothing but what the document says. */
export class Rejection extends Error {
  override readonly name = 'Rejection'
  readonly code: RejectionCode

  constructor(code: RejectionCode, message: string) {
    super(message)
    this.code = code
  }
}
