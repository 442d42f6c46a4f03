/** A core that loses its process and comes back: KMS, its policy, the daemon's client and the core, each the real one. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PutKeyPolicyCommand } from '@aws-sdk/client-kms'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createLocalPlatform } from '../../anvil/localPlatform.ts'
import type { Measurement } from '../../attestation/verify.ts'
import { createKms, type Kms } from '../../daemon/kms.ts'
import { type Core, createCore } from '../../enclave/core.ts'
import type { Platform } from '../../enclave/platform.ts'
import { toBytes, toHex } from '../../ledger/hex.ts'
import type { Params, Result } from '../../protocol/messages.ts'
import { ask, call } from '../unit/enclave/support.ts'
import { configuration } from '../unit/ledger/support.ts'
import { admin, adminStatement, attestedStatement, hostRole, policyOf, region, startKms } from './kmsWorld.ts'

const folder = mkdtempSync(join(tmpdir(), 'bursar-kms-core-'))
const imageOf = (byte: number) => [0, 1, 2].map((n) => new Uint8Array(48).fill(byte + n)) as unknown as Measurement
const [image, nextImage, hostsImage] = [imageOf(0x20), imageOf(0x40), imageOf(0x60)]

/** An enclave with this image: no disk, a random generator of its own. */
function enclave(measurement: Measurement, predecessors: readonly Measurement[] = []): Platform {
  const { attest, trust } = createLocalPlatform({ folder, pcrs: new Map(measurement.entries()), predecessors })
  return { attest, trust, random: (length) => new Uint8Array(randomBytes(length)), warnings: [] }
}

let kms: Awaited<ReturnType<typeof startKms>>
let client: Kms
beforeAll(async () => {
  kms = await startKms({ attestationRoot: enclave(image).trust.root, contentForm: 'primitive' })
  client = createKms({ region, endpoint: kms.endpoint, credentials: hostRole, timeoutMs: 5_000 })
})
afterAll(async () => {
  client.close()
  await kms.stop()
  rmSync(folder, { recursive: true })
})

/** A key in KMS for this image, and a core of it that was born under a configuration with that key. */
async function born() {
  const { keyId, publicKey } = await kms.createKey([adminStatement, attestedStatement(image)])
  const core = createCore(enclave(image))
  return {
    keyId,
    genesis: call(core, 'genesis', { configuration: configuration({ kmsKeys: [toHex(publicKey)] }), logBegins: null }),
  }
}

/** What the host does at every start. */
async function load(
  core: Core,
  keyId: string,
  { wrappedKeys, sealed }: Result<'genesis'>,
): Promise<Params<'load_state'>> {
  const [wrapped] = wrappedKeys as [Result<'genesis'>['wrappedKeys'][0]]
  const { documentB64: attestation } = call(core, 'unwrap_request', {})
  const publicKey = toBytes(wrapped.ephemeralKey)
  const ciphertextB64 = await client.deriveSharedSecret({ keyId, publicKey, attestation })
  return { key: { wrapped, ciphertextB64 }, sealed, isLast: true }
}

test('G7: a core comes back with the help of a host that never sees its key', async () => {
  const { keyId, genesis } = await born()
  const core = createCore(enclave(image))
  call(core, 'load_state', await load(core, keyId, genesis))
  expect(call(core, 'status', {})).toMatchObject({ phase: 'closed', address: genesis.address, warnings: [] })
})

test("row 7: KMS gives the host's own image nothing, with the document that the hardware signs for it", async () => {
  const { keyId, genesis } = await born()
  const refused = load(createCore(enclave(hostsImage)), keyId, genesis)
  await expect(refused).rejects.toMatchObject({ name: 'KmsRefused', reason: 'AccessDeniedException' })
})

test('row 7: whoever writes the key policy can open the state in an image of its own, which no honest one takes over', async () => {
  const { keyId, genesis } = await born()
  const Policy = policyOf([adminStatement, attestedStatement(hostsImage)])
  await kms.clientOf(admin).send(new PutKeyPolicyCommand({ KeyId: keyId, Policy }))
  // Their image would not check: this is the line that the policy holds, and SECURITY.md says who can move it.
  const theirs = createCore(enclave(hostsImage, [image]))
  call(theirs, 'load_state', await load(theirs, keyId, genesis))
  await expect(load(createCore(enclave(image)), keyId, genesis)).rejects.toThrow('AccessDeniedException')
})

test('behavior: an upgrade needs the policy and the list in the new image, both', async () => {
  const { keyId, genesis } = await born()
  const next = createCore(enclave(nextImage, [image]))
  await expect(load(next, keyId, genesis)).rejects.toThrow('AccessDeniedException')
  const Policy = policyOf([adminStatement, attestedStatement(nextImage)])
  await kms.clientOf(admin).send(new PutKeyPolicyCommand({ KeyId: keyId, Policy }))
  const unlisted = createCore(enclave(nextImage))
  const { error } = ask(unlisted, 'load_state', await load(unlisted, keyId, genesis))
  expect(error).toMatchObject({ code: 'BIRTH_REFUSED', facts: { rejection: 'WRONG_PCR' } })
  call(next, 'load_state', await load(next, keyId, genesis))
  expect(call(next, 'status', {}).address).toBe(genesis.address)
})
