/**
 * Wraps the state key to the KMS keys of the configuration: ECDH on P-384 with a fresh key, HKDF-SHA-256, AES-256-GCM.
 * KMS's half of the agreement (`DeriveSharedSecret`) gives the same secret to whom the key policy allows it, so wrapping
 * asks nobody and believes nobody.
 */
import { createPublicKey, diffieHellman, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { concat, type Hex, toBytes, toHex, utf8 } from '../ledger/hex.ts'
import { refuse } from '../ledger/refusal.ts'
import { abiEncode, type Domain } from '../ledger/typedData.ts'
import type { WrappedKey } from '../protocol/messages.ts'
import { type Box, deriveKey, lock, unlock } from './aead.ts'

const curve = 'secp384r1'
/** SPKI DER of an uncompressed point on it, up to the coordinates: the one form in which KMS writes it. */
const spkiPrefix = '0x3076301006072a8648ce3d020106052b8104002203620004'
const spkiBytes = 120

/** @throws Refusal `BAD_CONFIGURATION` if `kmsKey` is no P-384 key in its one encoding */
export function wrapStateKey(stateKey: Uint8Array, kmsKey: Hex, domain: Domain): WrappedKey {
  const theirs = readPublicKey(kmsKey)
  const ours = generateKeyPairSync('ec', { namedCurve: curve })
  const ephemeralKey = toHex(ours.publicKey.export({ format: 'der', type: 'spki' }))
  const secret = diffieHellman({ privateKey: ours.privateKey, publicKey: theirs })
  const sealed = lock(boxOf(secret, { kmsKey, ephemeralKey }, domain), stateKey)
  return { kmsKey, ephemeralKey, sealed: toHex(sealed) }
}

/** `secret`: the raw X coordinate, as KMS derives it. @throws Refusal `STATE_KEY_FOREIGN` */
export function unwrapStateKey(untrusted: WrappedKey, secret: Uint8Array, domain: Domain): Uint8Array {
  const stateKey = unlock(boxOf(secret, untrusted, domain), toBytes(untrusted.sealed))
  return (
    stateKey ??
    refuse('STATE_KEY_FOREIGN', 'the wrapped key does not open with this secret, or is of another deployment')
  )
}

/**
 * The agreement is over both public keys: a secret says nothing of whom it was agreed with. Each key locks one thing, so
 * the IV has nothing to tell apart.
 */
const boxOf = (secret: Uint8Array, { kmsKey, ephemeralKey }: Omit<WrappedKey, 'sealed'>, place: Domain): Box => ({
  key: deriveKey(secret, 'bursar wrap', toBytes(ephemeralKey), toBytes(kmsKey)),
  iv: new Uint8Array(12),
  additional: concat(utf8('state key'), abiEncode(['uint64', 'address'], [place.chainId, place.verifyingContract])),
})

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
