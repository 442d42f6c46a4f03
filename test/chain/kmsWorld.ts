/** A KMS on this machine, whom it knows, and documents that a core of a certain image would show it. */
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateKeyCommand, GetPublicKeyCommand, KMSClient } from '@aws-sdk/client-kms'
import { expect } from 'vitest'
import { writeDocument } from '../../anvil/document.ts'
import type { ContentForm } from '../../anvil/kms/cms.ts'
import { createKmsServer } from '../../anvil/kms/server.ts'
import { openPki } from '../../anvil/pki.ts'

export const region = 'eu-central-1'
export const account = '111122223333'
const identity = (name: string) => ({
  accessKeyId: `AKIA${name.toUpperCase()}`,
  secretAccessKey: randomBytes(20).toString('hex'),
  arn: `arn:aws:iam::${account}:role/${name}`,
})
/** Who may change policies, and who runs the core. */
export const admin = identity('admin')
export const hostRole = identity('host')
export const stranger = { ...identity('stranger'), arn: 'arn:aws:iam::999999999999:role/stranger' }

export const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
export const rsaSpki = rsa.publicKey.export({ format: 'der', type: 'spki' })
export const pcr = (n: number): Uint8Array => new Uint8Array(48).fill(0x10 + n)
const imagePcrs = new Map([0, 1, 2].map((n) => [n, pcr(n)]))
export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

export interface DocumentWishes {
  readonly pcrs?: ReadonlyMap<number, Uint8Array>
  readonly publicKey?: Uint8Array | null
  readonly timestampMs?: number
}

/** An authority of its own, kept in a folder that goes with it. */
export function makeAuthority(now: () => number = Date.now) {
  const folder = mkdtempSync(join(tmpdir(), 'bursar-pki-'))
  const pki = openPki({ folder, now })
  return {
    root: new Uint8Array(createHash('sha256').update(pki.authorities[0]).digest()),
    /** A document as the hardware would sign it for whatever image it likes. */
    attest({ pcrs = imagePcrs, publicKey = rsaSpki, timestampMs = now() }: DocumentWishes = {}) {
      const request = publicKey === null ? {} : { publicKey }
      return writeDocument(pki, { moduleId: 'i-0-enc0', timestampMs, pcrs, request })
    },
    remove: () => rmSync(folder, { recursive: true }),
  }
}

export interface WorldOrder {
  readonly attestationRoot: Uint8Array
  readonly contentForm?: ContentForm
  readonly now?: () => number
}

/** Starts a KMS; clients sign as whom they are told. */
export async function startKms({ attestationRoot, contentForm = 'chunked', now = Date.now }: WorldOrder) {
  const faults: unknown[] = []
  const server = createKmsServer({
    region,
    account,
    attestationRoot,
    contentForm,
    now,
    identities: [admin, hostRole, stranger],
    logFault: (fault) => faults.push(fault),
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const clients: KMSClient[] = []
  const clientOf = (credentials: { accessKeyId: string; secretAccessKey: string }): KMSClient => {
    const client = new KMSClient({ region, endpoint, credentials, maxAttempts: 1 })
    clients.push(client)
    return client
  }
  return {
    endpoint,
    clientOf,
    /** A key under this policy, and its public half as the SDK's user gets it. */
    async createKey(statements: readonly object[] = [adminStatement, attestedStatement()]) {
      const client = clientOf(admin)
      const { KeyMetadata } = await client.send(
        new CreateKeyCommand({ KeyUsage: 'KEY_AGREEMENT', KeySpec: 'ECC_NIST_P384', Policy: policyOf(statements) }),
      )
      const keyId = KeyMetadata?.Arn as string
      const { PublicKey } = await client.send(new GetPublicKeyCommand({ KeyId: keyId }))
      return { keyId, publicKey: PublicKey as Uint8Array }
    },
    async stop() {
      for (const client of clients) client.destroy()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      expect(faults).toEqual([])
    },
  }
}

export const policyOf = (statements: readonly object[]): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: statements })

/** Everything but the secret. */
export const adminStatement = {
  Effect: 'Allow',
  Principal: { AWS: admin.arn },
  Action: ['kms:GetPublicKey', 'kms:GetKeyPolicy', 'kms:PutKeyPolicy', 'kms:DisableKey', 'kms:EnableKey'],
  Resource: '*',
}

/** The secret, to cores of one image. */
export const attestedStatement = (pcrs: readonly Uint8Array[] = [0, 1, 2].map(pcr)) => ({
  Effect: 'Allow',
  Principal: { AWS: hostRole.arn },
  Action: 'kms:DeriveSharedSecret',
  Resource: '*',
  Condition: {
    StringEqualsIgnoreCase: Object.fromEntries(
      pcrs.map((value, n) => [`kms:RecipientAttestation:PCR${n}`, hex(value)]),
    ),
  },
})
