/** Reading what KMS sends: its own blobs, those of the stand-in in both forms, and everything that is neither. */
import { spawnSync } from 'node:child_process'
import { constants, generateKeyPairSync, publicEncrypt, randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { ContentInfo, EnvelopedData } from 'pkijs'
import { describe, expect, test } from 'vitest'
import { type ContentForm, writeEnveloped } from '../../../anvil/kms/cms.ts'
import { openEnveloped, readEnveloped } from '../../../enclave/cms.ts'
import type { Refusal } from '../../../ledger/refusal.ts'

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const forms: ContentForm[] = ['chunked', 'primitive']
const sizes = [0, 1, 16, 32, 48, 66, 983, 984, 1000, 2500, 6144]

const coded = (code: string) => expect.objectContaining({ name: 'Refusal', code })
const malformed = coded('CIPHERTEXT_MALFORMED')
const foreign = coded('CIPHERTEXT_FOREIGN')

function refusalOf(act: () => unknown): Refusal {
  try {
    act()
  } catch (error) {
    return error as Refusal
  }
  throw new Error('nothing was refused')
}

const folder = join(process.env.BURSAR_SHARED ?? join(import.meta.dirname, '../../../../shared'), 'vectors/kms-cms')
const hasVectors = existsSync(folder)
if (!hasVectors) console.log(`skipped: the blobs of AWS KMS are not in ${folder}`)

describe.skipIf(!hasVectors)('what AWS KMS sent', () => {
  const vector = (name: string): Buffer => readFileSync(join(folder, name))

  test('default', () => {
    const { encryptedKey, iv, ciphertext } = readEnveloped(vector('input_ber.bin'))
    expect(Buffer.from(encryptedKey)).toEqual(vector('encrypted_key_out.bin'))
    expect(Buffer.from(iv)).toEqual(vector('iv_out.bin'))
    expect(Buffer.from(ciphertext)).toEqual(vector('ciphertext_out.bin'))
  })

  test.each(['input_ber.bin', 'input_ber_w_ctx.bin', 'chunked_4112.ber'])(
    'behavior: %s is read as pkijs reads it',
    (name) => {
      const read = readEnveloped(vector(name))
      const oracle = oracleOf(vector(name))
      expect(Buffer.from(read.ciphertext)).toEqual(oracle.ciphertext)
      expect(Buffer.from(read.encryptedKey)).toEqual(oracle.encryptedKey)
      expect(() => openEnveloped(vector(name), privateKey)).toThrow(foreign)
    },
  )

  test('behavior: the stand-in writes the same bytes around other keys', () => {
    const [theirs, ours] = [vector('input_ber.bin'), writeEnveloped(randomBytes(32), publicKey, 'chunked')]
    const random = [
      [33, 65],
      [131, 387],
      [415, 431],
      [435, 483],
    ] as const
    for (const [from, to] of random) for (const blob of [theirs, ours]) blob.fill(0, from, to)
    expect(Buffer.from(ours)).toEqual(theirs)
  })
})

test.each(forms)('default: %s', (form) => {
  for (const size of sizes) {
    const plain = randomBytes(size)
    expect(Buffer.from(openEnveloped(writeEnveloped(plain, publicKey, form), privateKey))).toEqual(plain)
  }
})

test.each(forms)('behavior: openssl and pkijs open what we open, %s', async (form) => {
  const plain = randomBytes(2048)
  const blob = writeEnveloped(plain, publicKey, form)
  expect(openWithOpenssl(blob)).toEqual(plain)
  const data = new EnvelopedData({ schema: ContentInfo.fromBER(arrayBuffer(blob)).content })
  const key = arrayBuffer(privateKey.export({ format: 'der', type: 'pkcs8' }))
  expect(Buffer.from(await data.decrypt(0, { recipientPrivateKey: key }))).toEqual(plain)
})

test('error: another key', () => {
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 })
  expect(() => openEnveloped(writeEnveloped(randomBytes(48), other.publicKey, 'chunked'), privateKey)).toThrow(foreign)
})

test('error: a key that is no AES-256 key', () => {
  const blob = Buffer.from(writeEnveloped(randomBytes(48), publicKey, 'chunked'))
  const padding = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }
  const short = publicEncrypt({ key: publicKey, ...padding }, randomBytes(16))
  short.copy(blob, blob.indexOf(Buffer.from(readEnveloped(blob).encryptedKey)))
  expect(() => openEnveloped(blob, privateKey)).toThrow(foreign)
})

test.each(forms)('error: every truncation and whatever follows, %s', (form) => {
  const blob = writeEnveloped(randomBytes(48), publicKey, form)
  for (let length = 0; length < blob.length; length++) {
    const fault = refusalOf(() => readEnveloped(blob.subarray(0, length)))
    expect(fault).toEqual(malformed)
    expect(fault.facts.byte).toBeLessThanOrEqual(length) // what is not there is not read
  }
  expect(() => readEnveloped(Buffer.concat([blob, Buffer.of(0)]))).toThrow(malformed)
})

test('error: a key identifier of another length, with nothing behind it', () => {
  const blob = Buffer.from(writeEnveloped(randomBytes(48), publicKey, 'chunked'))
  const cut = Buffer.concat([blob.subarray(0, 33), blob.subarray(65)])
  cut.writeUInt8(5, 32)
  const set = blob.indexOf(Buffer.of(0x31, 0x82))
  for (const at of [set + 2, set + 6]) cut.writeUInt16BE(blob.readUInt16BE(at) - 32, at)
  expect(refusalOf(() => readEnveloped(cut))).toEqual(malformed)
})

test.each(forms)('error: every byte of the frame flipped, %s', (form) => {
  const blob = Buffer.from(writeEnveloped(randomBytes(48), publicKey, form))
  const { encryptedKey, iv, ciphertext } = readEnveloped(blob)
  const start = (part: Uint8Array) => blob.indexOf(Buffer.from(part))
  const free = [
    [33, 32],
    [start(encryptedKey), 256],
    [start(iv), 16],
    [start(ciphertext), 64],
  ] as const
  for (let at = 0; at < blob.length; at++) {
    const isFree = free.some(([from, length]) => at >= from && at < from + length)
    if (isFree) continue
    for (let bit = 0; bit < 8; bit++) {
      const flipped = Buffer.from(blob)
      flipped[at] = (flipped[at] as number) ^ (1 << bit)
      expect(() => readEnveloped(flipped), `byte ${at}, bit ${bit}`).toThrow(malformed)
    }
  }
})

test('error: an encrypted key or padding that was altered', () => {
  const blob = Buffer.from(writeEnveloped(randomBytes(48), publicKey, 'chunked'))
  const { encryptedKey, ciphertext } = readEnveloped(blob)
  for (const part of [encryptedKey, ciphertext.subarray(-17)]) {
    const flipped = Buffer.from(blob)
    const at = blob.indexOf(Buffer.from(part))
    flipped[at] = (flipped[at] as number) ^ 1
    expect(() => openEnveloped(flipped, privateKey)).toThrow(foreign)
  }
})

describe('error: BER that KMS does not write', () => {
  const blob = writeEnveloped(randomBytes(48), publicKey, 'chunked')
  /** What is wrong, and the byte behind which nothing was read. */
  const cases: [string, (b: Buffer) => Buffer, number?][] = [
    ['longer than any', (b) => Buffer.concat([b, Buffer.alloc(8192)]), 8192],
    ['as long as any, and nothing', () => Buffer.alloc(8192), 0],
    ['another kind of content', (b) => splice(b, 12, 1, '02'), 2],
    ['a byte behind the end', (b) => splice(b, b.length, 0, '00'), 509],
    ['a length in more bytes than needed', (b) => splice(b, 21, 3, '83 00 01 6b')],
    ['a length below 128 in two bytes', (b) => splice(b, 434, 1, '81 40')],
    ['a length below 256 in three bytes', (b) => splice(b, 434, 1, '82 00 40')],
    ['a length of four bytes', (b) => splice(b, 21, 3, '84 00 00 01 6b')],
    ['a primitive of indefinite length', (b) => splice(b, 32, 1, '80'), 33],
    ['a set that ends in its middle', (b) => splice(b, 22, 2, '01 00')],
    ['a set that reaches beyond the end', (b) => splice(b, 22, 2, 'ff ff')],
    ['two recipients', (b) => splice(b, 20, 367, `3182 02d6 ${b.subarray(24, 387).toString('hex').repeat(2)}`)],
    ['a key of 128 bytes', (b) => splice(b, 129, 2, '00 80')],
    ['an IV of 15 bytes', (b) => splice(splice(splice(b, 430, 1, ''), 414, 1, '0f'), 401, 1, '1c')],
    ['content of no form', (b) => splice(b, 431, 1, '82')],
    ['a piece within a piece', (b) => splice(b, 433, 1, '24')],
  ]
  test.each(cases)('%s', (_, alter, byte) => {
    const fault = refusalOf(() => readEnveloped(alter(Buffer.from(blob))))
    expect(fault).toEqual(malformed)
    if (byte !== undefined) expect(fault.facts).toEqual({ byte })
  })

  test('a length of 128 to 255 in three bytes', () => {
    const longer = Buffer.from(writeEnveloped(randomBytes(150), publicKey, 'chunked'))
    expect(longer.subarray(433, 436).toString('hex')).toBe('0481a0')
    expect(() => readEnveloped(longer)).not.toThrow()
    expect(() => readEnveloped(splice(longer, 434, 2, '82 00 a0'))).toThrow(malformed)
  })

  test('behavior: a definite length is as good as an indefinite one', () => {
    const definite = splice(Buffer.from(blob.subarray(0, -2)), 0, 2, '308201f9')
    expect(blob).toHaveLength(2 + 0x1f9 + 2)
    expect(openEnveloped(definite, privateKey)).toHaveLength(48)
  })

  test('behavior: thousands of empty pieces cost nothing, more do not fit', () => {
    const padded = splice(Buffer.from(blob), 433, 0, '0400'.repeat(3000))
    expect(openEnveloped(padded, privateKey)).toHaveLength(48)
    expect(() => readEnveloped(splice(padded, 433, 0, '0400'.repeat(3000)))).toThrow(malformed)
  })
})

test('error: anything at all is refused by code, whatever it is', () => {
  const blob = Buffer.from(writeEnveloped(randomBytes(48), publicKey, 'chunked'))
  const edit = fc.tuple(fc.nat(blob.length - 1), fc.nat(40), fc.uint8Array({ maxLength: 40 }))
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 9000 }), edit), (sample) => {
      const bytes = Array.isArray(sample)
        ? splice(blob, sample[0], sample[1], Buffer.from(sample[2]).toString('hex'))
        : sample
      try {
        readEnveloped(bytes as Uint8Array)
      } catch (error) {
        expect(error).toEqual(malformed)
      }
    }),
    { numRuns: 3000 },
  )
})

const splice = (b: Buffer, at: number, length: number, hex: string): Buffer =>
  Buffer.concat([b.subarray(0, at), Buffer.from(hex.replaceAll(' ', ''), 'hex'), b.subarray(at + length)])

const arrayBuffer = (bytes: Uint8Array): ArrayBuffer => Uint8Array.from(bytes).buffer

function oracleOf(blob: Uint8Array) {
  const data = new EnvelopedData({ schema: ContentInfo.fromBER(arrayBuffer(blob)).content })
  const recipient = data.recipientInfos[0]?.value as { encryptedKey: { valueBlock: { valueHexView: Uint8Array } } }
  return {
    ciphertext: Buffer.from(data.encryptedContentInfo.getEncryptedContent()),
    encryptedKey: Buffer.from(recipient.encryptedKey.valueBlock.valueHexView),
  }
}

function openWithOpenssl(blob: Uint8Array): Buffer {
  const dir = mkdtempSync(join(tmpdir(), 'bursar-cms-'))
  try {
    writeFileSync(join(dir, 'key.pem'), privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 })
    const args = ['cms', '-decrypt', '-inform', 'DER', '-inkey', join(dir, 'key.pem')]
    const { stdout, stderr, status } = spawnSync('openssl', args, { input: blob })
    expect(status, `${stderr}`).toBe(0)
    return stdout
  } finally {
    rmSync(dir, { recursive: true })
  }
}
