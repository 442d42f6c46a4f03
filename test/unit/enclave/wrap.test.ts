import { createECDH, createPublicKey, diffieHellman, generateKeyPairSync, randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { unwrapStateKey, wrapStateKey } from '../../../enclave/wrap.ts'
import { type Hex, toBytes, toHex } from '../../../ledger/hex.ts'

const domain = { chainId: 42161n, verifyingContract: `0x${'aa'.repeat(20)}` as Hex }
const stateKey = new Uint8Array(32).fill(7)
const makeKey = (namedCurve = 'secp384r1') => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve })
  return { privateKey, spki: toHex(publicKey.export({ format: 'der', type: 'spki' })) }
}
const kms = makeKey()
const publicKeyOf = (der: Hex) => createPublicKey({ key: Buffer.from(toBytes(der)), format: 'der', type: 'spki' })
/** What KMS does. */
const derive = (ephemeralKey: Hex, { privateKey } = kms) =>
  diffieHellman({ privateKey, publicKey: publicKeyOf(ephemeralKey) })
const foreign = expect.objectContaining({ code: 'STATE_KEY_FOREIGN', facts: {} })

test('default', () => {
  const wrapped = wrapStateKey(stateKey, kms.spki, domain)
  expect(new Uint8Array(unwrapStateKey(wrapped, derive(wrapped.ephemeralKey), domain))).toEqual(stateKey)
})

test('behavior: the secret is the raw X coordinate of the point, 48 bytes', () => {
  const { ephemeralKey } = wrapStateKey(stateKey, kms.spki, domain)
  const ecdh = createECDH('secp384r1')
  ecdh.setPrivateKey(Buffer.from(kms.privateKey.export({ format: 'jwk' }).d as string, 'base64url'))
  const secret = ecdh.computeSecret(Buffer.from(toBytes(ephemeralKey)).subarray(-97))
  expect(secret).toHaveLength(48)
  expect(derive(ephemeralKey)).toEqual(secret)
})

test('behavior: nothing in it comes twice', () => {
  const [a, b] = [1, 2].map(() => wrapStateKey(stateKey, kms.spki, domain))
  expect(a?.ephemeralKey).not.toBe(b?.ephemeralKey)
  expect(a?.sealed).not.toBe(b?.sealed)
})

describe('error: unwrapping', () => {
  const wrapped = wrapStateKey(stateKey, kms.spki, domain)
  const secret = derive(wrapped.ephemeralKey)
  const other = makeKey()

  test('another secret', () => {
    expect(() => unwrapStateKey(wrapped, randomBytes(48), domain)).toThrow(foreign)
    expect(() => unwrapStateKey(wrapped, derive(wrapped.ephemeralKey, other), domain)).toThrow(foreign)
    expect(() => unwrapStateKey(wrapped, new Uint8Array(), domain)).toThrow(foreign)
  })

  test('another deployment', () => {
    expect(() => unwrapStateKey(wrapped, secret, { ...domain, chainId: 1n })).toThrow(foreign)
    const verifyingContract = `0x${'bb'.repeat(20)}` as Hex
    expect(() => unwrapStateKey(wrapped, secret, { ...domain, verifyingContract })).toThrow(foreign)
  })

  test('another key of KMS or of the agreement is named', () => {
    expect(() => unwrapStateKey({ ...wrapped, kmsKey: other.spki }, secret, domain)).toThrow(foreign)
    expect(() => unwrapStateKey({ ...wrapped, ephemeralKey: other.spki }, secret, domain)).toThrow(foreign)
  })

  test('any bit flipped, any byte missing', () => {
    const sealed = toBytes(wrapped.sealed)
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const flipped = Uint8Array.from(sealed)
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7))
      expect(() => unwrapStateKey({ ...wrapped, sealed: toHex(flipped) }, secret, domain)).toThrow(foreign)
    }
    for (let length = 0; length < sealed.length; length++)
      expect(() => unwrapStateKey({ ...wrapped, sealed: toHex(sealed.subarray(0, length)) }, secret, domain)).toThrow(
        foreign,
      )
  })
})

test('error: a tag that was cut short, around nothing', () => {
  const wrapped = wrapStateKey(new Uint8Array(), kms.spki, domain)
  const cut = { ...wrapped, sealed: toHex(toBytes(wrapped.sealed).subarray(0, 12)) }
  expect(() => unwrapStateKey(cut, derive(wrapped.ephemeralKey), domain)).toThrow(foreign)
})

describe('error: a KMS key that', () => {
  const refused = expect.objectContaining({ code: 'BAD_CONFIGURATION' })
  const compressed = () => {
    const point = toBytes(kms.spki).subarray(-97)
    const half = Buffer.concat([Buffer.from([2 + ((point[96] as number) & 1)]), point.subarray(1, 49)])
    return toHex(Buffer.concat([Buffer.from('3046301006072a8648ce3d020106052b81040022033200', 'hex'), half]))
  }
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'der', type: 'spki' })
  test.each<[string, Hex]>([
    ['is empty', '0x'],
    ['is no DER', '0x00'],
    ['has another curve', makeKey('prime256v1').spki],
    ['is an RSA key', toHex(rsa)],
    ['is followed by more', `${kms.spki}00`],
    ['is compressed', compressed()],
    ['lies off the curve', `0x${kms.spki.slice(2, -2)}${kms.spki.endsWith('00') ? '01' : '00'}`],
    ['is a private key', toHex(kms.privateKey.export({ format: 'der', type: 'pkcs8' }))],
  ])('%s', (_, key) => {
    expect(() => wrapStateKey(stateKey, key, domain)).toThrow(refused)
  })
})
