import { X509Certificate } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createLocalPlatform } from '../../../anvil/localPlatform.ts'
import { verifyDocument } from './attestationVerifier.ts'

const hourMs = 3_600_000
let folder: string
const rootOf = (where: string): Uint8Array => readFileSync(join(where, 'root.der'))
const sub = (name: string): string => join(folder, name)

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bursar-platform-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('attest', () => {
  const request = { userData: Buffer.from('purpose'), nonce: Buffer.from('fresh'), publicKey: Buffer.alloc(550, 7) }

  test('default', () => {
    const before = Date.now()
    const document = verifyDocument(createLocalPlatform({ folder: sub('a') }).attest(request), rootOf(sub('a')))
    expect(document).toMatchObject(request)
    expect(document.digest).toBe('SHA384')
    expect(document.moduleId).toMatch(/^i-[0-9a-f]{17}-enc[0-9a-f]{16}$/)
    expect(document.timestampMs).toBeGreaterThanOrEqual(before)
    expect(document.certificate.length).toBeLessThanOrEqual(1024)
    expect(document.cabundle).toHaveLength(2)
    expect([...document.pcrs.keys()]).toEqual(Array.from({ length: 16 }, (_, i) => i))
    for (const [index, value] of document.pcrs) {
      expect(value).toHaveLength(48)
      expect(value.some((octet) => octet !== 0)).toBe(index <= 2)
    }
  })

  test('behavior: what is not asked for is null', () => {
    const bytes = createLocalPlatform({ folder: sub('a') }).attest({ userData: new Uint8Array() })
    const document = verifyDocument(bytes, rootOf(sub('a')))
    expect(document).toMatchObject({ userData: Buffer.alloc(0), nonce: null, publicKey: null })
  })

  test('behavior: a restart keeps the root', () => {
    const root = rootOf(sub('a'))
    verifyDocument(createLocalPlatform({ folder: sub('a') }).attest(request), root)
    expect(() => verifyDocument(createLocalPlatform({ folder: sub('b') }).attest(request), root)).toThrow('CHAIN_1')
  })

  test('behavior: leaves last three hours and are renewed', () => {
    let now = Date.now()
    const platform = createLocalPlatform({ folder: sub('a'), now: () => now })
    const first = platform.attest(request)
    const root = rootOf(sub('a'))
    const { certificate } = verifyDocument(first, root)
    const leaf = new X509Certificate(certificate)
    expect(Date.parse(leaf.validTo) - Date.parse(leaf.validFrom)).toBeLessThanOrEqual(3 * hourMs + 4000)
    expect(() => verifyDocument(first, root, now + 4 * hourMs)).toThrow('TIME_2')

    now += hourMs
    expect(verifyDocument(platform.attest(request), root).certificate).toEqual(certificate)
    now += 20 * hourMs
    expect(verifyDocument(platform.attest(request), root).certificate).not.toEqual(certificate)
  })

  test('behavior: a changed byte anywhere in payload or signature shows', () => {
    const root = rootOf(sub('a'))
    const bytes = createLocalPlatform({ folder: sub('a') }).attest(request)
    for (const place of [bytes.length - 1, bytes.indexOf(Buffer.from('purpose') as never)]) {
      const altered = Buffer.from(bytes)
      altered[place] = (altered[place] ?? 0) ^ 1
      expect(() => verifyDocument(altered, root)).toThrow('SIGNATURE')
    }
  })

  test('error: more than the secure module takes', () => {
    const platform = createLocalPlatform({ folder: sub('a') })
    expect(() => platform.attest({ userData: new Uint8Array(513) })).toThrow(RangeError)
    expect(() => platform.attest({ ...request, nonce: new Uint8Array(513) })).toThrow(RangeError)
    expect(() => platform.attest({ ...request, publicKey: new Uint8Array(1025) })).toThrow(RangeError)
  })
})

test('a changed core has another measurement', () => {
  const project = sub('project')
  for (const name of ['ledger', 'protocol', 'enclave']) mkdirSync(join(project, name), { recursive: true })
  cpSync(join(import.meta.dirname, '../../../ledger'), join(project, 'ledger'), { recursive: true })
  const pcr0 = (): Buffer | undefined => {
    const bytes = createLocalPlatform({ folder: sub('a'), project }).attest({ userData: new Uint8Array() })
    return verifyDocument(bytes, rootOf(sub('a'))).pcrs.get(0)
  }
  const before = pcr0()
  expect(pcr0()).toEqual(before)
  writeFileSync(join(project, 'ledger', 'more.ts'), 'export {}\n')
  expect(pcr0()).not.toEqual(before)
})

test('the state key outlives the platform, in private files', () => {
  const where = sub('keys')
  expect(createLocalPlatform({ folder: where }).stateKey.load()).toBeUndefined()
  const key = createLocalPlatform({ folder: where }).random(32)
  createLocalPlatform({ folder: where }).stateKey.save(key)
  const platform = createLocalPlatform({ folder: where })
  expect(platform.stateKey.load()).toEqual(key)
  for (const name of ['state.key', 'root.key', 'intermediate.key'])
    expect(statSync(join(where, name)).mode & 0o777).toBe(0o600)
  const later = platform.random(32)
  platform.stateKey.save(later)
  expect(platform.stateKey.load()).toEqual(later)
  expect(readFileSync(join(where, 'state.key.1'))).toEqual(key) // an earlier key is never lost
  expect(platform.warnings.join()).toMatch(/development root/)
})

describe('the verifier of these tests on documents of real enclaves', () => {
  const vectors = join(import.meta.dirname, '../../../../shared/vectors/nitro')
  if (!existsSync(vectors)) {
    test.skip(`skipped: ${vectors} is not there`)
    console.info(`documents of real enclaves are not tested: ${vectors} is not there`)
    return
  }
  const root = new X509Certificate(readFileSync(join(vectors, 'AWS_NitroEnclaves_Root-G1.pem'))).raw
  const index: { file: string; valid: boolean; module_id: string }[] = JSON.parse(
    readFileSync(join(vectors, 'index.json'), 'utf8'),
  )
  test.each(index)('$file', ({ file, valid, module_id }) => {
    const bytes = readFileSync(join(vectors, file))
    if (valid) expect(verifyDocument(bytes, root).moduleId).toBe(module_id)
    else expect(() => verifyDocument(bytes, root)).toThrow(file.includes('bad-sig') ? 'SIGNATURE' : 'CHAIN_1')
  })
})
