/**
 * Rows 6, 7 and 8 of the attacks. The host owns its own image, which the genuine hardware attests like any other, keys of
 * every kind, KMS's answers, and the development root; the honest image trusts none of it.
 */
import { createPublicKey, diffieHellman, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { writeEnveloped } from '../../../anvil/kms/cms.ts'
import { createLocalPlatform } from '../../../anvil/localPlatform.ts'
import { type Measurement, verifyAttestation } from '../../../attestation/verify.ts'
import { workload } from '../../../client/events.ts'
import { certifyBirth } from '../../../enclave/birth.ts'
import { type Core, createCore } from '../../../enclave/core.ts'
import type { Platform } from '../../../enclave/platform.ts'
import { createSealer, noRecords } from '../../../enclave/seal.ts'
import { createSigner } from '../../../enclave/signer.ts'
import { encodeSnapshot, type Identity } from '../../../enclave/snapshot.ts'
import { wrapStateKey } from '../../../enclave/wrap.ts'
import { type Hex, toBytes, toHex, zeroHash } from '../../../ledger/hex.ts'
import { createLedger } from '../../../ledger/state.ts'
import type { Params, Result } from '../../../protocol/messages.ts'
import { bornUserData, selfUserData } from '../../../protocol/userData.ts'
import { configuration, domain, payeeOf, signed } from '../ledger/support.ts'
import { apply, call, expectRefused, host, identityOfStranger, open, testPlatform } from './support.ts'

const spkiOf = (key: KeyObject): Hex => toHex(key.export({ format: 'der', type: 'spki' }))
const keyOf = (spki: Hex): KeyObject =>
  createPublicKey({ key: Buffer.from(toBytes(spki)), format: 'der', type: 'spki' })
const p384 = () => generateKeyPairSync('ec', { namedCurve: 'secp384r1' })

/** The operator's key in KMS, and one of the host's own. */
const kms = p384()
const hosts = p384()
const withKms = { kmsKeys: [spkiOf(kms.publicKey)] }

const pcrsOf = (byte: number) => new Map([0, 1, 2].map((n) => [n, new Uint8Array(48).fill(byte + n)]))
const measurementOf = (byte: number) => [...pcrsOf(byte).values()] as unknown as Measurement
const image = 0x20
const oldImage = 0x40
const hostsImage = 0x60
/** An enclave has no place for a state key but KMS. */
function enclave(options: Parameters<typeof testPlatform>[0] = {}): Platform {
  const { stateKey, ...platform } = testPlatform({ pcrs: pcrsOf(image), ...options })
  return platform
}

const otherRoot = mkdtempSync(join(tmpdir(), 'bursar-birth-'))
afterAll(() => rmSync(otherRoot, { recursive: true }))

type Key = NonNullable<Params<'load_state'>['key']>
type Wrapped = Key['wrapped']

/** What KMS does with a valid document: nobody but the core that asked can open the answer. */
function answer(core: Core, wrapped: Wrapped, privateKey = kms.privateKey): Key {
  const { documentB64 } = call(core, 'unwrap_request', {})
  const { publicKey } = documentOf(core.platform, documentB64)
  const secret = diffieHellman({ privateKey, publicKey: keyOf(wrapped.ephemeralKey) })
  return { wrapped, ciphertextB64: writeEnveloped(secret, keyOf(toHex(publicKey as Uint8Array)), 'chunked') }
}

const documentOf = ({ trust: { root } }: Platform, document: Uint8Array) =>
  verifyAttestation(document, { root, at: 'document' }).document

function born(platform: Platform = enclave(), changes = {}) {
  const core = createCore(platform)
  const genesis = call(core, 'genesis', { configuration: configuration({ ...withKms, ...changes }), logBegins: null })
  return { core, platform, genesis, wrapped: genesis.wrappedKeys[0] as Wrapped, sealed: genesis.sealed }
}

describe('through KMS', () => {
  test('default: a state comes back after a restart, with what it was born with', () => {
    const { core, platform, genesis, wrapped, sealed } = born()
    const hosted = { ...host(), core, sealed: [...sealed] }
    open(hosted)
    apply(hosted, signed(0n, [workload({ id: 'a', payee: payeeOf(1), tariff: 'gpu-second', units: 5n })]))
    const next = createCore(platform)
    call(next, 'load_state', { key: answer(next, wrapped), sealed: hosted.sealed, isLast: true })
    const { boot, phase, ...status } = call(next, 'status', {})
    expect(call(core, 'status', {})).toMatchObject(status)
    expect(call(next, 'attestation', { nonce: null }).birthB64).toEqual(genesis.birthB64)
    expect(call(next, 'export_state', { chunk: 0 }).wrappedKeys).toEqual(genesis.wrappedKeys)
    expect(status.warnings).toEqual(['for tests'])
  })

  test('behavior: any of several KMS keys will do, and parts after the first come without', () => {
    const second = p384()
    const { platform, genesis } = born(enclave(), { kmsKeys: [...withKms.kmsKeys, spkiOf(second.publicKey)] })
    expect(genesis.wrappedKeys).toHaveLength(2)
    const core = createCore(platform)
    const key = answer(core, genesis.wrappedKeys[1] as Wrapped, second.privateKey)
    call(core, 'load_state', { key, sealed: genesis.sealed, isLast: false })
    call(core, 'load_state', { key: null, sealed: [], isLast: true })
    expect(call(core, 'status', {})).toMatchObject({ phase: 'closed', address: genesis.address })
  })

  test('behavior: a document of purpose unwrap is 40 bytes with the boot, and has a key of its own each time', () => {
    const core = createCore(enclave())
    const [a, b] = [1, 2].map(() => {
      const { documentB64 } = call(core, 'unwrap_request', {})
      return documentOf(core.platform, documentB64)
    })
    expect(toHex(a?.userData as Uint8Array)).toBe(`0x${Buffer.from('unwrap\0\0').toString('hex')}${core.boot.slice(2)}`)
    expect(a?.publicKey).not.toEqual(b?.publicKey)
    expect(keyOf(toHex(a?.publicKey as Uint8Array)).asymmetricKeyDetails?.modulusLength).toBe(2048)
  })

  test('behavior: the state key is wiped when boots have their own, in genesis and in a load', () => {
    const drawn: Uint8Array[] = []
    const platform = enclave()
    const random = (length: number) => {
      drawn.push(platform.random(length))
      return drawn.at(-1) as Uint8Array
    }
    born({ ...platform, random })
    // The boot, the key that signs, the state key.
    expect(drawn.map((bytes) => bytes.some((byte) => byte !== 0))).toEqual([true, true, false])

    const hosted = host()
    const stateKey = hosted.platform.stateKeyNow() as Uint8Array
    const stored = { load: () => stateKey, save: () => undefined }
    call(createCore({ ...hosted.platform, stateKey: stored }), 'load_state', {
      key: null,
      sealed: hosted.sealed,
      isLast: true,
    })
    expect(stateKey).toEqual(new Uint8Array(32))
  })

  test('behavior: without KMS keys the state key is in a file, and status says so', () => {
    expect(call(host().core, 'status', {}).warnings.join()).toContain('no KMS key')
  })

  test('error: an enclave has no other place for a state key', () => {
    const core = createCore(enclave())
    expectRefused(core, 'genesis', { configuration: configuration(), logBegins: null }, 'NO_STATE_KEY')
    expectRefused(core, 'load_state', { key: null, sealed: [], isLast: true }, 'NO_STATE_KEY')
  })

  test('error: a KMS key in the configuration that is none', () => {
    expectRefused(
      createCore(enclave()),
      'genesis',
      { configuration: configuration({ kmsKeys: ['0x00'] }), logBegins: null },
      'BAD_CONFIGURATION',
    )
  })

  test('error: a request is good for one load, whatever comes of it', () => {
    const { platform, wrapped, sealed } = born()
    const core = createCore(platform)
    const key = answer(core, wrapped)
    expectRefused(core, 'load_state', { key, sealed: [...sealed, ...sealed], isLast: true }, 'STATE_GAP')
    expectRefused(core, 'load_state', { key, sealed: sealed, isLast: true }, 'NO_UNWRAP_REQUEST')
  })

  test('error: the answer to an older request, or to another core', () => {
    const { platform, wrapped, sealed } = born()
    const [core, other] = [createCore(platform), createCore(platform)]
    const old = answer(core, wrapped)
    for (const key of [old, answer(other, wrapped)]) {
      call(core, 'unwrap_request', {})
      expectRefused(core, 'load_state', { key, sealed: sealed, isLast: true }, 'CIPHERTEXT_FOREIGN')
    }
  })

  test('error: what is no answer, or of another key', () => {
    const { platform, wrapped, sealed } = born()
    const core = createCore(platform)
    const load = (key: Key) => ({ key, sealed: sealed, isLast: true })
    const { ciphertextB64 } = answer(core, wrapped)
    expectRefused(
      core,
      'load_state',
      load({ wrapped, ciphertextB64: ciphertextB64.subarray(1) }),
      'CIPHERTEXT_MALFORMED',
    )
    expectRefused(core, 'load_state', load(answer(core, wrapped, hosts.privateKey)), 'STATE_KEY_FOREIGN')
    expectRefused(core, 'load_state', { ...load(answer(core, wrapped)), sealed: [] }, 'STATE_FORGED')
  })

  test('error: a second key in the middle of a load; a new request ends the load', () => {
    const { platform, wrapped, sealed } = born()
    const core = createCore(platform)
    const key = answer(core, wrapped)
    call(core, 'load_state', { key, sealed: sealed, isLast: false })
    expectRefused(core, 'load_state', { key, sealed: [], isLast: true }, 'BAD_PARAMS')
    call(core, 'unwrap_request', {})
    expectRefused(core, 'load_state', { key: null, sealed: [], isLast: true }, 'NO_STATE_KEY')
  })
})

/** A state under a key of the host's choice, delivered by an answer that the host made itself: all of it opens. */
function deliver(
  core: Core,
  { identity = {}, sealUnder = domain }: { identity?: Partial<Identity>; sealUnder?: typeof domain },
) {
  const stateKey = new Uint8Array(32).fill(9)
  const wrapped = wrapStateKey(stateKey, spkiOf(hosts.publicKey), sealUnder)
  const ledger = createLedger(configuration({ kmsKeys: [spkiOf(kms.publicKey)], ...sealUnder }))
  const whole = { ...identityOfStranger(0n), ...identity }
  const sealed = createSealer(stateKey, zeroHash, sealUnder, noRecords).sealSnapshot(
    encodeSnapshot({ identity: whole, ledger }),
  )
  return { key: answer(core, wrapped, hosts.privateKey), sealed, isLast: true }
}

/** The key that the host knows, and what a certificate of it would have to say. */
const theirs = identityOfStranger(0n)
const theirAddress = createSigner(toBytes(theirs.key), domain).address
const configHash = createLedger(configuration(withKms)).rules.hash
const theirBirth = { address: theirAddress, configHash }

const refusedFor = (core: Core, params: Params<'load_state'>, rejection: string) => {
  expectRefused(core, 'load_state', params, 'BIRTH_REFUSED', { rejection })
  expect(call(core, 'status', {})).toMatchObject({ phase: 'empty', address: null })
}

describe("row 7: a forged answer of KMS with a state of the host's own making", () => {
  const withCertificate = (birthB64: Uint8Array, rejection: string) => {
    const core = createCore(enclave())
    refusedFor(core, deliver(core, { identity: { bornUnder: configHash, birthB64 } }), rejection)
  }

  test('without a birth certificate', () => withCertificate(new Uint8Array(), 'MALFORMED_CBOR'))

  test('with one of its own image, attested by the genuine hardware', () => {
    withCertificate(certifyBirth(enclave({ pcrs: pcrsOf(hostsImage) }), theirBirth).certificate, 'WRONG_PCR')
  })

  test.each([0, 1, 2])('with one of an image that differs in PCR%i alone', (n) => {
    const pcrs = pcrsOf(image).set(n, new Uint8Array(48).fill(1))
    withCertificate(certifyBirth(enclave({ pcrs }), theirBirth).certificate, 'WRONG_PCR')
  })

  test('with its own image named as predecessor by its own image: nobody else reads that list', () => {
    const predecessors = [measurementOf(image), measurementOf(hostsImage)]
    withCertificate(
      certifyBirth(enclave({ pcrs: pcrsOf(hostsImage), predecessors }), theirBirth).certificate,
      'WRONG_PCR',
    )
  })

  test('with one of the right measurements under the development root', () => {
    const development = createLocalPlatform({ folder: otherRoot, pcrs: pcrsOf(image) })
    withCertificate(certifyBirth(development, theirBirth).certificate, 'WRONG_ROOT')
  })

  test('with one of a core in debug mode, which its own genesis refuses already', () => {
    const debug = enclave({ pcrs: new Map([0, 1, 2].map((n) => [n, new Uint8Array(48)])) })
    expectRefused(
      createCore(debug),
      'genesis',
      { configuration: configuration(withKms), logBegins: null },
      'BIRTH_REFUSED',
      {
        rejection: 'DEBUG_MODE',
      },
    )
    withCertificate(debug.attest({ userData: bornUserData(theirBirth) }), 'DEBUG_MODE')
  })

  test('with that of another core: it is not over this address', () => {
    withCertificate(born().genesis.birthB64, 'WRONG_USER_DATA')
  })

  test('with its own hash of a configuration: the certificate names one', () => {
    const { genesis } = born()
    const core = createCore(enclave())
    const identity = { bornUnder: zeroHash, birthB64: genesis.birthB64 }
    refusedFor(core, deliver(core, { identity }), 'WRONG_USER_DATA')
  })

  test('with a document of this image that was made for something else', () => {
    const { core } = born()
    const { documentB64 } = call(core, 'attestation', { nonce: toHex(bornUserData(theirBirth)) })
    withCertificate(documentB64, 'WRONG_USER_DATA')
    withCertificate(call(createCore(enclave()), 'unwrap_request', {}).documentB64, 'WRONG_USER_DATA')
  })

  test('with a certificate that was altered', () => {
    const { certificate } = certifyBirth(enclave({ pcrs: pcrsOf(hostsImage) }), theirBirth)
    const at = Buffer.from(certificate).indexOf(Buffer.alloc(48, hostsImage))
    withCertificate(Uint8Array.from(certificate).fill(image, at, at + 48), 'COSE_SIGNATURE')
  })

  test('a core that runs in debug mode, or not under the root of its image, adopts no key', () => {
    const { wrapped, sealed } = born()
    const debug = createCore(enclave({ pcrs: new Map([0, 1, 2].map((n) => [n, new Uint8Array(48)])) }))
    debug.unwrapping = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
    const rsa = createPublicKey(debug.unwrapping)
    const secret = diffieHellman({ privateKey: kms.privateKey, publicKey: keyOf(wrapped.ephemeralKey) })
    const key = { wrapped, ciphertextB64: writeEnveloped(secret, rsa, 'primitive') }
    refusedFor(debug, { key, sealed: sealed, isLast: true }, 'DEBUG_MODE')

    const { attest } = createLocalPlatform({ folder: otherRoot, pcrs: pcrsOf(image) })
    const moved = createCore({ ...enclave(), attest })
    expectRefused(moved, 'genesis', { configuration: configuration(withKms), logBegins: null }, 'BIRTH_REFUSED', {
      rejection: 'WRONG_ROOT',
    })
  })
})

describe('row 6: genesis again', () => {
  const namedBy = ({ birthB64 }: Result<'genesis'>): Hex =>
    toHex(documentOf(enclave(), birthB64).userData as Uint8Array)

  test('gives another address, and a certificate that says so', () => {
    const [a, b] = [born().genesis, born().genesis]
    expect(a.address).not.toBe(b.address)
    expect(a.configHash).toBe(b.configHash)
    expect(namedBy(a)).toBe(toHex(bornUserData(a)))
    expect(namedBy(b)).toBe(toHex(bornUserData(b)))
  })

  test('a certificate is over 72 bytes: purpose, address, hash of the configuration', () => {
    const { genesis } = born()
    const purpose = Buffer.from('born\0\0\0\0').toString('hex')
    const address = `${'0'.repeat(24)}${genesis.address.slice(2)}`
    expect(namedBy(genesis)).toBe(`0x${purpose}${address}${genesis.configHash.slice(2)}`)
    expect(toHex(selfUserData())).toBe(`0x${Buffer.from('self\0\0\0\0').toString('hex')}`) // and passes for none
  })

  test("with one KMS key more, the host's own: the host reads that state, and the certificate names another configuration", () => {
    const kmsKeys = [...withKms.kmsKeys, spkiOf(hosts.publicKey)]
    const { genesis, platform } = born(enclave(), { kmsKeys })
    const core = createCore(platform)
    const key = answer(core, genesis.wrappedKeys[1] as Wrapped, hosts.privateKey)
    call(core, 'load_state', { key, sealed: genesis.sealed, isLast: true })
    expect(genesis.configHash).not.toBe(configHash)
    expect(namedBy(genesis)).toBe(toHex(bornUserData(genesis)))
    expect(namedBy(genesis)).not.toContain(configHash.slice(2))
  })
})

describe('row 8: a birth certificate', () => {
  const restart = ({ wrapped, sealed }: ReturnType<typeof born>, platform: Platform) => {
    const core = createCore(platform)
    return { core, params: { key: answer(core, wrapped), sealed: sealed, isLast: true } }
  }

  test('of another deployment: its state is sealed for that one, and it names another configuration', () => {
    const elsewhere = { chainId: 1n, verifyingContract: domain.verifyingContract }
    const { genesis, wrapped } = born(enclave(), elsewhere)
    expect(genesis.configHash).not.toBe(configHash)
    const core = createCore(enclave())
    const params = { key: answer(core, wrapped), sealed: born().sealed, isLast: true }
    expectRefused(core, 'load_state', params, 'STATE_KEY_FOREIGN')
    // And pasted into a state of this deployment, whose key it is over, it still names that one.
    const identity = { bornUnder: configHash, birthB64: genesis.birthB64 }
    refusedFor(core, deliver(core, { identity }), 'WRONG_USER_DATA')
  })

  test('of an old image: refused unless this image lists it', () => {
    const old = born(enclave({ pcrs: pcrsOf(oldImage) }))
    const unlisted = restart(old, enclave())
    refusedFor(unlisted.core, unlisted.params, 'WRONG_PCR')
    const listed = restart(old, enclave({ predecessors: [measurementOf(hostsImage), measurementOf(oldImage)] }))
    call(listed.core, 'load_state', listed.params)
    expect(call(listed.core, 'status', {}).address).toBe(old.genesis.address)
    // Two images on, an image that knows only the one before does not take it.
    const later = restart(old, enclave({ pcrs: pcrsOf(0x70), predecessors: [measurementOf(image)] }))
    refusedFor(later.core, later.params, 'WRONG_PCR')
  })

  test('years old: judged at its own time', () => {
    const folder = mkdtempSync(join(tmpdir(), 'bursar-years-'))
    const then = Date.now() - 4 * 365 * 24 * 3_600_000
    const old = born(enclave({ folder, now: () => then }))
    const { core, params } = restart(old, enclave({ folder }))
    call(core, 'load_state', params)
    expect(call(core, 'status', {}).address).toBe(old.genesis.address)
    rmSync(folder, { recursive: true })
  })
})
