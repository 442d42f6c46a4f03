/** An emulated enclave as the core's home: its image, and a KMS that gives the state key to that image alone. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { CreateKeyCommand, GetPublicKeyCommand, KMSClient } from '@aws-sdk/client-kms'
import { keyPolicy } from '../../cli/kmsPolicy.ts'
import { toHex } from '../../ledger/hex.ts'
import type { Home } from '../home.ts'
import { createKmsServer } from '../kms/server.ts'
import { makeTestImage } from './testImage.ts'

const region = 'eu-central-1'
const account = '111122223333'

const identity = (name: string) => ({
  accessKeyId: `AKIA${name.toUpperCase()}`,
  secretAccessKey: randomBytes(20).toString('hex'),
  arn: `arn:aws:iam::${account}:role/${name}`,
})

/** Builds the image into the folder and starts the KMS. @throws Error where `npm run emulator` was not run */
export async function emulatedHome(folder: string): Promise<Home> {
  const { eifPath, manifest, pkiFolder, root } = makeTestImage(folder)
  const { pcr0, pcr1, pcr2 } = manifest.measurement
  const [admin, host] = [identity('admin'), identity('host')]
  const server = createKmsServer({
    ...{ region, account, attestationRoot: root, contentForm: 'chunked', now: Date.now },
    identities: [admin, host],
    logFault: (fault) => console.error(fault),
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const client = new KMSClient({ region, endpoint, credentials: admin })
  const policy = keyPolicy({ pcrs: [pcr0, pcr1, pcr2], host: host.arn, admins: [admin.arn] })
  const { KeyMetadata } = await client.send(
    new CreateKeyCommand({ KeyUsage: 'KEY_AGREEMENT', KeySpec: 'ECC_NIST_P384', Policy: JSON.stringify(policy) }),
  )
  const keyId = KeyMetadata?.Arn as string
  const { PublicKey } = await client.send(new GetPublicKeyCommand({ KeyId: keyId }))
  client.destroy()
  return {
    kmsKeys: [toHex(PublicKey as Uint8Array)],
    kms: [{ keyId, region, endpoint }],
    environment: { AWS_ACCESS_KEY_ID: host.accessKeyId, AWS_SECRET_ACCESS_KEY: host.secretAccessKey },
    attestationRoot: toHex(root),
    pcrs: [`0x${pcr0}`, `0x${pcr1}`, `0x${pcr2}`],
    coreArguments: (listen) => [
      ...[join(import.meta.dirname, 'boot.ts'), '--listen', listen],
      ...['--eif', eifPath, '--pki', pkiFolder],
    ],
    patienceMs: 300_000,
    async stop() {
      server.closeAllConnections()
      server.close()
    },
  }
}
