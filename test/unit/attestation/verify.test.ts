/** Every rejection, by documents that are right in all else: each is signed by the right keys over the wrong part. */
import { describe, expect, test } from 'vitest'
import { type Cbor, encodeCbor } from '../../../anvil/cbor.ts'
import { bits, explicit, integer, isTrue, octets, oid, sequence, utcTime } from '../../../anvil/der.ts'
import { readDocument } from '../../../attestation/document.ts'
import { Rejection, rejectionCodes } from '../../../attestation/rejection.ts'
import { type AttestationExpectations, type Measurement, verifyAttestation } from '../../../attestation/verify.ts'
import {
  certSign,
  constraints,
  type DocumentParts,
  digitalSignature,
  extension,
  fingerprint,
  imageOf,
  judge,
  keys,
  type Link,
  madeAtMs,
  makeCertificate,
  makeDocument,
  makeFields,
  nameOf,
  notAfterMs,
  notBeforeMs,
  pathLength,
  rootCertificate,
  spkiOf,
  usage,
} from './maker.ts'

type Row = readonly [
  what: string,
  parts: DocumentParts | Uint8Array,
  code: string,
  expected?: Partial<AttestationExpectations>,
]
const tripped = new Set<string>()
const hex = (text: string): Uint8Array => Buffer.from(text.replaceAll(' ', ''), 'hex')
const concat = (...parts: readonly Uint8Array[]): Uint8Array => Buffer.concat(parts)

/** Each row is a test of its own. */
function verdicts(rows: readonly Row[]): void {
  for (const [what, parts, code, expected] of rows)
    test(what, () => {
      tripped.add(code)
      expect(judge(parts, expected)).toBe(code)
    })
}
const leaf = (changes: Partial<Link>): DocumentParts => ({ chain: { leaf: changes } })
const zonal = (changes: Partial<Link>): DocumentParts => ({ chain: { zonal: changes } })
const regional = (changes: Partial<Link>): DocumentParts => ({ chain: { regional: changes } })
const root = (changes: Partial<Link>): DocumentParts => ({ chain: { root: changes } })
const fields = (changes: Record<string, Cbor | undefined>): DocumentParts => ({ fields: changes })
const plain = makeDocument()

test('default', () => {
  const expected = {
    root: fingerprint(rootCertificate),
    at: madeAtMs,
    nonce: Buffer.from('nonce'),
    userData: Buffer.from('user data'),
    measurements: [imageOf(50), imageOf(1)],
  }
  const { document, chain, atMs } = verifyAttestation(plain, expected)
  expect({ ...document, certificate: null, cabundle: null, pcrs: null }).toEqual({
    moduleId: 'i-0123456789abcdef0-enc0123456789abcdef',
    digest: 'SHA384',
    timestampMs: madeAtMs,
    pcrs: null,
    certificate: null,
    cabundle: null,
    publicKey: null,
    userData: new Uint8Array(Buffer.from('user data')),
    nonce: new Uint8Array(Buffer.from('nonce')),
  })
  expect([...document.pcrs.keys()]).toEqual(Array.from({ length: 16 }, (_, index) => index))
  expect([0, 1, 2].map((register) => document.pcrs.get(register))).toEqual(imageOf(1))
  expect(document.cabundle).toHaveLength(3)
  expect(chain.map(({ isAuthority, pathLength }) => [isAuthority, pathLength])).toEqual([
    [true, Number.POSITIVE_INFINITY],
    [true, 1],
    [true, 0],
    [false, Number.POSITIVE_INFINITY],
  ])
  expect(chain[3]).toMatchObject({ notBeforeMs, notAfterMs, maySignDocuments: true, maySignCertificates: false })
  expect(atMs).toBe(madeAtMs)
})

test('behavior: what was verified does not change with the bytes that were handed in', () => {
  const bytes = makeDocument()
  const { document } = verifyAttestation(bytes, { root: fingerprint(rootCertificate), at: madeAtMs })
  bytes.fill(0)
  expect(Buffer.from(document.nonce ?? []).toString()).toBe('nonce')
})

test('behavior: a document of its own time is told that time', () => {
  const timestamp = notBeforeMs + 1000
  const bytes = makeDocument({ fields: { timestamp } })
  expect(verifyAttestation(bytes, { root: fingerprint(rootCertificate), at: 'document' }).atMs).toBe(timestamp)
})

describe('the envelope', () => {
  const payload = encodeCbor(makeFields())
  const halves = [payload.subarray(0, 1000), payload.subarray(1000)].map(encodeCbor)
  verdicts([
    ['tag 18', concat(hex('d2'), plain), 'accepted'],
    ['tag 18 twice', concat(hex('d2d2'), plain), 'MALFORMED_CBOR'],
    ['tag 17', concat(hex('d1'), plain), 'MALFORMED_CBOR'],
    ['tag 18 in two bytes', concat(hex('d812'), plain), 'MALFORMED_CBOR'],
    ['the tag of CBOR itself', concat(hex('d9d9f7'), plain), 'MALFORMED_CBOR'],
    ['nothing', new Uint8Array(), 'MALFORMED_CBOR'],
    ['a byte more', concat(plain, hex('00')), 'MALFORMED_CBOR'],
    ['a byte less', plain.subarray(0, -1), 'MALFORMED_CBOR'],
    ['a list of indefinite length', concat(hex('9f'), plain.subarray(1), hex('ff')), 'MALFORMED_CBOR'],
    ['a list with a longer head', concat(hex('9804'), plain.subarray(1)), 'MALFORMED_CBOR'],
    ['a payload in pieces', { payload, payloadItem: () => concat(hex('5f'), ...halves, hex('ff')) }, 'MALFORMED_CBOR'],
    [
      'a payload with a longer head',
      { payload, payloadItem: () => concat(hex('5a0000'), encodeCbor(payload).subarray(1)) },
      'MALFORMED_CBOR',
    ],
    ['three parts', concat(hex('83'), plain.subarray(1, -98)), 'MALFORMED_COSE'],
    ['five parts', concat(hex('85'), plain.subarray(1), hex('f6')), 'MALFORMED_COSE'],
    ['a map', hex('a0'), 'MALFORMED_COSE'],
    ['a payload of text', { payload, payloadItem: () => encodeCbor('text') }, 'MALFORMED_COSE'],
    ['a detached payload', { payload, payloadItem: () => encodeCbor(null) }, 'MALFORMED_COSE'],
    ['an empty payload', { payload: new Uint8Array() }, 'MALFORMED_COSE'],
    ['a payload of one byte', { payload: hex('00') }, 'FIELD_TYPE'],
    ['the largest payload', { payload: encodeCbor(new Uint8Array(16_381)) }, 'FIELD_TYPE'],
    ['a larger payload', { payload: encodeCbor(new Uint8Array(16_382)) }, 'MALFORMED_COSE'],
    ['the largest document', concat(hex('d2'), makeDocument({ payload: new Uint8Array(16_384) })), 'MALFORMED_CBOR'],
    ['a larger document', new Uint8Array(16_494), 'MALFORMED_COSE'],
    ['an unprotected header', { unprotectedHeader: encodeCbor(new Map([[4, 'key']])) }, 'MALFORMED_COSE'],
    ['an unprotected header that is a list', { unprotectedHeader: encodeCbor([]) }, 'MALFORMED_COSE'],
    ['no signature', { signature: () => encodeCbor(null) }, 'MALFORMED_COSE'],
    ['a signature of 95 bytes', { signature: (it) => encodeCbor(it.subarray(1)) }, 'MALFORMED_COSE'],
    ['a signature of 97 bytes', { signature: (it) => encodeCbor(concat(it, hex('00'))) }, 'MALFORMED_COSE'],
    ['ES256', { header: hex('a10126') }, 'WRONG_ALGORITHM'],
    ['the algorithm of unsigned documents of an emulator', { header: hex('a10120') }, 'WRONG_ALGORITHM'],
    ['no algorithm', { header: hex('a0') }, 'WRONG_ALGORITHM'],
    ['an algorithm and something critical', { header: hex('a2 013822 02 8101') }, 'WRONG_ALGORITHM'],
    ['a header of text', { header: new Uint8Array(), unprotectedHeader: hex('a0') }, 'WRONG_ALGORITHM'],
    ['a header that is no bytes', concat(hex('84a1013822'), plain.subarray(6)), 'MALFORMED_CBOR'],
    ['a header that is a map', concat(hex('84a0'), plain.subarray(6)), 'WRONG_ALGORITHM'],
  ])
})

describe('the fields', () => {
  const bytes = (length: number): Uint8Array => new Uint8Array(length).fill(7)
  const registers = (...entries: readonly (readonly [number | string, Cbor])[]): Cbor =>
    new Map([...[...imageOf(1).entries()], ...entries] as [number, Cbor][])
  const without = (register: number): Cbor => new Map([...imageOf(1).entries()].filter(([index]) => index !== register))
  const mandatory = ['module_id', 'digest', 'timestamp', 'pcrs', 'certificate', 'cabundle']
  const optional = ['public_key', 'user_data', 'nonce']
  const names = [...mandatory, ...optional]
  verdicts([
    ...mandatory.map((name): Row => [`no ${name}`, fields({ [name]: undefined }), 'MISSING_FIELD']),
    ...mandatory.map((name): Row => [`${name} null`, fields({ [name]: null }), 'MISSING_FIELD']),
    ...optional.map((name): Row => [`no ${name}`, fields({ [name]: undefined }), 'accepted']),
    ...optional.map((name): Row => [`${name} null`, fields({ [name]: null }), 'accepted']),
    ['module_id of bytes', fields({ module_id: bytes(6) }), 'FIELD_TYPE'],
    ['digest of bytes', fields({ digest: bytes(6) }), 'FIELD_VALUE'],
    ...['certificate', ...optional].map((name): Row => [`${name} of text`, fields({ [name]: 'text' }), 'FIELD_TYPE']),
    ['timestamp of text', fields({ timestamp: '1' }), 'FIELD_TYPE'],
    ['pcrs a list', fields({ pcrs: imageOf(1) }), 'FIELD_TYPE'],
    ['cabundle a map', fields({ cabundle: new Map() }), 'FIELD_TYPE'],
    ['cabundle one certificate', fields({ cabundle: rootCertificate }), 'FIELD_TYPE'],
    ['cabundle with text', fields({ cabundle: ['text'] }), 'FIELD_TYPE'],
    ['a list of fields', { payload: encodeCbor([...makeFields().values()]) }, 'FIELD_TYPE'],
    ['a field that nobody knows', fields({ more: ['of', 'it'] }), 'accepted'],
    ['module_id empty', fields({ module_id: '' }), 'FIELD_SIZE'],
    ['digest SHA256', fields({ digest: 'SHA256' }), 'FIELD_VALUE'],
    ['digest sha384', fields({ digest: 'sha384' }), 'FIELD_VALUE'],
    ['timestamp 0', fields({ timestamp: 0 }), 'FIELD_VALUE'],
    ['timestamp 1', fields({ timestamp: 1 }), 'accepted'],
    ['the last timestamp', fields({ timestamp: 8_640_000_000_000_000 }), 'accepted'],
    ['a timestamp that no Date tells', fields({ timestamp: 8_640_000_000_000_001 }), 'FIELD_VALUE'],
    ...[0, 1, 2].map((register): Row => [`no PCR${register}`, fields({ pcrs: without(register) }), 'MISSING_FIELD']),
    ['three registers', fields({ pcrs: registers() }), 'accepted'],
    ['no registers', fields({ pcrs: new Map() }), 'MISSING_FIELD'],
    ['PCR31', fields({ pcrs: registers([31, bytes(48)]) }), 'accepted'],
    ['PCR32', fields({ pcrs: registers([32, bytes(48)]) }), 'FIELD_VALUE'],
    ['a register named by text', fields({ pcrs: registers(['3', bytes(48)]) }), 'FIELD_TYPE'],
    ['a register of text', fields({ pcrs: registers([3, 'text']) }), 'FIELD_TYPE'],
    ...[32, 48, 64].map((n): Row => [`a register of ${n}`, fields({ pcrs: registers([3, bytes(n)]) }), 'accepted']),
    ...[0, 16, 31, 33, 47, 49, 65, 80].map(
      (n): Row => [`a register of ${n}`, fields({ pcrs: registers([3, bytes(n)]) }), 'FIELD_SIZE'],
    ),
    ['certificate empty', fields({ certificate: bytes(0) }), 'FIELD_SIZE'],
    ['certificate of 1,024', fields({ certificate: bytes(1024) }), 'MALFORMED_CERTIFICATE'],
    ['certificate of 1,025', fields({ certificate: bytes(1025) }), 'FIELD_SIZE'],
    ['cabundle empty', fields({ cabundle: [] }), 'FIELD_SIZE'],
    ['cabundle with an empty item', fields({ cabundle: [rootCertificate, bytes(0)] }), 'FIELD_SIZE'],
    ['cabundle with an item of 1', fields({ cabundle: [rootCertificate, bytes(1)] }), 'MALFORMED_CERTIFICATE'],
    ['certificate of 1', fields({ certificate: bytes(1) }), 'MALFORMED_CERTIFICATE'],
    ['cabundle with 1,024', fields({ cabundle: [rootCertificate, bytes(1024)] }), 'MALFORMED_CERTIFICATE'],
    ['cabundle with 1,025', fields({ cabundle: [rootCertificate, bytes(1025)] }), 'FIELD_SIZE'],
    ['public_key empty', fields({ public_key: bytes(0) }), 'FIELD_SIZE'],
    ['public_key of 1', fields({ public_key: bytes(1) }), 'accepted'],
    ['public_key of 1,024', fields({ public_key: bytes(1024) }), 'accepted'],
    ['public_key of 1,025', fields({ public_key: bytes(1025) }), 'FIELD_SIZE'],
    ...['user_data', 'nonce'].flatMap((name): Row[] => [
      [`${name} empty`, fields({ [name]: bytes(0) }), 'accepted'],
      [`${name} of 512`, fields({ [name]: bytes(512) }), 'accepted'],
      [`${name} of 513`, fields({ [name]: bytes(513) }), 'FIELD_SIZE'],
    ]),
  ])
  test('behavior: whatever a field holds, it is a verdict', () => {
    const values: Cbor[] = [null, 0, 1, 2 ** 53 - 1, '', 'SHA384', bytes(0), bytes(48), [], [[]], new Map(), [bytes(9)]]
    for (const name of names)
      for (const value of values) {
        const read = () => readDocument(encodeCbor(makeFields({ [name]: value })))
        try {
          expect(read().digest).toBe('SHA384')
        } catch (error) {
          expect(error).toBeInstanceOf(Rejection)
        }
      }
  })
})

describe('the certificates', () => {
  const time = (tag: number, text: string): Uint8Array => concat(Uint8Array.of(tag, text.length), Buffer.from(text))
  const utc = (text: string) => leaf({ notBefore: time(0x17, text) })
  const general = (text: string) => leaf({ notAfter: time(0x18, text) })
  const basic = constraints()
  const extensions = (...list: readonly Uint8Array[]) => leaf({ extensions: list })
  const key = spkiOf(keys.leaf)
  const compressed = concat(hex('3046 3010 06072a8648ce3d0201 06052b81040022 0332 00 02'), key.subarray(24, 72))
  const p256 = hex(`3059 3013 06072a8648ce3d0201 06082a8648ce3d030107 034200 04 ${'11'.repeat(64)}`)
  const sha256 = sequence(oid('1.2.840.10045.4.3.2'))
  const der = makeCertificate('leaf')
  verdicts([
    ['a byte more', leaf({ last: [hex('0500')] }), 'MALFORMED_CERTIFICATE'],
    ['a byte behind', fields({ certificate: concat(der, hex('00')) }), 'MALFORMED_CERTIFICATE'],
    ['a byte less', fields({ certificate: der.subarray(0, -1) }), 'MALFORMED_CERTIFICATE'],
    ['a byte less in an authority', fields({ cabundle: [rootCertificate.subarray(0, -1)] }), 'MALFORMED_CERTIFICATE'],
    ['no DER', fields({ certificate: hex('00') }), 'MALFORMED_CERTIFICATE'],
    [
      'BER: indefinite length',
      fields({ certificate: concat(hex('3080'), der.subarray(4), hex('0000')) }),
      'MALFORMED_CERTIFICATE',
    ],
    ['BER: a longer length', leaf({ serial: hex('02 8101 05') }), 'MALFORMED_CERTIFICATE'],
    ['BER: a much longer length', leaf({ serial: hex('02 820001 05') }), 'MALFORMED_CERTIFICATE'],
    [
      'BER: 200 in three bytes',
      leaf({ serial: concat(hex('02 8200c8'), new Uint8Array(200)) }),
      'MALFORMED_CERTIFICATE',
    ],
    ['a length in four bytes', leaf({ serial: hex('02 83000001 05') }), 'MALFORMED_CERTIFICATE'],
    ['128 in one byte', leaf({ serial: concat(hex('02 80'), new Uint8Array(128)) }), 'MALFORMED_CERTIFICATE'],
    ['131 in one byte', leaf({ serial: concat(hex('02 83'), new Uint8Array(131)) }), 'MALFORMED_CERTIFICATE'],
    ['a length of 256', leaf({ serial: concat(hex('02 820100'), new Uint8Array(256)) }), 'accepted'],
    ['255 in three bytes', leaf({ serial: concat(hex('02 8200ff'), new Uint8Array(255)) }), 'MALFORMED_CERTIFICATE'],
    ['a length of 127', leaf({ serial: concat(hex('02 7f'), new Uint8Array(127)) }), 'accepted'],
    ['a length of 128', leaf({ serial: concat(hex('02 8180'), new Uint8Array(128)) }), 'accepted'],
    [
      'a length of 127 in two bytes',
      leaf({ serial: concat(hex('02 817f'), new Uint8Array(127)) }),
      'MALFORMED_CERTIFICATE',
    ],
    ['version 1', leaf({ version: explicit(0, integer(hex('00'))) }), 'MALFORMED_CERTIFICATE'],
    ['no version', leaf({ version: new Uint8Array() }), 'MALFORMED_CERTIFICATE'],
    ['no serial number', leaf({ serial: new Uint8Array() }), 'MALFORMED_CERTIFICATE'],
    ['another algorithm inside', leaf({ innerAlgorithm: sha256 }), 'MALFORMED_CERTIFICATE'],
    ['another algorithm outside', leaf({ outerAlgorithm: sha256 }), 'MALFORMED_CERTIFICATE'],
    [
      'an algorithm with parameters',
      leaf({ outerAlgorithm: sequence(oid('1.2.840.10045.4.3.3'), hex('0500')) }),
      'MALFORMED_CERTIFICATE',
    ],
    ['another kind of key', leaf({ key: p256 }), 'MALFORMED_CERTIFICATE'],
    ['a compressed key', leaf({ key: compressed }), 'MALFORMED_CERTIFICATE'],
    ['three times', leaf({ notAfter: concat(utcTime(notAfterMs), utcTime(notAfterMs)) }), 'MALFORMED_CERTIFICATE'],
    ['a unique identifier', leaf({ key: concat(key, hex('8102 0001')) }), 'MALFORMED_CERTIFICATE'],
    ['more behind the extensions', leaf({ more: [hex('0500')] }), 'MALFORMED_CERTIFICATE'],
    [
      'a signature with unused bits',
      leaf({ seal: (it) => bits(concat(it.subarray(0, -1), hex('80')), 7) }),
      'MALFORMED_CERTIFICATE',
    ],
    ['a signature that is no DER', leaf({ seal: () => bits(hex('3000')) }), 'BROKEN_CHAIN'],
    ['an empty signature', leaf({ seal: () => bits(new Uint8Array()) }), 'BROKEN_CHAIN'],
    ['a signature as BIT STRING without bits', leaf({ seal: () => hex('0300') }), 'MALFORMED_CERTIFICATE'],
    ['a signature with a byte behind', leaf({ seal: (it) => bits(concat(it, hex('00'))) }), 'BROKEN_CHAIN'],

    ['UTCTime of 1950', utc('500101000000Z'), 'accepted'],
    ['UTCTime of 2049', utc('491231235959Z'), 'NOT_YET_VALID'],
    ['UTCTime without seconds', utc('2601030000Z'), 'MALFORMED_CERTIFICATE'],
    ['UTCTime of another zone', utc('260103000000+0100'), 'MALFORMED_CERTIFICATE'],
    ['UTCTime without zone', utc('260103000000'), 'MALFORMED_CERTIFICATE'],
    ['UTCTime of letters', utc('26010300000xZ'), 'MALFORMED_CERTIFICATE'],
    ['30 February', utc('250230000000Z'), 'MALFORMED_CERTIFICATE'],
    ['29 February of 2023', utc('230229000000Z'), 'MALFORMED_CERTIFICATE'],
    ['29 February of 2024', utc('240229000000Z'), 'accepted'],
    ['month 13', utc('251301000000Z'), 'MALFORMED_CERTIFICATE'],
    ['hour 24', utc('250101240000Z'), 'MALFORMED_CERTIFICATE'],
    ['second 60', utc('250101000060Z'), 'MALFORMED_CERTIFICATE'],
    ['GeneralizedTime of 2054', general('20541206075525Z'), 'accepted'],
    ['GeneralizedTime of 2025', general('20251206075525Z'), 'EXPIRED'],
    ['GeneralizedTime with a fraction', general('20541206075525.5Z'), 'MALFORMED_CERTIFICATE'],
    ['GeneralizedTime as ISO 8601', general('2054-12-06T07:55:25.000Z'), 'MALFORMED_CERTIFICATE'],
    ['a time that is text', leaf({ notAfter: time(0x0c, '20541206075525Z') }), 'MALFORMED_CERTIFICATE'],

    [
      'an extension that is not critical',
      extensions(basic, digitalSignature, extension('2.5.29.37', false, hex('3000'))),
      'accepted',
    ],
    [
      'one that is',
      extensions(basic, digitalSignature, extension('2.5.29.37', true, hex('3000'))),
      'UNKNOWN_CRITICAL_EXTENSION',
    ],
    [
      'one that is, in an authority',
      zonal({ extensions: [constraints(isTrue), certSign, extension('2.5.29.30', true, hex('3000'))] }),
      'UNKNOWN_CRITICAL_EXTENSION',
    ],
    [
      'one that says it is not',
      extensions(basic, digitalSignature, sequence(oid('2.5.29.37'), hex('010100'), octets(hex('3000')))),
      'MALFORMED_CERTIFICATE',
    ],
    [
      'one critical in another way',
      extensions(basic, digitalSignature, sequence(oid('2.5.29.37'), hex('010101'), octets(hex('3000')))),
      'MALFORMED_CERTIFICATE',
    ],
    [
      'one of four members',
      extensions(basic, digitalSignature, sequence(oid('2.5.29.37'), isTrue, octets(hex('3000')), hex('0500'))),
      'MALFORMED_CERTIFICATE',
    ],
    ['key usage twice', extensions(basic, digitalSignature, certSign), 'MALFORMED_CERTIFICATE'],
    ['basic constraints twice', extensions(basic, constraints(isTrue), digitalSignature), 'MALFORMED_CERTIFICATE'],
    [
      'an extension without value',
      extensions(basic, digitalSignature, sequence(oid('2.5.29.37'))),
      'MALFORMED_CERTIFICATE',
    ],
    [
      'basic constraints that say false',
      extensions(constraints(hex('010100')), digitalSignature),
      'MALFORMED_CERTIFICATE',
    ],
    ['a leaf with a path length', extensions(constraints(pathLength(0)), digitalSignature), 'MALFORMED_CERTIFICATE'],
    [
      'basic constraints with more',
      extensions(extension('2.5.29.19', true, hex('30000500')), digitalSignature),
      'MALFORMED_CERTIFICATE',
    ],
    [
      'key usage with more',
      extensions(basic, extension('2.5.29.15', true, hex('030206c00500'))),
      'MALFORMED_CERTIFICATE',
    ],
    [
      'key usage with bits that do not count',
      extensions(basic, extension('2.5.29.15', true, hex('030206e0'))),
      'MALFORMED_CERTIFICATE',
    ],
    [
      'key usage without the bits that do not count',
      extensions(basic, extension('2.5.29.15', true, hex('030107'))),
      'MALFORMED_CERTIFICATE',
    ],
    [
      'key usage with 8 unused bits',
      extensions(basic, extension('2.5.29.15', true, hex('03020800'))),
      'MALFORMED_CERTIFICATE',
    ],
    [
      'a negative path length',
      zonal({ extensions: [constraints(isTrue, hex('020180')), certSign] }),
      'MALFORMED_CERTIFICATE',
    ],
    ['a path length of 127', zonal({ extensions: [constraints(isTrue, pathLength(127)), certSign] }), 'accepted'],
    [
      'a path length of 256',
      zonal({ extensions: [constraints(isTrue, hex('02020100')), certSign] }),
      'MALFORMED_CERTIFICATE',
    ],
    [
      'an empty path length',
      zonal({ extensions: [constraints(isTrue, hex('0200')), certSign] }),
      'MALFORMED_CERTIFICATE',
    ],
  ])
})

describe('the chain', () => {
  const own = { subject: nameOf('mine'), issuer: nameOf('mine'), key: spkiOf(keys.stranger), signer: keys.stranger }
  const strangersRoot = makeCertificate('root', own)
  const withRoot = (certificate: Uint8Array, ...rest: readonly Uint8Array[]) =>
    fields({ cabundle: [certificate, ...rest] })
  const [top, middle] = [makeCertificate('regional'), makeCertificate('zonal')]
  /** A third authority below the two, for which the zonal one issues and which issues for the leaf. */
  const deeper = (limits: { root?: Uint8Array; regional?: Uint8Array[]; zonal?: Uint8Array[] }): DocumentParts => ({
    fields: {
      cabundle: [
        rootCertificate,
        makeCertificate(
          'regional',
          limits.regional ? { extensions: [constraints(isTrue, ...limits.regional), certSign] } : {},
        ),
        makeCertificate('zonal', limits.zonal ? { extensions: [constraints(isTrue, ...limits.zonal), certSign] } : {}),
        makeCertificate('zonal', {
          subject: nameOf('deep'),
          issuer: nameOf('zonal'),
          signer: keys.zonal,
          key: spkiOf(keys.stranger),
        }),
      ],
      certificate: makeCertificate('leaf', { issuer: nameOf('deep'), signer: keys.stranger }),
    },
  })
  const turned = fingerprint(rootCertificate).map((byte) => byte ^ 1)
  verdicts([
    ['another root', {}, 'WRONG_ROOT', { root: turned }],
    ['a root by a shorter name', {}, 'WRONG_ROOT', { root: fingerprint(rootCertificate).subarray(0, 20) }],
    ['a chain of a stranger', withRoot(strangersRoot), 'WRONG_ROOT'],
    ['the same root, signed again', withRoot(makeCertificate('root'), top, middle), 'WRONG_ROOT'],
    ['no root in the bundle', withRoot(top, middle), 'WRONG_ROOT'],
    ['the bundle in reverse', withRoot(middle, top, rootCertificate), 'WRONG_ROOT'],

    ['an authority missing', withRoot(rootCertificate, middle), 'BROKEN_CHAIN'],
    ['authorities in another order', withRoot(rootCertificate, middle, top), 'PATH_TOO_LONG'],
    [
      'authorities in another order, which have no limit',
      {
        fields: {
          cabundle: [
            rootCertificate,
            makeCertificate('zonal', { extensions: [constraints(isTrue), certSign] }),
            makeCertificate('regional', { extensions: [constraints(isTrue), certSign] }),
          ],
        },
      },
      'BROKEN_CHAIN',
    ],
    ['the root and a stranger below it', regional({ signer: keys.stranger }), 'BROKEN_CHAIN'],
    ['an authority that a stranger signed', zonal({ signer: keys.stranger }), 'BROKEN_CHAIN'],
    ['a leaf that a stranger signed', leaf({ signer: keys.stranger }), 'BROKEN_CHAIN'],
    ['a leaf that the root signed', leaf({ signer: keys.root }), 'BROKEN_CHAIN'],
    ['an authority of another issuer', zonal({ issuer: nameOf('other') }), 'BROKEN_CHAIN'],
    ['a leaf of another issuer', leaf({ issuer: nameOf('other') }), 'BROKEN_CHAIN'],
    ['an issuer by another spelling', leaf({ issuer: nameOf('Zonal') }), 'BROKEN_CHAIN'],
    [
      'an authority whose key is off the curve',
      zonal({ key: spkiOf(keys.zonal).map((byte, n) => (n === 119 ? byte ^ 1 : byte)) }),
      'BROKEN_CHAIN',
    ],
    [
      'the root alone above the leaf',
      {
        fields: {
          cabundle: [rootCertificate],
          certificate: makeCertificate('leaf', { issuer: nameOf('root'), signer: keys.root }),
        },
      },
      'accepted',
    ],
    [
      'a leaf that is the root',
      { fields: { cabundle: [rootCertificate], certificate: rootCertificate }, signer: keys.root },
      'LEAF_IS_A_CA',
    ],

    ['an authority that is none', zonal({ extensions: [constraints(), certSign] }), 'NOT_A_CA'],
    ['an authority that says nothing', zonal({ extensions: [certSign] }), 'NOT_A_CA'],
    ['a root that is no authority', root({ extensions: [constraints(), certSign] }), 'NOT_A_CA'],
    ['a leaf that is an authority', leaf({ extensions: [constraints(isTrue), usage(0x84, 2)] }), 'LEAF_IS_A_CA'],
    ['a leaf that says nothing', leaf({ extensions: [digitalSignature] }), 'accepted'],

    ['one authority too many, says the last', deeper({ regional: [pathLength(2)] }), 'PATH_TOO_LONG'],
    ['one authority too many, says the first', deeper({ zonal: [pathLength(1)] }), 'PATH_TOO_LONG'],
    [
      'three authorities where that many may be',
      deeper({ regional: [pathLength(2)], zonal: [pathLength(1)] }),
      'accepted',
    ],
    ['three authorities without limit', deeper({ regional: [], zonal: [] }), 'accepted'],
    ['a root that allows one', root({ extensions: [constraints(isTrue, pathLength(1)), certSign] }), 'PATH_TOO_LONG'],
    ['a root that allows two', root({ extensions: [constraints(isTrue, pathLength(2)), certSign] }), 'accepted'],

    ['a root that may not certify', root({ extensions: [constraints(isTrue), usage(0x82, 1)] }), 'KEY_USAGE'],
    ['an authority that may not certify', zonal({ extensions: [constraints(isTrue), digitalSignature] }), 'KEY_USAGE'],
    ['an authority that may only certify', zonal({ extensions: [constraints(isTrue), usage(0x04, 2)] }), 'accepted'],
    ['an authority without key usage', zonal({ extensions: [constraints(isTrue)] }), 'KEY_USAGE'],
    ['a leaf that may not sign', leaf({ extensions: [constraints(), usage(0x40, 6)] }), 'KEY_USAGE'],
    ['a leaf that may only certify', leaf({ extensions: [constraints(), usage(0x04, 2)] }), 'KEY_USAGE'],
    ['a leaf that may only encipher', leaf({ extensions: [constraints(), usage(0x01)] }), 'KEY_USAGE'],
    ['an authority that may only encipher', zonal({ extensions: [constraints(isTrue), usage(0x01)] }), 'KEY_USAGE'],
    ['a leaf without key usage', leaf({ extensions: [constraints()] }), 'KEY_USAGE'],
    [
      'a leaf with empty key usage',
      leaf({ extensions: [constraints(), extension('2.5.29.15', true, hex('030100'))] }),
      'KEY_USAGE',
    ],
    [
      'key usage of nine bits',
      leaf({ extensions: [constraints(), extension('2.5.29.15', true, hex('0303078080'))] }),
      'accepted',
    ],
  ])
})

describe('the times', () => {
  const early = (name: 'root' | 'regional' | 'zonal' | 'leaf'): DocumentParts => ({
    chain: { [name]: { notBefore: utcTime(notBeforeMs + 1000), notAfter: utcTime(notAfterMs - 1000) } },
  })
  verdicts([
    ['the first moment', {}, 'accepted', { at: notBeforeMs }],
    ['a moment before', {}, 'NOT_YET_VALID', { at: notBeforeMs - 1 }],
    ['the last moment', {}, 'accepted', { at: notAfterMs }],
    ['a moment after', {}, 'EXPIRED', { at: notAfterMs + 1 }],
    ['no number', {}, 'NOT_YET_VALID', { at: Number.NaN }],
    ['no end', {}, 'EXPIRED', { at: Number.POSITIVE_INFINITY }],
    ...(['root', 'regional', 'zonal', 'leaf'] as const).flatMap((name): Row[] => [
      [`${name} begins`, early(name), 'accepted', { at: notBeforeMs + 1000 }],
      [`${name} has not begun`, early(name), 'NOT_YET_VALID', { at: notBeforeMs + 999 }],
      [`${name} ends`, early(name), 'accepted', { at: notAfterMs - 1000 }],
      [`${name} has ended`, early(name), 'EXPIRED', { at: notAfterMs - 999 }],
    ]),
    ['its own time', {}, 'accepted', { at: 'document' }],
    ['its own time, before the leaf', fields({ timestamp: notBeforeMs - 1 }), 'NOT_YET_VALID', { at: 'document' }],
    ['its own time, after the leaf', fields({ timestamp: notAfterMs + 1 }), 'EXPIRED', { at: 'document' }],
    ['a time of its own that is not asked for', fields({ timestamp: notAfterMs + 1 }), 'accepted'],
  ])
})

describe('the signature', () => {
  const order = 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n
  const scalar = (value: bigint): Uint8Array => hex(value.toString(16).padStart(96, '0'))
  const value = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
  const twin = (it: Uint8Array): Uint8Array => concat(it.subarray(0, 48), scalar(order - value(it.subarray(48))))
  const replaced = (change: (it: Uint8Array) => Uint8Array): DocumentParts => ({
    signature: (it) => encodeCbor(change(it)),
  })
  const flipped = (place: number): Uint8Array => plain.map((byte, n) => (n === place ? byte ^ 1 : byte))
  const userData = Buffer.from(plain).indexOf('user data')
  verdicts([
    ['of a stranger', { signer: keys.stranger }, 'COSE_SIGNATURE'],
    ['of an authority', { signer: keys.zonal }, 'COSE_SIGNATURE'],
    ['over another payload', flipped(userData), 'COSE_SIGNATURE'],
    ['with another last bit', flipped(plain.length - 1), 'COSE_SIGNATURE'],
    ['of zeros', replaced(() => new Uint8Array(96)), 'COSE_SIGNATURE'],
    ['with r and s changed round', replaced((it) => concat(it.subarray(48), it.subarray(0, 48))), 'COSE_SIGNATURE'],
    ['with s above the order', replaced((it) => concat(it.subarray(0, 48), scalar(order))), 'COSE_SIGNATURE'],
    // ECDSA has it so, and neither standard forbids it: the two say the same, under the same key.
    ['in the one form', plain, 'accepted'],
    ['in the other form', concat(plain.subarray(0, -96), twin(plain.subarray(-96))), 'accepted'],
    [
      'of a key off the curve',
      leaf({ key: spkiOf(keys.leaf).map((byte, n) => (n === 119 ? byte ^ 1 : byte)) }),
      'COSE_SIGNATURE',
    ],
  ])
})

describe('the expectations', () => {
  const zero = new Uint8Array(48)
  const zeroAt = (...registers: readonly number[]): DocumentParts =>
    fields({ pcrs: new Map([...imageOf(1).entries()].map(([n, pcr]) => [n, registers.includes(n) ? zero : pcr])) })
  const one = (place: number): Measurement => imageOf(1).map((pcr, n) => (n === place ? imageOf(9)[0] : pcr)) as never
  const zeros: Measurement = [zero, zero, zero]
  const nothing = fields({ nonce: null, user_data: null })
  verdicts([
    ['debug mode', zeroAt(0, 1, 2), 'DEBUG_MODE'],
    ...[0, 1, 2].map((register): Row => [`PCR${register} zero`, zeroAt(register), 'DEBUG_MODE']),
    ['debug mode, even where zeros are trusted', zeroAt(0, 1, 2), 'DEBUG_MODE', { measurements: [zeros] }],
    [
      'a short zero',
      fields({ pcrs: new Map([[0, new Uint8Array(32)], ...[...imageOf(1).entries()].slice(1)]) }),
      'DEBUG_MODE',
    ],
    ['one of two trusted images', {}, 'accepted', { measurements: [imageOf(20), imageOf(1)] }],
    ['another image', {}, 'WRONG_PCR', { measurements: [imageOf(20)] }],
    ['no trusted image', {}, 'WRONG_PCR', { measurements: [] }],
    ...[0, 1, 2].map((place): Row => [`another PCR${place}`, {}, 'WRONG_PCR', { measurements: [one(place)] }]),
    ['registers of two images', {}, 'WRONG_PCR', { measurements: [one(0), one(1), one(2)] }],
    ['the right nonce', {}, 'accepted', { nonce: Buffer.from('nonce') }],
    ['another nonce', {}, 'WRONG_NONCE', { nonce: Buffer.from('Nonce') }],
    ['a longer nonce', {}, 'WRONG_NONCE', { nonce: Buffer.from('nonce\0') }],
    ['a shorter nonce', {}, 'WRONG_NONCE', { nonce: Buffer.from('non') }],
    ['an empty nonce', {}, 'WRONG_NONCE', { nonce: new Uint8Array() }],
    ['no nonce', nothing, 'WRONG_NONCE', { nonce: Buffer.from('nonce') }],
    ['no nonce where an empty one is expected', nothing, 'WRONG_NONCE', { nonce: new Uint8Array() }],
    ['the right user data', {}, 'accepted', { userData: Buffer.from('user data') }],
    ['other user data', {}, 'WRONG_USER_DATA', { userData: Buffer.from('nonce') }],
    ['no user data', nothing, 'WRONG_USER_DATA', { userData: Buffer.from('user data') }],
    ['no user data where empty ones are expected', nothing, 'WRONG_USER_DATA', { userData: new Uint8Array() }],
  ])
})

describe('the order', () => {
  const all: DocumentParts = { ...fields({ pcrs: new Map([...imageOf(0).entries()]) }), signer: keys.stranger }
  const wrong = { nonce: hex('00'), userData: hex('00'), measurements: [] }
  verdicts([
    ['a root before a time', all, 'WRONG_ROOT', { ...wrong, at: 0, root: new Uint8Array(32) }],
    ['a time before a signature', all, 'NOT_YET_VALID', { ...wrong, at: 0 }],
    ['a signature before debug mode', all, 'COSE_SIGNATURE', wrong],
    ['debug mode before a measurement', { ...all, signer: keys.leaf }, 'DEBUG_MODE', wrong],
    ['a measurement before a nonce', {}, 'WRONG_PCR', wrong],
    ['a nonce before user data', {}, 'WRONG_NONCE', { nonce: hex('00'), userData: hex('00') }],
  ])
})

test('every code of the list is tripped above', () => {
  expect([...tripped].sort()).toEqual([...rejectionCodes, 'accepted'].sort())
})
