/** Reads X.509 certificates, version 3 (RFC 5280): those with a P-384 key, signed with ECDSA and SHA-384. */
import { equalBytes } from '@noble/curves/utils.js'
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { type Elements, malformed, readElements, tag } from './der.ts'
import { Rejection } from './rejection.ts'

export interface Certificate {
  /** What its issuer signed. */
  readonly signed: Uint8Array
  /** DER of r and s. */
  readonly signature: Uint8Array
  /** DER of the names: compared byte by byte, as AWS's certificate authority copies them. */
  readonly issuer: Uint8Array
  readonly subject: Uint8Array
  /** First and last millisecond at which it is valid. */
  readonly notBeforeMs: number
  readonly notAfterMs: number
  /** Uncompressed point, 97 bytes; not yet known to lie on the curve. */
  readonly publicKey: Uint8Array
  readonly isAuthority: boolean
  /** How many authorities may stand between it and a leaf. */
  readonly pathLength: number
  readonly maySignDocuments: boolean
  readonly maySignCertificates: boolean
}

const version3 = hexToBytes('a003020102')
const ecdsaWithSha384 = hexToBytes('300a06082a8648ce3d040303')
const publicKeyBytes = 97
/** SubjectPublicKeyInfo of P-384 up to the point's coordinates: id-ecPublicKey, secp384r1, no compression. */
const p384Prefix = hexToBytes('3076301006072a8648ce3d020106052b8104002203620004')
const basicConstraintsId = '551d13'
const keyUsageId = '551d0f'
const digitalSignatureBit = 0x80
const keyCertSignBit = 0x04

/** @throws Rejection `MALFORMED_CERTIFICATE` or `UNKNOWN_CRITICAL_EXTENSION` */
export function readCertificate(der: Uint8Array): Certificate {
  return within(der, (members) => {
    const body = members.next(tag.sequence)
    expect(members.next(tag.sequence).whole, ecdsaWithSha384, 'its algorithm')
    const { bytes, unused } = bits(members)
    if (unused !== 0) throw malformed('its signature is not whole bytes')
    return { signed: body.whole, signature: bytes, ...readElements(body.content, readBody) }
  })
}

function readBody(body: Elements) {
  expect(body.next(tag.member0).whole, version3, 'its version')
  body.next(tag.integer) // the serial number, by which a revocation list would name it
  expect(body.next(tag.sequence).whole, ecdsaWithSha384, 'its algorithm')
  const issuer = body.next(tag.sequence).whole
  const validity = readElements(body.next(tag.sequence).content, (times) => ({
    notBeforeMs: time(times),
    notAfterMs: time(times),
  }))
  const subject = body.next(tag.sequence).whole
  const publicKeyInfo = body.next(tag.sequence).whole
  const publicKey = publicKeyInfo.subarray(-publicKeyBytes)
  expect(publicKeyInfo.subarray(0, p384Prefix.length), p384Prefix, 'its key')
  return { issuer, ...validity, subject, publicKey, ...uses(within(body.next(tag.member3).content, extensions)) }
}

/** Values by identifier. Whatever else is critical would have to be understood, and is not. */
function extensions(list: Elements): ReadonlyMap<string, Uint8Array> {
  const found = new Map<string, Uint8Array>()
  while (!list.isAtEnd()) {
    const { id, isCritical, value } = readElements(list.next(tag.sequence).content, (members) => ({
      id: bytesToHex(members.next(tag.objectIdentifier).content),
      isCritical: isTrue(members),
      value: members.next(tag.octetString).content,
    }))
    if (found.has(id)) throw malformed('an extension that is there twice')
    if (isCritical && id !== basicConstraintsId && id !== keyUsageId)
      throw new Rejection('UNKNOWN_CRITICAL_EXTENSION', `a certificate has the critical extension ${id}`)
    found.set(id, value)
  }
  return found
}

/** Without basicConstraints it is no authority; without keyUsage it may sign nothing. */
function uses(values: ReadonlyMap<string, Uint8Array>) {
  const constraints = values.get(basicConstraintsId)
  const keyUsage = values.get(keyUsageId)
  const [usage = 0] = keyUsage ? readElements(keyUsage, bits).bytes : []
  return {
    ...(constraints ? within(constraints, authority) : { isAuthority: false, pathLength: 0 }),
    maySignDocuments: (usage & digitalSignatureBit) !== 0,
    maySignCertificates: (usage & keyCertSignBit) !== 0,
  }
}

function authority(members: Elements): Pick<Certificate, 'isAuthority' | 'pathLength'> {
  const isAuthority = isTrue(members)
  const length = isAuthority ? members.optional(tag.integer)?.content : undefined
  if (!length) return { isAuthority, pathLength: Number.POSITIVE_INFINITY }
  const [pathLength = 0x80] = length
  if (length.length !== 1 || pathLength >= 0x80) throw malformed('a path length that is not 0 to 127')
  return { isAuthority, pathLength }
}

/** A BOOLEAN that is false unless it is there; DER allows no other way to write either. */
function isTrue(members: Elements): boolean {
  const value = members.optional(tag.boolean)?.content
  if (value) expect(value, Uint8Array.of(0xff), 'a boolean')
  return value !== undefined
}

function bits(members: Elements): { bytes: Uint8Array; unused: number } {
  const [unused = 8, ...bytes] = members.next(tag.bitString).content
  if (unused > 7 || ((bytes.at(-1) ?? 0xff) & (2 ** unused - 1)) !== 0) throw malformed('bits that do not end well')
  return { bytes: Uint8Array.from(bytes), unused }
}

/** Years of two digits are 1950 to 2049 (RFC 5280, section 4.1.2.5.1). To the second, in UTC, or not at all. */
function time(members: Elements): number {
  const short = members.optional(tag.utcTime)
  const text = String.fromCharCode(...(short ?? members.next(tag.generalizedTime)).content)
  const full = short ? `${text < '50' ? 20 : 19}${text}` : text
  const iso = full.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6.000Z')
  const ms = Date.parse(iso)
  // Not rewritten: it did not have the form. And some engines read 30 February as 2 March.
  if (iso === full || Number.isNaN(ms) || new Date(ms).toISOString() !== iso)
    throw malformed('a time that does not exist')
  return ms
}

const within = <T>(der: Uint8Array, read: (members: Elements) => T): T =>
  readElements(der, (outer) => readElements(outer.next(tag.sequence).content, read))

function expect(actual: Uint8Array, wanted: Uint8Array, what: string): void {
  if (!equalBytes(actual, wanted)) throw malformed(what)
}
