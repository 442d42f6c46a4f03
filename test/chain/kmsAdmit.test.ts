/** Rows 6 and 8 before the contract is told anything: `bursar admit` against certificates that a host would like to pass. */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createLocalPlatform } from '../../anvil/localPlatform.ts'
import { createCore } from '../../enclave/core.ts'
import { toHex } from '../../ledger/hex.ts'
import type { Configuration } from '../../ledger/structs.ts'
import { struct } from '../../protocol/codec.ts'
import { call } from '../unit/enclave/support.ts'
import { configuration } from '../unit/ledger/support.ts'
import { admin, hex, pcr, startKms } from './kmsWorld.ts'

const folder = mkdtempSync(join(tmpdir(), 'bursar-admit-'))
const place = (name: string) => join(folder, name)
const image = new Map([0, 1, 2].map((n) => [n, pcr(n)]))
const platformOf = (pcrs = image) => createLocalPlatform({ folder, pcrs })
let kms: Awaited<ReturnType<typeof startKms>>
let ours: { keyId: string; publicKey: Uint8Array }
let hosts: typeof ours
let mine: Configuration

beforeAll(async () => {
  kms = await startKms({ attestationRoot: platformOf().trust.root })
  ours = await kms.createKey()
  hosts = await kms.createKey()
  mine = configuration({ kmsKeys: [toHex(ours.publicKey)] })
  const der = readFileSync(place('root.der')).toString('base64')
  writeFileSync(place('root.pem'), `-----BEGIN CERTIFICATE-----\n${der}\n-----END CERTIFICATE-----\n`)
})
afterAll(async () => {
  await kms.stop()
  rmSync(folder, { recursive: true })
})

interface Case {
  /** What the host gave to genesis, and where. */
  readonly born?: Configuration
  readonly pcrs?: typeof image
  /** What the operator says. */
  readonly file?: Configuration
  readonly address?: string
  readonly keys?: readonly string[]
  readonly root?: string[]
}

async function admit({ born = mine, pcrs, file = mine, address, keys = [ours.keyId], root }: Case = {}) {
  const { birthB64, ...genesis } = call(createCore(platformOf(pcrs)), 'genesis', {
    configuration: born,
    logBegins: null,
  })
  writeFileSync(place('birth'), birthB64)
  writeFileSync(place('mine.json'), JSON.stringify(struct('Configuration').write(file)))
  const args = [
    ...['cli/main.ts', 'admit', place('birth'), '--configuration', place('mine.json')],
    ...['--address', address ?? genesis.address],
    ...[0, 1, 2].flatMap((n) => [`--pcr${n}`, hex(pcr(n))]),
    ...(root ?? ['--root', place('root.pem')]),
    ...['--kms-endpoint', kms.endpoint, ...keys.flatMap((key) => ['--kms-key', key])],
  ]
  const credentials = { AWS_ACCESS_KEY_ID: admin.accessKeyId, AWS_SECRET_ACCESS_KEY: admin.secretAccessKey }
  const child = spawn(process.execPath, args, {
    cwd: join(import.meta.dirname, '../..'),
    env: { ...process.env, ...credentials },
  })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (data) => {
    stdout += data
  })
  child.stderr.on('data', (data) => {
    stderr += data
  })
  const status = await new Promise((resolve) => child.once('close', resolve))
  return { status, stdout, code: /^bursar: ([A-Z_]+):/.exec(stderr)?.[1], genesis, stderr }
}

test('default: a core that was born under my configuration, in my image, with my keys', async () => {
  const { status, stdout, genesis } = await admit()
  expect(status).toBe(0)
  expect(stdout).toContain(genesis.address)
  expect(stdout).toContain(genesis.configHash)
})

test("row 6: a genesis with one KMS key more, the host's own", async () => {
  const born = configuration({ kmsKeys: [toHex(ours.publicKey), toHex(hosts.publicKey)] })
  expect(await admit({ born })).toMatchObject({ status: 1, code: 'WRONG_USER_DATA', stdout: '' })
  // Nor if it gets its file to the operator: the operator's keys are fetched by the operator.
  expect(await admit({ born, file: born })).toMatchObject({ status: 1, code: 'FOREIGN_KMS_KEY', stdout: '' })
  const swapped = configuration({ kmsKeys: [toHex(hosts.publicKey)] })
  expect(await admit({ born: swapped, file: swapped })).toMatchObject({ status: 1, code: 'FOREIGN_KMS_KEY' })
})

test('row 6: a state key that the host keeps', async () => {
  const file = configuration()
  expect(await admit({ born: file, file, keys: [] })).toMatchObject({ status: 1, code: 'NO_KMS_KEYS', stdout: '' })
})

test('row 6: the certificate of one genesis for the address of another', async () => {
  const address = `0x${'ab'.repeat(20)}`
  expect(await admit({ address })).toMatchObject({ status: 1, code: 'WRONG_USER_DATA', stdout: '' })
})

test('row 8: another deployment, another image, another root', async () => {
  const born = configuration({ kmsKeys: [toHex(ours.publicKey)], chainId: 1n })
  expect(await admit({ born })).toMatchObject({ status: 1, code: 'WRONG_USER_DATA', stdout: '' })
  const pcrs = new Map([0, 1, 2].map((n) => [n, pcr(n + 1)]))
  expect(await admit({ pcrs })).toMatchObject({ status: 1, code: 'WRONG_PCR', stdout: '' })
  expect(await admit({ root: [] })).toMatchObject({ status: 1, code: 'WRONG_ROOT', stdout: '' })
})

test('error: an address that is none', async () => {
  expect(await admit({ address: '0xabc' })).toMatchObject({ status: 2, stdout: '' })
})

test('error: KMS does not know the key', async () => {
  const { status, code, stderr } = await admit({ keys: [ours.keyId.replace(/.$/, (c) => (c === '0' ? '1' : '0'))] })
  expect([status, code]).toEqual([75, 'KMS_UNAVAILABLE'])
  expect(stderr).not.toContain(admin.secretAccessKey)
})
