/** Speaks to the Nitro Secure Module: CBOR requests of three kinds, one answer each. */
import { type Cbor, type CborMap, decodeCbor, isCborMap } from '../attestation/cbor.ts'
import { concat, utf8 } from '../ledger/hex.ts'
import type { AttestationRequest } from './platform.ts'

/** Carries one request to the module and its response back. */
export type NsmDevice = (request: Uint8Array) => Uint8Array

/** A document over what is asked for (COSE_Sign1). @throws Error with the module's own code */
export function nsmAttest(device: NsmDevice, { userData, nonce, publicKey }: AttestationRequest): Uint8Array {
  const members = [pair('user_data', userData), pair('nonce', nonce), pair('public_key', publicKey)]
  const request = concat(head(majorMap, 1), text('Attestation'), head(majorMap, members.length), ...members)
  return member(ask(device, 'Attestation', request), 'document')
}

/** As many bytes of randomness as the module gives at once: 256. @throws Error with the module's own code */
export const nsmRandom = (device: NsmDevice): Uint8Array =>
  member(ask(device, 'GetRandom', text('GetRandom')), 'random')

/** The members of the response `{ [name]: { ... } }`. */
function ask(device: NsmDevice, name: string, request: Uint8Array): CborMap {
  const response = decodeCbor(device(request))
  const members = isCborMap(response) ? response.get(name) : undefined
  if (isCborMap(response) && response.size === 1 && isCborMap(members)) return members
  const code = isCborMap(response) ? response.get('Error') : undefined
  throw new Error(`the secure module answers ${name} with ${typeof code === 'string' ? code : 'something else'}`)
}

function member(members: CborMap, name: string): Uint8Array {
  const value: Cbor | undefined = members.get(name)
  if (members.size === 1 && value instanceof Uint8Array) return value
  throw new Error(`the secure module's answer does not hold ${name}`)
}

const majorBytes = 2
const majorText = 3
const majorMap = 5
const nullByte = 0xf6

const text = (value: string): Uint8Array => concat(head(majorText, value.length), utf8(value))

const pair = (name: string, value: Uint8Array | undefined): Uint8Array =>
  concat(text(name), value ? concat(head(majorBytes, value.length), value) : Uint8Array.of(nullByte))

/** The head of an item in its shortest form, up to the 65,535 bytes that no request comes near. */
function head(major: number, length: number): Uint8Array {
  if (length < 24) return Uint8Array.of((major << 5) | length)
  if (length < 0x100) return Uint8Array.of((major << 5) | 24, length)
  return Uint8Array.of((major << 5) | 25, length >> 8, length & 0xff)
}
