/** The KMS stand-in as the unmodified SDK meets it, and the daemon's client before both of its kinds of failure. */
import { createPublicKey, diffieHellman, generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  CreateKeyCommand,
  DeriveSharedSecretCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  GetKeyPolicyCommand,
  GetPublicKeyCommand,
  type KMSClient,
  PutKeyPolicyCommand,
} from '@aws-sdk/client-kms'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createKms, KmsRefused, KmsUnavailable } from '../../daemon/kms.ts'
import { openEnveloped } from '../../enclave/cms.ts'
import {
  account,
  admin,
  adminStatement,
  attestedStatement,
  hex,
  hostRole,
  makeAuthority,
  pcr,
  policyOf,
  region,
  rsa,
  startKms,
  stranger,
} from './kmsWorld.ts'

const authority = makeAuthority()
const foreignAuthority = makeAuthority()
const p384 = () => generateKeyPairSync('ec', { namedCurve: 'secp384r1' })
const ours = p384()
const ourSpki = ours.publicKey.export({ format: 'der', type: 'spki' })
const named = (name: string) =>
  expect.objectContaining({ name, $metadata: expect.objectContaining({ httpStatusCode: 400 }) })
let kms: Awaited<ReturnType<typeof startKms>>

beforeAll(async () => {
  kms = await startKms({ attestationRoot: authority.root })
})
afterAll(async () => {
  await kms.stop()
  authority.remove()
  foreignAuthority.remove()
})

interface Changes {
  readonly client?: KMSClient
  readonly document?: Uint8Array | null
  readonly peer?: Uint8Array
}

const derive = (
  KeyId: string,
  { client = kms.clientOf(hostRole), document = authority.attest(), peer = ourSpki }: Changes = {},
) =>
  client.send(
    new DeriveSharedSecretCommand({
      KeyId,
      KeyAgreementAlgorithm: 'ECDH',
      PublicKey: peer,
      ...(document === null
        ? {}
        : { Recipient: { KeyEncryptionAlgorithm: 'RSAES_OAEP_SHA_256', AttestationDocument: document } }),
    }),
  )

describe('DeriveSharedSecret', () => {
  test.each(['chunked', 'primitive'] as const)(
    'default: only the attested key opens the secret, %s',
    async (contentForm) => {
      const other = await startKms({ attestationRoot: authority.root, contentForm })
      const { keyId, publicKey } = await other.createKey()
      const reply = await derive(keyId, { client: other.clientOf(hostRole) })
      expect(reply).toMatchObject({ KeyId: keyId, KeyAgreementAlgorithm: 'ECDH', KeyOrigin: 'AWS_KMS' })
      expect(reply.SharedSecret).toBeUndefined()
      const theirs = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' })
      const secret = diffieHellman({ privateKey: ours.privateKey, publicKey: theirs })
      expect(Buffer.from(openEnveloped(reply.CiphertextForRecipient as Uint8Array, rsa.privateKey))).toEqual(secret)
      await other.stop()
    },
  )

  test('behavior: a policy without condition gives the secret in clear to whoever brings no document', async () => {
    const { keyId } = await kms.createKey([adminStatement, { ...attestedStatement(), Condition: undefined }])
    expect((await derive(keyId, { document: null })).SharedSecret).toHaveLength(48)
    expect((await derive(keyId)).SharedSecret).toBeUndefined()
  })

  test('row 7: without a document its condition keys are absent, and it is denied', async () => {
    const { keyId } = await kms.createKey()
    await expect(derive(keyId, { document: null })).rejects.toEqual(named('AccessDeniedException'))
  })

  test.each([0, 1, 2])('row 7: a core of another image is denied: PCR%i', async (n) => {
    const { keyId } = await kms.createKey()
    const pcrs = new Map([0, 1, 2].map((i) => [i, i === n ? pcr(9) : pcr(i)]))
    await expect(derive(keyId, { document: authority.attest({ pcrs }) })).rejects.toEqual(
      named('AccessDeniedException'),
    )
  })

  test('row 7: a valid document does not help whom the policy does not name, the administrator included', async () => {
    const { keyId } = await kms.createKey()
    for (const who of [admin, stranger])
      await expect(derive(keyId, { client: kms.clientOf(who) })).rejects.toEqual(named('AccessDeniedException'))
  })

  test.each<[string, () => Uint8Array]>([
    ['under another root', () => foreignAuthority.attest()],
    ['in debug mode', () => authority.attest({ pcrs: new Map([0, 1, 2].map((n) => [n, new Uint8Array(48)])) })],
    ['altered', () => authority.attest().map((byte, at) => (at === 60 ? byte ^ 1 : byte))],
    ['that is none', () => Buffer.from('no document')],
    ['without a key', () => authority.attest({ publicKey: null })],
    ['with an EC key', () => authority.attest({ publicKey: ourSpki })],
    ['with bytes that are no key', () => authority.attest({ publicKey: Buffer.from('key') })],
    [
      'with a short RSA key',
      () => {
        const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
        return authority.attest({ publicKey: publicKey.export({ format: 'der', type: 'spki' }) })
      },
    ],
  ])('error: a document %s', async (_, make) => {
    const { keyId } = await kms.createKey()
    await expect(derive(keyId, { document: make() })).rejects.toEqual(named('ValidationException'))
  })

  test('error: a document whose certificates are valid no more', async () => {
    const old = makeAuthority(() => Date.now() - 4 * 3_600_000)
    const other = await startKms({ attestationRoot: old.root })
    const { keyId } = await other.createKey()
    const asked = derive(keyId, { client: other.clientOf(hostRole), document: old.attest({ timestampMs: Date.now() }) })
    await expect(asked).rejects.toEqual(named('ValidationException'))
    await other.stop()
    old.remove()
  })

  test('error: a peer key that is not on P-384', async () => {
    const { keyId } = await kms.createKey()
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
    for (const peer of [publicKey.export({ format: 'der', type: 'spki' }), Buffer.from('key')])
      await expect(derive(keyId, { peer })).rejects.toEqual(named('ValidationException'))
  })

  test('error: no such key, a disabled key', async () => {
    const missing = `arn:aws:kms:${region}:${account}:key/00000000-0000-0000-0000-000000000000`
    await expect(derive(missing)).rejects.toEqual(named('NotFoundException'))
    const { keyId } = await kms.createKey()
    await kms.clientOf(admin).send(new DisableKeyCommand({ KeyId: keyId }))
    await expect(derive(keyId)).rejects.toEqual(named('DisabledException'))
    await kms.clientOf(admin).send(new EnableKeyCommand({ KeyId: keyId }))
    await derive(keyId)
  })
})

describe('policies', () => {
  const allows = async (statements: readonly object[]): Promise<boolean> => {
    const { keyId } = await kms.createKey([adminStatement, ...statements])
    return derive(keyId).then(
      () => true,
      (error) => (error.name === 'AccessDeniedException' ? false : Promise.reject(error)),
    )
  }
  const open = { ...attestedStatement(), Condition: undefined }
  const when = (Condition: object) => ({ ...open, Condition })
  const image = 'kms:RecipientAttestation:ImageSha384'

  test.each<[string, object, boolean]>([
    ['ImageSha384 is PCR0', when({ StringEquals: { [image]: hex(pcr(0)) } }), true],
    ['one of several values', when({ StringEquals: { [image]: [hex(pcr(5)), hex(pcr(0))] } }), true],
    ['none of several values', when({ StringEquals: { [image]: [hex(pcr(5)), hex(pcr(6))] } }), false],
    [
      'all keys of an operator',
      when({ StringEquals: { [image]: hex(pcr(0)), 'kms:RecipientAttestation:PCR1': hex(pcr(9)) } }),
      false,
    ],
    [
      'all operators',
      when({ StringEquals: { [image]: hex(pcr(0)) }, StringEqualsIgnoreCase: { [image]: hex(pcr(1)) } }),
      false,
    ],
    ['an unknown key is absent', when({ StringEquals: { 'aws:SourceIp': '127.0.0.1' } }), false],
    [
      'a register that the document lacks',
      when({ StringEquals: { 'kms:RecipientAttestation:PCR8': hex(pcr(0)) } }),
      false,
    ],
    ['keys in any case', when({ StringEquals: { [image.toUpperCase()]: hex(pcr(0)) } }), true],
    ['actions with a wildcard, in any case', { ...open, Action: 'KMS:Derive*' }, true],
    ['another action', { ...open, Action: ['kms:Decrypt', 'kms:DeriveSharedSecre?x'] }, false],
    ['another resource', { ...open, Resource: 'arn:aws:kms:*:*:key/0' }, false],
    ['everyone', { ...open, Principal: '*' }, true],
    ['the account', { ...open, Principal: { AWS: `arn:aws:iam::${account}:root` } }, true],
    ['the account by number', { ...open, Principal: { AWS: [account] } }, true],
    ['another account', { ...open, Principal: { AWS: 'arn:aws:iam::999999999999:root' } }, false],
  ])('%s', async (_, statement, expected) => {
    expect(await allows([statement])).toBe(expected)
  })

  test('hex in capitals fits only where case is ignored', async () => {
    const pcrs = new Map([0, 1, 2].map((n) => [n, new Uint8Array(48).fill(0xab)]))
    for (const [operator, expected] of [
      ['StringEquals', false],
      ['StringEqualsIgnoreCase', true],
    ] as const) {
      const { keyId } = await kms.createKey([adminStatement, when({ [operator]: { [image]: 'AB'.repeat(48) } })])
      const result = derive(keyId, { document: authority.attest({ pcrs }) })
      if (expected) await result
      else await expect(result).rejects.toEqual(named('AccessDeniedException'))
    }
  })

  test('a denial weighs more, with operators that also fit what is absent', async () => {
    const deny = { ...open, Effect: 'Deny', Condition: { StringNotEqualsIgnoreCase: { [image]: hex(pcr(0)) } } }
    const { keyId } = await kms.createKey([adminStatement, open, deny])
    await derive(keyId)
    await expect(derive(keyId, { document: null })).rejects.toEqual(named('AccessDeniedException'))
    expect(await allows([open, { ...open, Effect: 'Deny' }])).toBe(false)
  })

  test('what changes the policy changes who gets the secret', async () => {
    const { keyId } = await kms.createKey()
    const client = kms.clientOf(admin)
    const Policy = policyOf([adminStatement, attestedStatement([pcr(7), pcr(8), pcr(9)])])
    await client.send(new PutKeyPolicyCommand({ KeyId: keyId, Policy }))
    expect((await client.send(new GetKeyPolicyCommand({ KeyId: keyId }))).Policy).toBe(Policy)
    await expect(derive(keyId)).rejects.toEqual(named('AccessDeniedException'))
    for (const command of [
      new PutKeyPolicyCommand({ KeyId: keyId, Policy }),
      new GetPublicKeyCommand({ KeyId: keyId }),
    ])
      await expect(kms.clientOf(hostRole).send(command as GetPublicKeyCommand)).rejects.toEqual(
        named('AccessDeniedException'),
      )
  })

  test('error: a policy that is not understood, or locks out whoever writes it', async () => {
    const { keyId } = await kms.createKey()
    const put = (Policy: string, isMeant = false) =>
      kms
        .clientOf(admin)
        .send(new PutKeyPolicyCommand({ KeyId: keyId, Policy, BypassPolicyLockoutSafetyCheck: isMeant }))
    const malformed = named('MalformedPolicyDocumentException')
    await expect(put('{')).rejects.toEqual(malformed)
    await expect(put(policyOf([]))).rejects.toEqual(malformed)
    await expect(put(policyOf([adminStatement, when({ IpAddress: { 'aws:SourceIp': '::1' } })]))).rejects.toEqual(
      malformed,
    )
    const sealed = policyOf([attestedStatement()])
    await expect(put(sealed)).rejects.toEqual(malformed)
    await put(sealed, true)
    await expect(put(sealed, true)).rejects.toEqual(named('AccessDeniedException'))
    await derive(keyId)
  })

  test("behavior: a key without a policy is the account's", async () => {
    const { KeyMetadata } = await kms
      .clientOf(hostRole)
      .send(new CreateKeyCommand({ KeyUsage: 'KEY_AGREEMENT', KeySpec: 'ECC_NIST_P384' }))
    expect(KeyMetadata).toMatchObject({ Origin: 'AWS_KMS', KeyState: 'Enabled', AWSAccountId: account })
    expect((await derive(KeyMetadata?.KeyId as string, { document: null })).SharedSecret).toHaveLength(48)
    await expect(derive(KeyMetadata?.Arn as string, { client: kms.clientOf(stranger) })).rejects.toEqual(
      named('AccessDeniedException'),
    )
  })

  test('error: a key for something else', async () => {
    const order = new CreateKeyCommand({ KeyUsage: 'SIGN_VERIFY', KeySpec: 'ECC_NIST_P384' })
    await expect(kms.clientOf(admin).send(order)).rejects.toEqual(named('ValidationException'))
  })
})

describe('the daemon asks', () => {
  const order = { region, credentials: hostRole, timeoutMs: 2_000 }

  test('default', async () => {
    const { keyId } = await kms.createKey()
    const client = createKms({ ...order, endpoint: kms.endpoint })
    const ciphertext = await client.deriveSharedSecret({ keyId, publicKey: ourSpki, attestation: authority.attest() })
    expect(openEnveloped(ciphertext, rsa.privateKey)).toHaveLength(48)
    client.close()
  })

  test("error: KMS refuses, and the reason has AWS's name and no secret", async () => {
    const { keyId } = await kms.createKey()
    const client = createKms({ ...order, endpoint: kms.endpoint })
    const refused = await client
      .deriveSharedSecret({ keyId, publicKey: ourSpki, attestation: foreignAuthority.attest() })
      .catch((error) => error)
    expect(refused).toBeInstanceOf(KmsRefused)
    expect(refused.reason).toBe('ValidationException')
    expect(JSON.stringify([refused, Object.getOwnPropertyDescriptors(refused)])).not.toContain(hostRole.secretAccessKey)
    client.close()
  })

  test('error: nobody answers', async () => {
    const client = createKms({ ...order, endpoint: 'http://127.0.0.1:1', timeoutMs: 500 })
    const asked = client.deriveSharedSecret({ keyId: 'k', publicKey: ourSpki, attestation: new Uint8Array(1) })
    await expect(asked).rejects.toBeInstanceOf(KmsUnavailable)
    client.close()
  })

  test.each([
    ['that it has broken down', 500, { __type: 'KMSInternalException', message: 'internal' }],
    ['that it is asked too often', 400, { __type: 'ThrottlingException', message: 'rate' }],
    ['without a ciphertext', 200, { KeyId: 'k', SharedSecret: 'AAAA' }],
    ['nothing that is JSON', 200, undefined],
  ])('error: KMS answers %s', async (_, status, body) => {
    const server = createServer((_request, response) => {
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' })
      response.end(body ? JSON.stringify(body) : '<html>')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const client = createKms({ ...order, endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
    const asked = client.deriveSharedSecret({ keyId: 'k', publicKey: ourSpki, attestation: new Uint8Array(1) })
    await expect(asked).rejects.toBeInstanceOf(KmsUnavailable)
    client.close()
    server.closeAllConnections()
    server.close()
  })

  test("behavior: an abort is the caller's own", async () => {
    const client = createKms({ ...order, endpoint: kms.endpoint })
    const reason = new Error('enough')
    const asked = client.deriveSharedSecret(
      { keyId: 'k', publicKey: ourSpki, attestation: new Uint8Array(1) },
      AbortSignal.abort(reason),
    )
    await expect(asked).rejects.toBe(reason)
    client.close()
  })
})
