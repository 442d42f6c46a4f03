/** The policy that `bursar kms policy` prints, as KMS evaluates it. */
import { spawnSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { join } from 'node:path'
import { CreateKeyCommand, DeriveSharedSecretCommand, PutKeyPolicyCommand } from '@aws-sdk/client-kms'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { admin, hex, hostRole, makeAuthority, pcr, startKms, stranger } from './kmsWorld.ts'

const root = join(import.meta.dirname, '../..')
const authority = makeAuthority()
const peer = generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).publicKey.export({ format: 'der', type: 'spki' })
const measured = [0, 1, 2].flatMap((n) => [`--pcr${n}`, hex(pcr(n)).toUpperCase()])
const who = ['--host', hostRole.arn, '--admin', admin.arn]

const bursar = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['cli/main.ts', 'kms', 'policy', ...args], {
    cwd: root,
  })
  return { status, stdout: `${stdout}`, stderr: `${stderr}` }
}

let kms: Awaited<ReturnType<typeof startKms>>
let printed: ReturnType<typeof bursar>
let keyId: string
beforeAll(async () => {
  kms = await startKms({ attestationRoot: authority.root })
  printed = bursar(...measured, ...who)
  const order = { KeyUsage: 'KEY_AGREEMENT', KeySpec: 'ECC_NIST_P384', Policy: printed.stdout } as const
  keyId = (await kms.clientOf(admin).send(new CreateKeyCommand(order))).KeyMetadata?.Arn as string
})
afterAll(async () => {
  await kms.stop()
  authority.remove()
})

const derive = (identity: typeof admin, document: Uint8Array | null) => {
  const recipient = { KeyEncryptionAlgorithm: 'RSAES_OAEP_SHA_256', AttestationDocument: document ?? peer } as const
  const asked = { KeyId: keyId, KeyAgreementAlgorithm: 'ECDH', PublicKey: peer } as const
  const command = new DeriveSharedSecretCommand({ ...asked, ...(document ? { Recipient: recipient } : {}) })
  return kms.clientOf(identity).send(command)
}
const denied = { name: 'AccessDeniedException' }

test('default: the host gets the secret for this image', async () => {
  expect(printed.status).toBe(0)
  expect((await derive(hostRole, authority.attest())).CiphertextForRecipient).toBeDefined()
})

test.each([0, 1, 2])('row 7: not for an image that differs in PCR%i alone', async (n) => {
  const pcrs = new Map([0, 1, 2].map((i) => [i, pcr(i === n ? 9 : i)]))
  await expect(derive(hostRole, authority.attest({ pcrs }))).rejects.toMatchObject(denied)
})

test('row 7: not without a document, not to administrators, not to others', async () => {
  await expect(derive(hostRole, null)).rejects.toMatchObject(denied)
  for (const identity of [admin, stranger])
    for (const document of [authority.attest(), null])
      await expect(derive(identity, document)).rejects.toMatchObject(denied)
})

test.each([0, 1, 2])('row 7: what another statement allows to everyone is denied without PCR%i', async (n) => {
  const policy = JSON.parse(printed.stdout)
  policy.Statement.push({ Effect: 'Allow', Principal: '*', Action: 'kms:DeriveSharedSecret', Resource: '*' })
  await kms.clientOf(admin).send(new PutKeyPolicyCommand({ KeyId: keyId, Policy: JSON.stringify(policy) }))
  const pcrs = new Map([0, 1, 2].map((i) => [i, pcr(i === n ? 9 : i)]))
  await expect(derive(stranger, authority.attest({ pcrs }))).rejects.toMatchObject(denied)
  await expect(derive(stranger, null)).rejects.toMatchObject(denied)
  await kms.clientOf(admin).send(new PutKeyPolicyCommand({ KeyId: keyId, Policy: printed.stdout }))
})

test('behavior: the host cannot change the policy, the administrator can, and the command says what that means', async () => {
  const put = (identity: typeof admin) =>
    kms.clientOf(identity).send(new PutKeyPolicyCommand({ KeyId: keyId, Policy: printed.stdout }))
  await expect(put(hostRole)).rejects.toMatchObject(denied)
  await put(admin)
  expect(printed.stderr).toMatch(/may put another policy.*take the core's key/s)
})

test.each([
  ['a register of zeros', ['--pcr0', '0'.repeat(96), ...measured.slice(2), ...who]],
  ['a register too short', ['--pcr0', 'ab', ...measured.slice(2), ...who]],
  ['a register missing', [...measured.slice(2), ...who]],
  ['everybody as host', [...measured, '--host', '*', '--admin', admin.arn]],
  ['an account as administrator', [...measured, '--host', hostRole.arn, '--admin', 'arn:aws:iam::111122223333:root']],
])('error: %s', (_, args) => {
  expect(bursar(...args)).toMatchObject({ status: 2, stdout: '' })
})
