/**
 * Wraps the state key to the KMS keys of the configuration: ECDH on P-384 with a fresh key, HKDF-SHA-256, AES-256-GCM.
 * KMS's half of the agreement (`DeriveSharedSecret`) gives the same secret to whom the key policy allows it, so wrapping
 * asks nobody and believes nobody.
 */
import {
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from 'node:crypto'
import { type Hex, toBytes, toHex } from '../ledger/hex.ts'
import { abiEncode, type Domain } from '../ledger/typedData.ts'
import type { WrappedKey } from '../protocol/messages.ts'
import { refuse } from '../protocol/refusal.ts'

const curve = 'secp384r1'
/** SPKI DER of an uncompressed point on it, up to the coordinates: the one form in which KMS writes it. */
const spkiPrefix = '0x3076301006072a8648ce3d020106052b8104002203620004'
const spkiBytes = 120
const tagBytes = 16
/** One key seals one thing: an IV has nothing to tell apart. */
const iv = new Uint8Array(12)

/** @throws Refusal `BAD_CONFIGURATION` if `kmsKey` is no P-384 key in its one encoding */
export function wrapStateKey(stateKey: Uint8Array, kmsKey: Hex, domain: Domain): WrappedKey {
  const theirs = readPublicKey(kmsKey)
  const ours = generateKeyPairSync('ec', { namedCurve: curve })
  const ephemeralKey = toHex(ours.publicKey.export({ format: 'der', type: 'spki' }))
  const secret = diffieHellman({ privateKey: ours.privateKey, publicKey: theirs })
  const cipher = createCipheriv('aes-256-gcm', keyOf(secret, { kmsKey, ephemeralKey }), iv).setAAD(placeOf(domain))
  const sealed = Buffer.concat([cipher.update(stateKey), cipher.final(), cipher.getAuthTag()])
  return { kmsKey, ephemeralKey, sealed: toHex(sealed) }
}

/** `secret`: the raw X coordinate, as KMS derives it. @throws Refusal `STATE_KEY_FOREIGN` */
export function unwrapStateKey(untrusted: WrappedKey, secret: Uint8Array, domain: Domain): Uint8Array {
  const bytes = toBytes(untrusted.sealed)
  try {
    const decipher = createDecipheriv('aes-256-gcm', keyOf(secret, untrusted), iv, { authTagLength: tagBytes })
    decipher.setAAD(placeOf(domain)).setAuthTag(bytes.subarray(-tagBytes))
    return Buffer.concat([decipher.update(bytes.subarray(0, -tagBytes)), decipher.final()])
  } catch {
    // Node only says that authentication failed, and nothing more can be known.
    return refuse('STATE_KEY_FOREIGN', 'the wrapped key does not open with this secret, or is of another deployment')
  }
}

/** The agreement is over both public keys: a secret says nothing of whom it was agreed with. */
const keyOf = (secret: Uint8Array, { kmsKey, ephemeralKey }: Omit<WrappedKey, 'sealed'>): Uint8Array =>
  new Uint8Array(
    hkdfSync(
      'sha256',
      secret,
      '',
      Buffer.concat([Buffer.from('bursar wrap'), toBytes(ephemeralKey), toBytes(kmsKey)]),
      32,
    ),
  )

const placeOf = ({ chainId, verifyingContract }: Domain): Uint8Array =>
  Buffer.concat([Buffer.from('state key'), abiEncode(['uint64', 'address'], [chainId, verifyingContract])])

function readPublicKey(der: Hex): KeyObject {
  try {
    if (der.startsWith(spkiPrefix) && der.length === 2 + 2 * spkiBytes)
      return createPublicKey({ key: Buffer.from(toBytes(der)), format: 'der', type: 'spki' })
  } catch {
    // The point is not on the curve.
  }
  const fault = 'a KMS key is no P-384 public key in SPKI DER'
  return refuse('BAD_CONFIGURATION', fault, { fault })
}
