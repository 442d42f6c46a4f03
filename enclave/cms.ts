/**
 * Opens `CiphertextForRecipient`: the CMS EnvelopedData (RFC 5652, section 6) with which AWS KMS answers an enclave, and
 * no other. One recipient, named by a subject key identifier; RSAES-OAEP with SHA-256 around an AES-256-CBC key. KMS
 * writes BER, in part with indefinite lengths; content in one piece, or in OCTET STRINGs of a thousand bytes.
 *
 * Nothing is believed because it could be opened: the host sees the public key too, and can encrypt to it what it likes.
 */
import { constants, createDecipheriv, type KeyObject, privateDecrypt } from 'node:crypto'
import { refuse } from '../ledger/refusal.ts'

/** KMS encrypts at most 6,144 bytes at a time; a shared secret has 48. */
const blobBytesMax = 8192
const keyIdentifierBytes = 32
const wrappedKeyBytes = 256 // RSA-2048
const ivBytes = 16

const tag = { octets: 0x04, sequence: 0x30, set: 0x31, primitive0: 0x80, constructed0: 0xa0 } as const

const bytesOf = (hex: string): Uint8Array => Buffer.from(hex, 'hex')
const envelopedData = bytesOf('06092a864886f70d010703')
const plainData = bytesOf('06092a864886f70d010701')
const version2 = bytesOf('020102')
/** RSAES-OAEP, SHA-256, MGF1 with SHA-256 (RFC 4055, section 4). */
const rsaesOaep = bytesOf(
  '303c06092a864886f70d010107302fa00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500',
)
const aes256Cbc = bytesOf('060960864801650304012a')

/** What is inside, still encrypted. */
export interface Enveloped {
  readonly encryptedKey: Uint8Array
  readonly iv: Uint8Array
  readonly ciphertext: Uint8Array
}

/** @throws Refusal `CIPHERTEXT_MALFORMED` naming the byte */
export function readEnveloped(untrusted: Uint8Array): Enveloped {
  if (untrusted.length > blobBytesMax) refuseAt(blobBytesMax)
  const ber = createReader(untrusted)
  const read = ber.within(tag.sequence, () => {
    ber.expect(envelopedData)
    return ber.within(tag.constructed0, () => ber.within(tag.sequence, () => readBody(ber)))
  })
  if (!ber.isAtEnd()) refuseAt(ber.at())
  return read
}

function readBody(ber: Reader): Enveloped {
  ber.expect(version2)
  const encryptedKey = ber.within(tag.set, () => ber.within(tag.sequence, () => readRecipient(ber)))
  return { encryptedKey, ...ber.within(tag.sequence, () => readContent(ber)) }
}

function readRecipient(ber: Reader): Uint8Array {
  ber.expect(version2)
  ber.primitive(tag.primitive0, keyIdentifierBytes) // whose key: there is only one that could open it
  ber.expect(rsaesOaep)
  return ber.primitive(tag.octets, wrappedKeyBytes)
}

function readContent(ber: Reader): Pick<Enveloped, 'iv' | 'ciphertext'> {
  ber.expect(plainData)
  const iv = ber.within(tag.sequence, () => {
    ber.expect(aes256Cbc)
    return ber.primitive(tag.octets, ivBytes)
  })
  if (ber.isNext(tag.primitive0)) return { iv, ciphertext: ber.primitive(tag.primitive0) }
  const pieces: Uint8Array[] = []
  ber.within(tag.constructed0, () => {
    while (ber.isNext(tag.octets)) pieces.push(ber.primitive(tag.octets))
  })
  return { iv, ciphertext: Buffer.concat(pieces) }
}

/** The content, decrypted. @throws Refusal `CIPHERTEXT_MALFORMED`, `CIPHERTEXT_FOREIGN` where it is for another key */
export function openEnveloped(untrusted: Uint8Array, key: KeyObject): Uint8Array {
  const { encryptedKey, iv, ciphertext } = readEnveloped(untrusted)
  try {
    const padding = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }
    const contentKey = privateDecrypt({ key, ...padding }, encryptedKey)
    const decipher = createDecipheriv('aes-256-cbc', contentKey, iv)
    return Buffer.concat([decipher.update(ciphertext), decipher.final()])
  } catch {
    // One answer for whatever failed: an oracle of paddings would open what was meant for this key.
    return refuseForeign()
  }
}

type Reader = ReturnType<typeof createReader>

/** Takes BER in the order in which the caller expects it. Lengths are in their shortest form, or indefinite around others. */
function createReader(bytes: Uint8Array) {
  let at = 0
  let end = bytes.length

  const take = (length: number): Uint8Array => {
    if (length > end - at) refuseAt(at)
    at += length
    return bytes.subarray(at - length, at)
  }
  const expect = (wanted: Uint8Array): void => {
    if (Buffer.compare(take(wanted.length), wanted) !== 0) refuseAt(at - wanted.length)
  }
  /** Takes tag and length; undefined is indefinite. */
  const open = (wanted: number): number | undefined => {
    expect(Uint8Array.of(wanted))
    const [first = 0] = take(1)
    if (first < 0x80) return first
    if (first === 0x80) return undefined
    const length = first <= 0x82 ? take(first - 0x80).reduce((sum, byte) => sum * 256 + byte, 0) : 0
    return length >= (first === 0x81 ? 0x80 : 0x100) ? length : refuseAt(at)
  }

  return {
    at: () => at,
    isAtEnd: () => at === end,
    isNext: (wanted: number) => at < end && bytes[at] === wanted,
    expect,
    /** The content of a primitive element, of exactly `length` bytes where that is given. */
    primitive(wanted: number, length?: number): Uint8Array {
      const actual = open(wanted)
      if (actual === undefined || (length !== undefined && actual !== length)) return refuseAt(at)
      return take(actual)
    },
    /** What `read` makes of a constructed element, which it must take whole. */
    within<T>(wanted: number, read: () => T): T {
      const length = open(wanted)
      const outerEnd = end
      if (length !== undefined) end = at + length <= end ? at + length : refuseAt(at)
      const value = read()
      if (length === undefined) expect(Uint8Array.of(0, 0))
      else if (at !== end) refuseAt(at)
      end = outerEnd
      return value
    },
  }
}

const refuseAt = (byte: number): never =>
  refuse('CIPHERTEXT_MALFORMED', 'this is not the CMS in which KMS answers an enclave', { byte })

const refuseForeign = (): never =>
  refuse('CIPHERTEXT_FOREIGN', 'the ciphertext is not for the key of the last unwrap_request, or was altered')
