/**
 * Birth certificates: the proof that a core's key was born inside. KMS does not authenticate itself to a core, and the
 * host may hand it a state of its own making under a state key of its own. What it cannot make is a document of this
 * image that names an address whose key it knows: here alone such documents are signed, over a key that was just drawn.
 *
 * By which root and which other images a core judges is a constant of its own image, never of a state or a configuration.
 */
import { imageRegisters } from '../attestation/document.ts'
import { Rejection } from '../attestation/rejection.ts'
import { type AttestationExpectations, type Measurement, verifyAttestation } from '../attestation/verify.ts'
import { refuse } from '../ledger/refusal.ts'
import { type Born, bornUserData, selfUserData } from '../protocol/userData.ts'
import type { Platform } from './platform.ts'

export interface Birth extends Born {
  /** The document. */
  readonly certificate: Uint8Array
}

/**
 * Certifies a key that was just drawn.
 *
 * @throws Refusal `BIRTH_REFUSED` where no core would believe it: in debug mode, or under another root than the image's
 */
export function certifyBirth(platform: Platform, born: Born): Birth {
  const userData = bornUserData(born)
  const certificate = platform.attest({ userData })
  judge(platform, certificate, { userData })
  return { ...born, certificate }
}

/**
 * Judges the certificate of a state that was loaded, at its own time: a key does not grow old, and an image in which a
 * fault was found is taken out of the lists.
 *
 * @throws Refusal `BIRTH_REFUSED` with the verifier's code in its facts
 */
export function checkBirth(platform: Platform, { certificate, ...born }: Birth): void {
  const measurements = [ownMeasurement(platform), ...platform.trust.predecessors]
  judge(platform, certificate, { measurements, userData: bornUserData(born) })
}

/** As its own documents say: zero, in debug mode, is refused here already. */
function ownMeasurement(platform: Platform): Measurement {
  const { pcrs } = judge(platform, platform.attest({ userData: selfUserData() }), {})
  return imageRegisters.map((register) => pcrs.get(register)) as unknown as Measurement
}

function judge({ trust }: Platform, document: Uint8Array, expected: Omit<AttestationExpectations, 'root' | 'at'>) {
  try {
    return verifyAttestation(document, { ...expected, root: trust.root, at: 'document' }).document
  } catch (error) {
    if (!(error instanceof Rejection)) throw error
    return refuse('BIRTH_REFUSED', 'no image that this one trusts certifies the birth of this key', {
      rejection: error.code,
    })
  }
}
