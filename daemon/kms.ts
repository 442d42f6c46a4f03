/**
 * Asks AWS KMS for what only an attested core can open. The answer is carried, never opened, and nothing here is trusted:
 * whoever stands in for KMS can give a core a key that opens nothing, and no more.
 */
import { DeriveSharedSecretCommand, GetPublicKeyCommand, KMSClient, KMSServiceException } from '@aws-sdk/client-kms'
import { messageOf } from './errors.ts'

export interface KmsOptions {
  readonly region: string
  /** Absent: AWS's own for the region. */
  readonly endpoint?: string
  /** Absent: as the SDK finds them (environment, profile, instance role). */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string }
  /** Of one attempt, connecting included. */
  readonly timeoutMs: number
}

export interface Derivation {
  /** ID or ARN of the KMS key. */
  readonly keyId: string
  /** The other side of the agreement, SPKI DER: the `ephemeralKey` of a wrapped key. */
  readonly publicKey: Uint8Array
  /** The document of `unwrap_request`. */
  readonly attestation: Uint8Array
}

export interface Kms {
  /** @returns `CiphertextForRecipient`. @throws KmsRefused, KmsUnavailable, or the signal's reason */
  deriveSharedSecret(derivation: Derivation, signal?: AbortSignal): Promise<Uint8Array>
  /** Whether this host gets the secret without a document: then it is none. @throws KmsUnavailable */
  isOpen(asked: Omit<Derivation, 'attestation'>): Promise<boolean>
  /** The public half of the key, SPKI DER; undefined where this host may not ask. @throws KmsUnavailable */
  publicKey(keyId: string): Promise<Uint8Array | undefined>
  close(): void
}

/** One of the configuration's KMS keys, and where it is. */
export interface KmsPlace {
  /** ID or ARN. */
  readonly keyId: string
  readonly kms: Kms
}

const placeTimeoutMs = 10_000

/** Those that the settings name. Credentials are found as the SDK finds them: environment, profile, the role of the instance. */
export const kmsPlacesOf = (
  places: readonly { readonly keyId: string; readonly region: string; readonly endpoint: string | null }[],
): KmsPlace[] =>
  places.map(({ keyId, region, endpoint }) => ({
    keyId,
    kms: createKms({ region, timeoutMs: placeTimeoutMs, ...(endpoint === null ? {} : { endpoint }) }),
  }))

/** KMS said no: asking again does not help before somebody changes key, policy or rights. */
export class KmsRefused extends Error {
  override readonly name = 'KmsRefused'
  /** AWS's name: `AccessDeniedException`, `NotFoundException` and so on. */
  readonly reason: string

  constructor(reason: string, message: string) {
    super(`KMS refused (${reason}): ${message}`)
    this.reason = reason
  }
}

/** No answer from KMS, or none that means anything: asking again may help. */
export class KmsUnavailable extends Error {
  override readonly name = 'KmsUnavailable'
}

/** A client of one region. The SDK asks again by itself, twice, where that is safe. */
export function createKms({ region, endpoint, credentials, timeoutMs }: KmsOptions): Kms {
  const client = new KMSClient({
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
    requestHandler: { requestTimeout: timeoutMs, connectionTimeout: timeoutMs, throwOnRequestTimeout: true },
  })
  return {
    async deriveSharedSecret({ keyId, publicKey, attestation }, signal) {
      const command = new DeriveSharedSecretCommand({
        KeyId: keyId,
        KeyAgreementAlgorithm: 'ECDH',
        PublicKey: publicKey,
        Recipient: { KeyEncryptionAlgorithm: 'RSAES_OAEP_SHA_256', AttestationDocument: attestation },
      })
      const { CiphertextForRecipient: ciphertext } = await client
        .send(command, signal ? { abortSignal: signal } : {})
        .catch((error) => {
          signal?.throwIfAborted()
          throw typed(error)
        })
      if (!ciphertext) throw new KmsUnavailable('KMS answered without a ciphertext for the recipient')
      return ciphertext
    },
    isOpen: ({ keyId: KeyId, publicKey: PublicKey }) =>
      client.send(new DeriveSharedSecretCommand({ KeyId, KeyAgreementAlgorithm: 'ECDH', PublicKey })).then(
        () => true,
        (error) => falseIfRefused(error),
      ),
    publicKey: (KeyId) =>
      client.send(new GetPublicKeyCommand({ KeyId })).then(
        ({ PublicKey }) => PublicKey,
        (error) => falseIfRefused(error) || undefined,
      ),
    close: () => client.destroy(),
  }
}

/** @throws KmsUnavailable where that is no refusal */
function falseIfRefused(error: unknown): false {
  const known = typed(error)
  if (known instanceof KmsRefused) return false
  throw known
}

/** The SDK's errors carry request and response; what goes on from here, and into logs, is name and message alone. */
function typed(error: unknown): Error {
  if (error instanceof KMSServiceException && error.$fault === 'client' && error.name !== 'ThrottlingException')
    return new KmsRefused(error.name, error.message)
  return new KmsUnavailable(`KMS cannot be asked: ${messageOf(error)}`)
}
