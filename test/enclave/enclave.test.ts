/** The image as it ships but for its root, booted: vsock, secure module, KMS policy, contract. Each test goes on from the one before. */

import { afterAll, beforeAll, expect, test } from 'vitest'
import { treasuryAbi } from '../../abi/index.ts'
import type { Enclave } from '../../anvil/emulator/enclaves.ts'
import { awsNitroRoot } from '../../attestation/roots.ts'
import { verifyAttestation } from '../../attestation/verify.ts'
import { batchLeafHash, signBatch } from '../../client/batch.ts'
import { credit } from '../../client/events.ts'
import type { CoreConnection } from '../../daemon/enclaveClient.ts'
import { buildImage, gatherOutside } from '../../enclave/image/build.ts'
import { entryLeaf } from '../../ledger/entry.ts'
import { toHex } from '../../ledger/hex.ts'
import { decodeBody, encodeFrame, FrameReader } from '../../protocol/frame.ts'
import type { HeadProof, Result } from '../../protocol/messages.ts'
import { payeeOf, reporterKey } from '../unit/ledger/support.ts'
import { firstHead, type Kept, land, sayRaw, useEnclaveWorld } from './enclaveWorld.ts'

const payee = payeeOf(901)
const earnedWei = 1_000n
const fees = { gas: 5_000_000n, maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 10n ** 9n }

const world = useEnclaveWorld()
let enclave: Enclave
let core: CoreConnection
let genesis: Result<'genesis'>
let kept: Kept
let head: HeadProof = firstHead

beforeAll(async () => {
  enclave = await world.enclaves.boot(world.image)
  console.log(`boot: ${Math.round(enclave.bootMs)} ms, image: ${world.image.manifest.eif.bytes} bytes`)
  core = await enclave.connect()
})
afterAll(() => core.close())

const signed = (sequence: bigint) =>
  signBatch({
    domain: { chainId: world.settings.chainId, verifyingContract: world.treasury },
    secretKey: reporterKey,
    sequence,
    events: [credit({ id: `${sequence}`, payee, wei: earnedWei })],
  })

const nonceOf = async () => BigInt(await world.wallet.chain.getTransactionCount({ address: genesis.address }))
const totalPaid = () =>
  world.wallet.chain.readContract({ address: world.treasury, abi: treasuryAbi, functionName: 'totalPaid' })

/** Opens the next epoch with this core, and lands it. */
async function openWith(one: CoreConnection): Promise<void> {
  const hints = { nonce: await nonceOf(), ...fees }
  const { open, transaction, record } = await one.request('open_epoch', { head, hints })
  kept.sealed.push(record)
  await land(world.wallet, transaction)
  head = { ...head, epoch: open.epoch, boot: open.boot }
}

test('genesis: a key is born under a configuration with a KMS key, and its contract deployed', async () => {
  expect(await core.request('status', {})).toMatchObject({ phase: 'empty', warnings: [] })
  genesis = await core.request('genesis', { configuration: world.settings, logBegins: null })
  kept = { wrappedKeys: genesis.wrappedKeys, sealed: [...genesis.sealed] }
  await world.deploy(genesis)
})

test('behavior: the secure module reports the registers of the manifest, and the ordinary verifier accepts its documents', async () => {
  const nonce = new Uint8Array(32).fill(9)
  const { documentB64, birthB64 } = await core.request('attestation', { nonce: toHex(nonce) })
  const expected = { root: world.image.root, at: Date.now(), measurements: [world.measurement], nonce }
  const { document } = verifyAttestation(documentB64, expected)
  const registers = [0, 1, 2].map((n) => toHex(document.pcrs.get(n) as Uint8Array).slice(2))
  expect(registers).toEqual(Object.values(world.image.manifest.measurement))
  verifyAttestation(birthB64, { root: world.image.root, at: 'document', measurements: [world.measurement] })
  expect(() => verifyAttestation(documentB64, { root: awsNitroRoot, at: 'document' })).toThrow(
    expect.objectContaining({ code: 'WRONG_ROOT' }),
  )
})

test('row 7: KMS gives the state key to no image with one byte changed, and to none in debug mode', async () => {
  const outside = gatherOutside(process.cwd())
  const other = { ...outside, addon: Buffer.concat([outside.addon, Buffer.from([0])]) }
  const { eif } = buildImage(process.cwd(), other, { root: world.image.root })
  const { pkiFolder, eifPath } = world.image
  const changed = await world.enclaves.boot({ pkiFolder, eifPath: world.enclaves.keep('changed.eif', eif) })
  const inChanged = await changed.connect()
  await expect(world.load(inChanged, kept)).rejects.toMatchObject({ reason: 'AccessDeniedException' })
  inChanged.close()
  await changed.kill()

  const debug = await world.enclaves.boot({ pkiFolder, eifPath, isDebug: true })
  const inDebug = await debug.connect()
  await expect(world.load(inDebug, kept)).rejects.toMatchObject({ name: 'KmsRefused' })
  const born = inDebug.request('genesis', { configuration: world.settings, logBegins: null })
  await expect(born).rejects.toMatchObject({ code: 'BIRTH_REFUSED', facts: { rejection: 'DEBUG_MODE' } })
  inDebug.close()
  await debug.kill()
})

test('behavior: hostile frames over vsock are answered by their code or dropped, and the core goes on', async () => {
  const codeOf = (reply: Buffer): unknown => {
    const { value } = new FrameReader().push(reply).next()
    return (decodeBody(value as Uint8Array) as { error: { code: string } }).error.code
  }
  const tooLong = Buffer.from('ffffffff', 'hex')
  expect(codeOf(await sayRaw(enclave.corePath, tooLong))).toBe('FRAME_TOO_LARGE')
  const noJson = Buffer.concat([Buffer.from('00000003', 'hex'), Buffer.from('{"x')])
  expect(codeOf(await sayRaw(enclave.corePath, noJson))).toBe('MALFORMED_FRAME')
  const padded = { id: 1, method: 'status', params: { padding: 'x'.repeat(3_000_000) } }
  expect(codeOf(await sayRaw(enclave.corePath, encodeFrame(padded)))).toBe('BAD_PARAMS')
  core = await enclave.connect() // each new connection ends the one before
  expect((await core.request('status', {})).phase).toBe('closed')
})

test('behavior: nobody but the parent is heard, and a stranger does not end its connection', async () => {
  const question = encodeFrame({ id: 1, method: 'status', params: {} })
  expect(await sayRaw(enclave.foreignPath, question)).toHaveLength(0)
  expect((await core.request('status', {})).phase).toBe('closed')
})

test('behavior: a batch is taken in and its payee paid by the contract', async () => {
  await openWith(core)
  const { results, record } = await core.request('apply_event', { entries: [signed(0n)].map(entryLeaf) })
  expect(results.map(({ status }) => status)).toEqual(['accepted'])
  kept.sealed.push(record as Uint8Array)
  const { commit, signature, transaction, record: last } = await prepare(core, earnedWei)
  kept.sealed.push(last)
  await land(world.wallet, transaction)
  expect(await totalPaid()).toBe(earnedWei)
  const { ledgerRoot: root } = await core.request('status', {})
  head = { ...head, counter: commit.counter, root, made: { commit, signature } }
})

async function prepare(one: CoreConnection, total: bigint, on: HeadProof = head): Promise<Result<'prepare_payouts'>> {
  const hints = { nonce: await nonceOf(), ...fees }
  const round = { number: 1n, blockHash: `0x${'11'.repeat(32)}` as const }
  const payments = [{ payee, total, paid: await totalPaid() }]
  return one.request('prepare_payouts', { head: on, round, payments, hints })
}

test('G7: the host is lost; what it kept goes on in another enclave, through KMS, with the same key', async () => {
  core.close()
  await enclave.kill()
  enclave = await world.enclaves.boot(world.image)
  core = await enclave.connect()
  await world.load(core, kept)
  expect(await core.request('status', {})).toMatchObject({ phase: 'closed', address: genesis.address })
  await openWith(core)
})

test('G4: a second enclave from the same state opens the next epoch, and nothing of the first lands any more', async () => {
  const second = await world.enclaves.boot(world.image)
  console.log(`boot of the second: ${Math.round(second.bootMs)} ms`)
  const inSecond = await second.connect()
  await world.load(inSecond, kept)
  // What both have, the first continues: it cannot know that it is no longer the one.
  const batch = signed(1n)
  const { results } = await core.request('apply_event', { entries: [batch].map(entryLeaf) })
  expect(results[0]?.status).toBe('accepted')
  // One entry after a whole tree of two: it alone proves that the log only grew.
  const ofFirst = await prepare(core, 2n * earnedWei, { ...head, consistency: [toHex(batchLeafHash(batch))] })
  await openWith(inSecond)
  const hints = { nonce: await nonceOf(), ...fees }
  const { commit, signature } = ofFirst
  const { transaction } = await core.request('sign_transaction', { open: null, commit, signature, hints })
  const hash = await world.wallet.chain.sendRawTransaction({ serializedTransaction: transaction })
  expect((await world.wallet.chain.waitForTransactionReceipt({ hash })).status).toBe('reverted')
  expect(await totalPaid()).toBe(earnedWei)
  inSecond.close()
})
