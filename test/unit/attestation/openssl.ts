/**
 * Takes the place of attestation/signature.ts where very many documents are judged: OpenSSL, by way of node:crypto, needs a
 * tenth of the time, and an answer once given is remembered. Now and then noble is asked as well, and must agree.
 */
import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto'
import { p384 } from '@noble/curves/nist.js'
import type { Signed } from '../../../attestation/signature.ts'

/** SubjectPublicKeyInfo of P-384 up to the point. */
const prefix = Buffer.from('3076301006072a8648ce3d020106052b81040022036200', 'hex')
const rememberedMax = 50_000
const remembered = new Map<string, boolean>()
const noblesShare = 500
/** How often an answer was asked for, worked out, and compared with noble's. */
export const asked = { times: 0, workedOut: 0, compared: 0 }

export function isSignedBy(publicKey: Uint8Array, signed: Signed): boolean {
  asked.times += 1
  const id = [publicKey, signed.message, signed.signature].map(hash).join()
  const known = remembered.get(id)
  if (known !== undefined) return known
  const answer = ask(publicKey, signed)
  if (asked.workedOut++ % noblesShare === 0) compare(answer, publicKey, signed)
  if (remembered.size >= rememberedMax) remembered.clear()
  remembered.set(id, answer)
  return answer
}

function ask(publicKey: Uint8Array, { message, signature, format }: Signed): boolean {
  const key = importKey(publicKey)
  return (
    key !== undefined &&
    verify('sha384', message, { key, dsaEncoding: format === 'der' ? 'der' : 'ieee-p1363' }, signature)
  )
}

function compare(answer: boolean, publicKey: Uint8Array, { message, signature, format }: Signed): void {
  asked.compared += 1
  if (p384.verify(signature, message, publicKey, { lowS: false, format }) !== answer)
    throw new Error(`OpenSSL says ${answer}, noble does not: ${Buffer.from(signature).toString('hex')}`)
}

const keys = new Map<string, KeyObject | undefined>()

/** Importing a key takes as long as asking it: few of them are spoiled. */
function importKey(point: Uint8Array): KeyObject | undefined {
  const name = hash(point)
  if (keys.size >= rememberedMax) keys.clear()
  if (!keys.has(name)) keys.set(name, readKey(point))
  return keys.get(name)
}

function readKey(point: Uint8Array): KeyObject | undefined {
  try {
    return createPublicKey({ key: Buffer.concat([prefix, point]), format: 'der', type: 'spki' })
  } catch {
    return undefined // off the curve: nobody's key
  }
}

const hash = (bytes: Uint8Array): string => createHash('sha1').update(bytes).digest('base64')
