/** What KMS says no with, under AWS's names. All are HTTP 400 but for the fault of KMS itself. */

export const kmsErrorNames = [
  'AccessDeniedException',
  'DisabledException',
  'IncompleteSignatureException',
  'InvalidKeyUsageException',
  'InvalidSignatureException',
  'KMSInternalException',
  'MalformedPolicyDocumentException',
  'MissingAuthenticationTokenException',
  'NotFoundException',
  'SerializationException',
  'UnknownOperationException',
  'UnrecognizedClientException',
  'ValidationException',
] as const

export type KmsErrorName = (typeof kmsErrorNames)[number]

export class KmsError extends Error {
  override readonly name: KmsErrorName
  readonly status: number

  constructor(name: KmsErrorName, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = name
    this.status = name === 'KMSInternalException' ? 500 : 400
  }
}

/** Says that a request asks for what cannot be. */
export const invalid = (message: string): never => {
  throw new KmsError('ValidationException', message)
}
