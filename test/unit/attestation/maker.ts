/**
 * Makes attestation documents that are right in everything but what a test asks for. Each part can be replaced, and
 * whatever encloses it is signed again, so that a document fails for that part alone.
 */
import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { type Cbor, encodeCbor } from '../../../anvil/cbor.ts'
import { bits, explicit, integer, isTrue, octets, oid, sequence, set, utcTime, utf8String } from '../../../anvil/der.ts'
import { Rejection } from '../../../attestation/rejection.ts'
import { type AttestationExpectations, verifyAttestation } from '../../../attestation/verify.ts'

/** The time of all documents here: 2026-01-03T20:41:07.402Z. */
export const madeAtMs = Date.UTC(2026, 0, 3, 20, 41, 7, 402)
export const notBeforeMs = Date.UTC(2026, 0, 3, 20)
export const notAfterMs = Date.UTC(2026, 0, 3, 23)

const makeKey = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).privateKey
export const keys = { root: makeKey(), regional: makeKey(), zonal: makeKey(), leaf: makeKey(), stranger: makeKey() }

export const nameOf = (commonName: string): Uint8Array =>
  sequence(set(sequence(oid('2.5.4.3'), utf8String(commonName))))
export const spkiOf = (key: KeyObject): Uint8Array => createPublicKey(key).export({ format: 'der', type: 'spki' })
export const extension = (id: string, isCritical: boolean, value: Uint8Array): Uint8Array =>
  sequence(oid(id), ...(isCritical ? [isTrue] : []), octets(value))
export const constraints = (...members: readonly Uint8Array[]): Uint8Array =>
  extension('2.5.29.19', true, sequence(...members))
export const pathLength = (n: number): Uint8Array => integer(Buffer.from([n]))
export const usage = (byte: number, unused = 0): Uint8Array =>
  extension('2.5.29.15', true, bits(Buffer.from([byte]), unused))
export const ecdsaWithSha384 = sequence(oid('1.2.840.10045.4.3.3'))
export const certSign = usage(0x86, 1)
export const digitalSignature = usage(0x80, 7)

/** What a certificate is made of, each part as DER. */
export interface Link {
  readonly version: Uint8Array
  readonly serial: Uint8Array
  readonly innerAlgorithm: Uint8Array
  readonly issuer: Uint8Array
  readonly notBefore: Uint8Array
  readonly notAfter: Uint8Array
  readonly subject: Uint8Array
  readonly key: Uint8Array
  readonly extensions: readonly Uint8Array[]
  /** Behind the extensions, and behind the signature. */
  readonly more: readonly Uint8Array[]
  readonly last: readonly Uint8Array[]
  readonly outerAlgorithm: Uint8Array
  readonly signer: KeyObject
  /** The BIT STRING of the signature, from its DER. */
  readonly seal: (signature: Uint8Array) => Uint8Array
}

function link(subject: keyof typeof keys, issuer: keyof typeof keys, extensions: readonly Uint8Array[]): Link {
  return {
    version: explicit(0, integer(Buffer.from([2]))),
    serial: integer(Buffer.from([1, 2, 3])),
    innerAlgorithm: ecdsaWithSha384,
    issuer: nameOf(issuer),
    notBefore: utcTime(notBeforeMs),
    notAfter: utcTime(notAfterMs),
    subject: nameOf(subject),
    key: spkiOf(keys[subject]),
    extensions,
    more: [],
    last: [],
    outerAlgorithm: ecdsaWithSha384,
    signer: keys[issuer],
    seal: (signature) => bits(signature),
  }
}

/** The shape of AWS's chain: a root without limit, two authorities that count down, a leaf. */
const links = {
  root: link('root', 'root', [constraints(isTrue), certSign]),
  regional: link('regional', 'root', [constraints(isTrue, pathLength(1)), certSign]),
  zonal: link('zonal', 'regional', [constraints(isTrue, pathLength(0)), certSign]),
  leaf: link('leaf', 'zonal', [constraints(), usage(0xc0, 6)]),
}
export type LinkName = keyof typeof links
export type ChainChanges = Partial<Record<LinkName, Partial<Link>>>

/** A certificate of that place in the chain, with these parts replaced. */
export function makeCertificate(name: LinkName, changes: Partial<Link> = {}): Uint8Array {
  const it = { ...links[name], ...changes }
  const body = sequence(
    it.version,
    it.serial,
    it.innerAlgorithm,
    it.issuer,
    sequence(it.notBefore, it.notAfter),
    it.subject,
    it.key,
    explicit(3, sequence(...it.extensions)),
    ...it.more,
  )
  return sequence(body, it.outerAlgorithm, it.seal(sign('sha384', body, it.signer)), ...it.last)
}

export const imageOf = (seed: number): [Uint8Array, Uint8Array, Uint8Array] => [
  new Uint8Array(48).fill(seed),
  new Uint8Array(48).fill(seed + 1),
  new Uint8Array(48).fill(seed + 2),
]

/** Made once: ECDSA signs anew each time, and a pinned root is a hash. */
export const rootCertificate = makeCertificate('root')
export const fingerprint = (certificate: Uint8Array): Uint8Array => createHash('sha256').update(certificate).digest()

export type Fields = Record<string, Cbor | undefined>

/** The payload's fields in AWS's order; undefined leaves one out. */
export function makeFields(changes: Fields = {}, chain: ChainChanges = {}): Map<string, Cbor> {
  const fields: Fields = {
    module_id: 'i-0123456789abcdef0-enc0123456789abcdef',
    digest: 'SHA384',
    timestamp: madeAtMs,
    pcrs: new Map([...imageOf(1), ...new Array(13).fill(new Uint8Array(48))].entries()),
    certificate: makeCertificate('leaf', chain.leaf),
    cabundle: bundle(rootCertificate, chain),
    public_key: null,
    user_data: Buffer.from('user data'),
    nonce: Buffer.from('nonce'),
    ...changes,
  }
  return new Map(Object.entries(fields).filter((entry): entry is [string, Cbor] => entry[1] !== undefined))
}

const bundle = (root: Uint8Array, chain: ChainChanges = {}): Uint8Array[] => [
  root,
  makeCertificate('regional', chain.regional),
  makeCertificate('zonal', chain.zonal),
]

export interface DocumentParts {
  readonly chain?: ChainChanges
  readonly fields?: Fields
  /** In place of the encoding of the fields. */
  readonly payload?: Uint8Array
  readonly header?: Uint8Array
  /** CBOR, like the two below. */
  readonly unprotectedHeader?: Uint8Array
  readonly signature?: (signature: Uint8Array) => Uint8Array
  readonly payloadItem?: (payload: Uint8Array) => Uint8Array
  readonly signer?: KeyObject
}

export const es384Header = Buffer.from('a1013822', 'hex')

/** A document, COSE_Sign1 without tag. */
export function makeDocument(parts: DocumentParts = {}): Uint8Array {
  const payload = parts.payload ?? encodeCbor(makeFields(parts.fields, parts.chain))
  const header = parts.header ?? es384Header
  const toBeSigned = encodeCbor(['Signature1', header, new Uint8Array(), payload])
  const signature = sign('sha384', toBeSigned, { key: parts.signer ?? keys.leaf, dsaEncoding: 'ieee-p1363' })
  return Buffer.concat([
    Buffer.from([0x84]),
    encodeCbor(header),
    parts.unprotectedHeader ?? encodeCbor(new Map()),
    (parts.payloadItem ?? encodeCbor)(payload),
    (parts.signature ?? encodeCbor)(signature),
  ])
}

/** The verdict on a document made of these parts, under the root that it brings along: a code, or `accepted`. */
export function judge(parts: DocumentParts | Uint8Array, expected: Partial<AttestationExpectations> = {}): string {
  const changedRoot = parts instanceof Uint8Array ? undefined : parts.chain?.root
  const root = changedRoot ? makeCertificate('root', changedRoot) : rootCertificate
  const document =
    parts instanceof Uint8Array
      ? parts
      : makeDocument(
          changedRoot ? { ...parts, fields: { cabundle: bundle(root, parts.chain), ...parts.fields } } : parts,
        )
  return verdict(document, { at: madeAtMs, root: fingerprint(root), ...expected })
}

/** A code, or `accepted`; whatever else is thrown passes through. */
export function verdict(document: Uint8Array, expected: AttestationExpectations): string {
  try {
    verifyAttestation(document, expected)
    return 'accepted'
  } catch (error) {
    if (error instanceof Rejection) return error.code
    throw error
  }
}
