/** Opens the envelope of an attestation document: COSE_Sign1 (RFC 9052, section 4.2), tagged or not. */
import { equalBytes } from '@noble/curves/utils.js'
import { concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import { decodeCbor, isCborMap } from './cbor.ts'
import { Rejection } from './rejection.ts'

export interface Envelope {
  readonly payload: Uint8Array
  /** r and s, 48 bytes each. */
  readonly signature: Uint8Array
  /** What is signed: a structure around the payload, not the payload. */
  readonly signed: Uint8Array
}

const tagCoseSign1 = 0xd2
/** `{1: -35}`: ECDSA on P-384 with SHA-384 (RFC 9053, table 1), the only header that AWS writes. */
const es384Header = hexToBytes('a1013822')
const payloadBytesMax = 16_384
/** A payload of that size with tag, heads, header and signature around it. */
const documentBytesMax = payloadBytesMax + 109

/** @throws Rejection `MALFORMED_CBOR`, `MALFORMED_COSE` or `WRONG_ALGORITHM` */
export function openEnvelope(untrusted: Uint8Array): Envelope {
  if (untrusted.length > documentBytesMax) throw malformed(`it has ${untrusted.length} bytes`)
  // Copied: what is verified must not change under the caller's hands afterwards.
  const document = new Uint8Array(untrusted)
  const parts = decodeCbor(document[0] === tagCoseSign1 ? document.subarray(1) : document)
  if (!Array.isArray(parts) || parts.length !== 4) throw malformed('it is no list of four')
  const [header, unprotectedHeader, payload, signature] = parts
  // Nobody signs the unprotected header, so nothing may be in it.
  if (!isCborMap(unprotectedHeader) || unprotectedHeader.size > 0)
    throw malformed('its unprotected header is not empty')
  if (!(payload instanceof Uint8Array) || payload.length === 0 || payload.length > payloadBytesMax)
    throw malformed(`its payload is not 1 to ${payloadBytesMax} bytes`)
  if (!(signature instanceof Uint8Array) || signature.length !== 96) throw malformed('its signature is not 96 bytes')
  if (!(header instanceof Uint8Array) || !equalBytes(header, es384Header))
    throw new Rejection('WRONG_ALGORITHM', 'the document is not signed with ES384')
  return { payload, signature, signed: signedStructure(payload) }
}

/** `["Signature1", header, no more data, payload]`, RFC 9052, section 4.4; with certificates in it, a payload has more than 255 bytes. */
const signedStructure = (payload: Uint8Array): Uint8Array =>
  concatBytes(
    hexToBytes('846a'),
    utf8ToBytes('Signature1'),
    hexToBytes('44a1013822'),
    hexToBytes('40'),
    Uint8Array.of(0x59, payload.length >> 8, payload.length & 0xff),
    payload,
  )

const malformed = (what: string): Rejection =>
  new Rejection('MALFORMED_COSE', `not the COSE_Sign1 of a document: ${what}`)
