/** The enclave for which an answer is meant: judged by its attestation document, as KMS does. */
import { createPublicKey, type KeyObject } from 'node:crypto'
import { Rejection } from '../../attestation/rejection.ts'
import { type AttestationExpectations, verifyAttestation } from '../../attestation/verify.ts'
import { invalid } from './errors.ts'
import type { ConditionValues } from './policy.ts'

export interface Recipient {
  /** What the answer is encrypted to. */
  readonly publicKey: KeyObject
  /** `kms:recipientattestation:imagesha384` and `:pcr0` and so on, lower-case hex. */
  readonly values: ConditionValues
}

const prefix = 'kms:recipientattestation:'

/** @throws KmsError `ValidationException` if the document is not valid at this time, or names no RSA key */
export function attestedRecipient(
  untrusted: Uint8Array,
  judge: Pick<AttestationExpectations, 'root' | 'at'>,
): Recipient {
  const document = judged(untrusted, judge)
  const registers = [...document.pcrs].map(([n, pcr]) => [`${prefix}pcr${n}`, hex(pcr)] as const)
  const image = hex(document.pcrs.get(0) ?? new Uint8Array())
  return { publicKey: rsaKey(document.publicKey), values: new Map([[`${prefix}imagesha384`, image], ...registers]) }
}

function judged(untrusted: Uint8Array, judge: Pick<AttestationExpectations, 'root' | 'at'>) {
  try {
    return verifyAttestation(untrusted, judge).document
  } catch (error) {
    if (!(error instanceof Rejection)) throw error
    return invalid(`The attestation document is not valid: ${error.code}`)
  }
}

function rsaKey(der: Uint8Array | null): KeyObject {
  if (!der) return invalid('The attestation document has no public key.')
  const key = publicKeyOf(der)
  if (key?.asymmetricKeyType !== 'rsa' || key.asymmetricKeyDetails?.modulusLength !== 2048)
    return invalid('The public key in the attestation document is not RSA with 2048 bits, in SPKI DER.')
  return key
}

/** Undefined where the bytes are no key at all. */
export function publicKeyOf(der: Uint8Array): KeyObject | undefined {
  try {
    return createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' })
  } catch {
    return undefined
  }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
