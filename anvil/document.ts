/** Writes attestation documents as the Nitro Secure Module does, for whatever measurements it is told. */
import { sign } from 'node:crypto'
import type { AttestationRequest } from '../enclave/platform.ts'
import { type Cbor, encodeCbor } from './cbor.ts'
import type { Pki } from './pki.ts'

/** COSE header `{1: -35}`: ECDSA on P-384 with SHA-384 (RFC 9053, table 1). */
const protectedHeader = Buffer.from('a1013822', 'hex')
const userDataMax = 512
const nonceMax = 512
const publicKeyMax = 1024

export interface DocumentOrder {
  readonly moduleId: string
  readonly timestampMs: number
  readonly pcrs: ReadonlyMap<number, Uint8Array>
  readonly request: Partial<AttestationRequest>
}

/** COSE_Sign1 (RFC 9052), signed by a leaf of this authority. @throws RangeError where a member is too long */
export function writeDocument(pki: Pki, { moduleId, timestampMs, pcrs, request }: DocumentOrder): Uint8Array {
  const leaf = pki.leaf()
  const payload = encodeCbor(
    new Map<string, Cbor>([
      ['module_id', moduleId],
      ['digest', 'SHA384'],
      ['timestamp', timestampMs],
      ['pcrs', pcrs],
      ['certificate', leaf.certificate],
      ['cabundle', pki.authorities],
      ...requested(request),
    ]),
  )
  // RFC 9052, section 4.4: what is signed is this structure, not the payload.
  const toBeSigned = encodeCbor(['Signature1', protectedHeader, new Uint8Array(), payload])
  const signature = sign('sha384', toBeSigned, { key: leaf.key, dsaEncoding: 'ieee-p1363' })
  return encodeCbor([protectedHeader, new Map(), payload, signature])
}

/** The members that the caller fills, null where absent, within the limits of the secure module. */
function requested({ publicKey, userData, nonce }: DocumentOrder['request']): [string, Uint8Array | null][] {
  return [
    ['public_key', within('public_key', publicKey, publicKeyMax)],
    ['user_data', within('user_data', userData, userDataMax)],
    ['nonce', within('nonce', nonce, nonceMax)],
  ]
}

function within(name: string, value: Uint8Array | undefined, max: number): Uint8Array | null {
  if (value && value.length > max) throw new RangeError(`${name} has ${value.length} bytes, at most ${max} fit`)
  return value ?? null
}
