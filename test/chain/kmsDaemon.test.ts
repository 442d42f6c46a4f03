/** A daemon whose core has its state key in KMS alone. */
import { DisableKeyCommand, EnableKeyCommand } from '@aws-sdk/client-kms'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { verifyAttestation } from '../../attestation/verify.ts'
import { createKms, type Kms } from '../../daemon/kms.ts'
import { toHex } from '../../ledger/hex.ts'
import { createWorld, creditBatch, untilOpen, waiting } from '../unit/daemon/support.ts'
import { testPlatform } from '../unit/enclave/support.ts'
import { admin, adminStatement, attestedStatement, hostRole, pcr, region, startKms } from './kmsWorld.ts'

const { attest, trust } = testPlatform()
const { pcrs } = verifyAttestation(attest({ userData: new Uint8Array() }), {
  root: trust.root,
  at: 'document',
}).document
const image = [0, 1, 2].map((register) => pcrs.get(register) as Uint8Array)

let server: Awaited<ReturnType<typeof startKms>>
let kms: Kms
beforeAll(async () => {
  server = await startKms({ attestationRoot: trust.root })
  kms = createKms({ region, endpoint: server.endpoint, credentials: hostRole, timeoutMs: 5_000 })
})
afterAll(async () => {
  kms.close()
  await server.stop()
})

const statements = [adminStatement, attestedStatement(image)]

test('G7: a core that was killed comes back through KMS, with all that was acknowledged', async () => {
  const { keyId, publicKey } = await server.createKey(statements)
  const world = createWorld({ kmsKeys: [toHex(publicKey)] }, [{ keyId, kms }])
  const daemon = await world.startOpen()
  await daemon.client.sendBatch(creditBatch(0n, 5n))
  const { core } = await daemon.client.status()
  expect(world.coreHost.asked).not.toContain('unwrap_request')

  world.coreHost.restart()
  await vi.waitFor(() => expect(world.coreHost.asked).toContain('unwrap_request'), waiting)
  await untilOpen(daemon)
  await daemon.client.sendBatch(creditBatch(1n, 5n))
  expect((await daemon.client.status()).core?.address).toBe(core?.address)
})

test('behavior: of several KMS keys the first that answers is enough', async () => {
  const [refusing, second] = [await server.createKey([adminStatement]), await server.createKey(statements)]
  const kmsKeys = [refusing, second].map(({ publicKey }) => toHex(publicKey))
  const world = createWorld(
    { kmsKeys },
    [refusing, second].map(({ keyId }) => ({ keyId, kms })),
  )
  const daemon = await world.startOpen()
  world.coreHost.restart()
  await vi.waitFor(() => expect(world.coreHost.asked.filter((m) => m === 'unwrap_request')).toHaveLength(2), waiting)
  await untilOpen(daemon)
})

test('G5: while KMS refuses the daemon says so and waits, and goes on when it no longer does', async () => {
  const { keyId, publicKey } = await server.createKey(statements)
  const world = createWorld({ kmsKeys: [toHex(publicKey)] }, [{ keyId, kms }])
  const daemon = await world.startOpen()
  await server.clientOf(admin).send(new DisableKeyCommand({ KeyId: keyId }))
  world.coreHost.restart()
  const said = () => daemon.log.some(({ reason }) => `${reason}`.includes('KMS refused (DisabledException)'))
  await vi.waitFor(() => expect(said()).toBe(true), waiting)
  await server.clientOf(admin).send(new EnableKeyCommand({ KeyId: keyId }))
  await untilOpen(daemon)
})

test('row 7: a host that has no key named, or one for another image, does not come back', async () => {
  const { keyId, publicKey } = await server.createKey([adminStatement, attestedStatement([7, 8, 9].map(pcr))])
  const changes = { kmsKeys: [toHex(publicKey)] }
  for (const [places, reason] of [
    [[], 'the settings name none'],
    [[{ keyId, kms }], 'AccessDeniedException'],
  ] as const) {
    const world = createWorld(changes, places)
    const daemon = await world.startOpen()
    world.coreHost.restart()
    const said = () => daemon.log.some((line) => `${line.reason}`.includes(reason))
    await vi.waitFor(() => expect(said()).toBe(true), waiting)
    expect((await daemon.client.status()).isEpochOpen).toBe(false)
  }
})
