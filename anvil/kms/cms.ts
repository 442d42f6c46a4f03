/** Writes `CiphertextForRecipient` byte for byte in the form of AWS KMS: what its own encoder leaves open, it leaves open too. */
import { constants, createCipheriv, createHash, type KeyObject, publicEncrypt, randomBytes } from 'node:crypto'
import { integer, octets, oid, sequence, set } from '../der.ts'

/** How content is written: KMS does both, which one it does is not documented. */
export type ContentForm = 'chunked' | 'primitive'

const chunkBytes = 1000
const endOfContents = Buffer.from([0, 0])
const version2 = integer(Buffer.from([2]))
const none = Buffer.from([5, 0])
const sha256 = sequence(oid('2.16.840.1.101.3.4.2.1'), none)
const mgf1WithSha256 = sequence(oid('1.2.840.113549.1.1.8'), sha256)
const rsaesOaep = sequence(
  oid('1.2.840.113549.1.1.7'),
  sequence(retag(0xa0, octets(sha256)), retag(0xa1, octets(mgf1WithSha256))),
)

/** CMS EnvelopedData (RFC 5652, section 6) of `plain` to one RSA key. */
export function writeEnveloped(plain: Uint8Array, recipient: KeyObject, form: ContentForm): Uint8Array {
  const [key, iv] = [randomBytes(32), randomBytes(16)]
  const cipher = createCipheriv('aes-256-cbc', key, iv)
  const ciphertext = Buffer.concat([cipher.update(plain), cipher.final()])
  const encryptedKey = publicEncrypt(
    { key: recipient, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' },
    key,
  )
  return indefinite(
    0x30,
    oid('1.2.840.113549.1.7.3'),
    indefinite(
      0xa0,
      indefinite(
        0x30,
        version2,
        set(sequence(version2, keyIdentifier(recipient), rsaesOaep, octets(encryptedKey))),
        indefinite(
          0x30,
          oid('1.2.840.113549.1.7.1'),
          sequence(oid('2.16.840.1.101.3.4.1.42'), octets(iv)),
          contentOf(ciphertext, form),
        ),
      ),
    ),
  )
}

function contentOf(ciphertext: Uint8Array, form: ContentForm): Uint8Array {
  if (form === 'primitive') return retag(0x80, octets(ciphertext))
  const count = Math.ceil(ciphertext.length / chunkBytes)
  const chunks = Array.from({ length: count }, (_, i) => ciphertext.subarray(i * chunkBytes, (i + 1) * chunkBytes))
  return indefinite(0xa0, ...chunks.map(octets))
}

/** Which 32 bytes KMS takes is not documented; readers need not look. */
const keyIdentifier = (recipient: KeyObject): Uint8Array =>
  retag(
    0x80,
    octets(
      createHash('sha256')
        .update(recipient.export({ format: 'der', type: 'spki' }))
        .digest(),
    ),
  )

/** The same length and content under another tag. */
function retag(tag: number, element: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from([tag]), element.subarray(1)])
}

const indefinite = (tag: number, ...content: readonly Uint8Array[]): Uint8Array =>
  Buffer.concat([Buffer.from([tag, 0x80]), ...content, endOfContents])
