/** Attestation documents: that a trusted image runs, and that it is the one that the contract follows. */
import { Rejection } from '../../attestation/rejection.ts'
import { type Attestation, type AttestationExpectations, verifyAttestation } from '../../attestation/verify.ts'
import { type Hex, toBytes, toHex } from '../../ledger/hex.ts'
import { bornUserData } from '../../protocol/userData.ts'
import { decodeWords } from '../chain/abi.ts'
import { NotChecked, ProvedLie } from '../verdict.ts'
import { imagesOf, type Trust } from './trust.ts'

/** What a document of purpose `state` says of the core that asked for it. */
export interface AttestedState {
  readonly address: Hex
  readonly configHash: Hex
  readonly epoch: bigint
  /** The last anchored head that the core was told of: a hint. */
  readonly counter: bigint
  readonly root: Hex
  readonly boot: Hex
  readonly attestation: Attestation
}

const purposeState = toHex(new TextEncoder().encode('state\0\0\0')).slice(2)

/** A document that does not stand is a lie; one that could stand under another clock or another trust is not judged. */
const undecided = new Set(['NOT_YET_VALID', 'EXPIRED'])

/** @throws ProvedLie with the code of the rejection; NotChecked where the own clock may be at fault, or no image is trusted */
export function judgeDocument(
  untrusted: Uint8Array,
  trust: Trust,
  expected: Omit<AttestationExpectations, 'root' | 'measurements'>,
): Attestation {
  const images = imagesOf(trust)
  try {
    const attestation = verifyAttestation(untrusted, {
      ...expected,
      root: toBytes(trust.attestationRoot),
      ...(images.length > 0 ? { measurements: images } : {}),
    })
    if (images.length > 0) return attestation
    const measured = Object.fromEntries([0, 1, 2].map((n) => [`pcr${n}`, hexOf(attestation, n)]))
    throw new NotChecked(
      'NO_IMAGE_TRUSTED',
      'an enclave runs under the trusted root, but no image is trusted that its measurement could be held against',
      { facts: measured },
    )
  } catch (error) {
    if (!(error instanceof Rejection)) throw error
    if (undecided.has(error.code))
      throw new NotChecked(error.code, `${error.message}: is the clock here right?`, { cause: error })
    throw new ProvedLie(error.code, `the attestation does not stand: ${error.message}`)
  }
}

const hexOf = ({ document }: Attestation, register: number): string =>
  toHex(document.pcrs.get(register) ?? new Uint8Array())

/** A document over the state of a running core. @throws ProvedLie, NotChecked */
export function checkStateDocument(
  untrusted: Uint8Array,
  trust: Trust,
  { nonce, at }: { readonly nonce?: Uint8Array; readonly at: AttestationExpectations['at'] },
): AttestedState {
  const attestation = judgeDocument(untrusted, trust, nonce ? { nonce, at } : { at })
  const text = toHex(attestation.document.userData ?? new Uint8Array()).slice(2)
  if (!text.startsWith(purposeState) || text.length !== 400)
    throw new ProvedLie('WRONG_USER_DATA', 'the document was made for another purpose than the state of a core')
  const state = decodeWords(
    [
      ['address', 'address'],
      ['configHash', 'bytes32'],
      ['epoch', 'uint'],
      ['counter', 'uint'],
      ['root', 'bytes32'],
      ['boot', 'bytes32'],
    ],
    `0x${text.slice(16)}`,
  )
  return { ...state, attestation }
}

/** A birth certificate for one of these configurations, judged at its own time. @throws ProvedLie, NotChecked */
export function checkBirth(
  untrusted: Uint8Array,
  trust: Trust,
  { address, configHashes }: { readonly address: Hex; readonly configHashes: readonly Hex[] },
): Attestation {
  const attestation = judgeDocument(untrusted, trust, { at: 'document' })
  const said = toHex(attestation.document.userData ?? new Uint8Array())
  if (!configHashes.some((configHash) => toHex(bornUserData({ address, configHash })) === said))
    throw new ProvedLie(
      'WRONG_BIRTH',
      'the birth certificate is for another key, or for a configuration that the log does not hold',
      { address },
    )
  return attestation
}
