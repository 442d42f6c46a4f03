/** The same documents read by other code: cbor-x, and OpenSSL by way of node's X509Certificate. */
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Decoder } from 'cbor-x'
import { afterAll, expect, test } from 'vitest'
import { encodeCbor } from '../../../anvil/cbor.ts'
import { createLocalPlatform } from '../../../anvil/localPlatform.ts'
import { type Certificate, readCertificate } from '../../../attestation/certificate.ts'
import { readDocument } from '../../../attestation/document.ts'
import { Rejection } from '../../../attestation/rejection.ts'
import { verifyAttestation } from '../../../attestation/verify.ts'
import { verifyDocument } from '../anvil/attestationVerifier.ts'
import { indefinite, specimens } from './campaign.ts'
import { fingerprint, makeFields, verdict } from './maker.ts'
import { createMutator } from './mutator.ts'

const folder = mkdtempSync(join(tmpdir(), 'bursar-attestation-'))
afterAll(() => rmSync(folder, { recursive: true }))
const seed = Date.now() % 2 ** 32
const plain = (bytes: Uint8Array | null): Buffer | null => bytes && Buffer.from(bytes)

test('good documents', () => {
  for (const { document, expected } of specimens()) {
    const { document: ours, chain } = verifyAttestation(document, expected)
    const untagged = document[0] === 0xd2 ? document.subarray(1) : document
    const root = ours.cabundle[0] as Uint8Array
    expect({
      ...ours,
      pcrs: new Map([...ours.pcrs].map(([n, pcr]) => [n, plain(pcr)])),
      certificate: plain(ours.certificate),
      cabundle: ours.cabundle.map(plain),
      publicKey: plain(ours.publicKey),
      userData: plain(ours.userData),
      nonce: plain(ours.nonce),
    }).toEqual(verifyDocument(untagged, root, Number(expected.at)))
    for (const [index, der] of [...ours.cabundle, ours.certificate].entries())
      expectSame(chain[index] as Certificate, new X509Certificate(der))
    expect(chain.map(({ isAuthority }) => isAuthority)).toEqual(
      [...ours.cabundle, ours.certificate].map((der) => new X509Certificate(der).ca),
    )
  }
})

test('documents of the development platform', () => {
  const platform = createLocalPlatform({ folder })
  const [nonce, userData] = [Buffer.from('nonce'), Buffer.from('user data')]
  const root = fingerprint(readFileSync(join(folder, 'root.der')))
  const document = platform.attest({ nonce, userData, publicKey: new Uint8Array(550) })
  expect(verdict(document, { root, at: Date.now(), nonce, userData })).toBe('accepted')
  expect(verdict(document, { root, at: 'document', nonce: userData })).toBe('WRONG_NONCE')
})

test(`whatever is read of spoiled fields, another reader reads the same (seed ${seed})`, () => {
  const decoder = new Decoder({ mapsAsObjects: false, useRecords: false })
  const fields = makeFields({ certificate: new Uint8Array(40).fill(1), cabundle: [new Uint8Array(30).fill(2)] })
  const good = [encodeCbor(fields), indefinite(fields)]
  const mutate = createMutator(seed, good)
  let read = 0
  for (let number = 0; number < 10_000; number++) {
    const spoiled = mutate(good[number % 2] as Uint8Array)
    const ours = unlessRejected(() => readDocument(spoiled))
    if (!ours) continue
    read += 1
    const theirs: Map<string, unknown> = decoder.decode(Buffer.from(spoiled))
    expect(new Map([...ours.pcrs].map(([n, pcr]) => [n, plain(pcr)]))).toEqual(theirs.get('pcrs'))
    expect([ours.moduleId, ours.digest]).toEqual(['module_id', 'digest'].map((name) => theirs.get(name)))
    expect(ours.timestampMs).toBe(Number(theirs.get('timestamp')))
    expect([ours.certificate, ours.publicKey, ours.userData, ours.nonce].map(plain)).toEqual(
      ['certificate', 'public_key', 'user_data', 'nonce'].map((name) => theirs.get(name) ?? null),
    )
    expect(ours.cabundle.map(plain)).toEqual(theirs.get('cabundle'))
  }
  expect(read).toBeGreaterThan(1000)
})

test(`whatever is read of a spoiled certificate, OpenSSL reads the same (seed ${seed})`, () => {
  const good = specimens().flatMap(({ document, expected }) => {
    const { cabundle, certificate } = verifyAttestation(document, expected).document
    return [...cabundle, certificate]
  })
  const mutate = createMutator(seed, good)
  let read = 0
  for (let number = 0; number < 20_000; number++) {
    const spoiled = mutate(good[number % good.length] as Uint8Array)
    const ours = unlessRejected(() => readCertificate(spoiled))
    const theirs = ours && parse(spoiled)
    if (!ours || !theirs) continue
    read += 1
    expectSame(ours, theirs)
  }
  expect(read).toBeGreaterThan(1000)
})

function expectSame(ours: Certificate, theirs: X509Certificate): void {
  expect([ours.notBeforeMs, ours.notAfterMs]).toEqual([Date.parse(theirs.validFrom), Date.parse(theirs.validTo)])
  // OpenSSL also looks into extensions that are not critical, and takes nobody for an authority where one is spoiled.
  if (theirs.ca) expect(ours.isAuthority).toBe(true)
  const key = unlessThrown(() => theirs.publicKey.export({ format: 'der', type: 'spki' }))
  if (key) expect(plain(ours.publicKey)).toEqual(key.subarray(-97))
}

/** Names and numbers inside are of no interest to our reader; where they are spoiled, OpenSSL may read nothing at all. */
const parse = (der: Uint8Array): X509Certificate | undefined => unlessThrown(() => new X509Certificate(der))

function unlessThrown<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined // theirs has nothing to compare with
  }
}

function unlessRejected<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof Rejection) return undefined
    throw error
  }
}
