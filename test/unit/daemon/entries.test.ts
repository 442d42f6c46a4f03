import { expect, test, vi } from 'vitest'
import { addressOfKey } from '../../../client/batch.ts'
import { signConfiguration } from '../../../client/configuration.ts'
import { configurationsAnswer } from '../../../client/logApi.ts'
import { signPreference } from '../../../client/preference.ts'
import { zeroAddress } from '../../../ledger/hex.ts'
import { hashStruct } from '../../../ledger/typedData.ts'
import { domain, keyOf, reporter, reporterRule } from '../ledger/support.ts'
import { createWorld, creditBatch, type TestDaemon, untilOpen, waiting } from './support.ts'

const payeeKey = keyOf(40)
const payee = addressOfKey(payeeKey)
const signerKeys = [keyOf(50), keyOf(51), keyOf(52)]
const signers = signerKeys.map(addressOfKey).sort()
const twoOfThree = { signers, threshold: 2 }

const prefer = (number: bigint, minimumWei: bigint, secretKey = payeeKey) =>
  signPreference({ domain, secretKey, number, rail: 0, minimumWei, redirect: zeroAddress })
const until = (holds: () => Promise<void>) => vi.waitFor(holds, waiting)
const paid = async (daemon: TestDaemon) => (await daemon.client.account(payee)).paidWei

test('default: a payee says how it is paid, and is paid so, through restarts of both sides', async () => {
  const world = createWorld()
  let daemon = await world.startOpen()
  const wish = prefer(0n, 100n)
  await expect(daemon.client.sendPreference(wish)).rejects.toMatchObject({ code: 'UNKNOWN_PAYEE' })
  await daemon.client.sendBatch(creditBatch(0n, 5n, payee))
  await until(async () => expect(await paid(daemon)).toBe(5n))
  const first = await daemon.client.sendPreference(wish)
  expect(first).toMatchObject({ status: 'accepted', receipt: { position: 2 } })
  expect(await daemon.client.sendPreference(wish)).toMatchObject({
    status: 'already_accepted',
    receipt: { position: 2 },
  })
  await expect(daemon.client.sendPreference(prefer(0n, 3n))).rejects.toMatchObject({ code: 'SEQUENCE_REPEAT' })
  const forged = { ...prefer(1n, 3n), preference: { ...prefer(1n, 4n).preference } }
  await expect(daemon.client.sendPreference(forged)).rejects.toMatchObject({ code: 'BAD_SIGNATURE', status: 403 })

  await daemon.client.sendBatch(creditBatch(1n, 94n, payee))
  expect(await daemon.client.account(payee)).toMatchObject({ minimumWei: 100n, owedWei: 94n })
  await until(async () => expect((await daemon.client.ledgerHead()).anchored?.commitment.logSize).toBe(4n))
  expect(await paid(daemon)).toBe(5n)

  // The mirror is made again from the store, the core from its records.
  await daemon.stop()
  world.coreHost.restart()
  daemon = await world.startDaemon()
  await untilOpen(daemon)
  expect(await daemon.client.account(payee)).toMatchObject({ minimumWei: 100n, owedWei: 94n })
  await daemon.client.sendPreference(prefer(1n, 90n))
  await until(async () => expect(await paid(daemon)).toBe(99n))
})

test('row 9: a change of configuration counts at its place in the log; nothing is anchored until the contract names it', async () => {
  const world = createWorld(twoOfThree)
  const daemon = await world.startOpen()
  const { client } = daemon
  await client.sendBatch(creditBatch(0n, 5n, payee))
  await until(async () => expect(await paid(daemon)).toBe(5n))

  const { configuration, hash: previous } = world.config.rules
  const next = { ...configuration, version: 2n, previous, reporters: [reporterRule({ budgetWei: 7n })] }
  const hash = hashStruct('Configuration', next)
  await expect(client.sendConfiguration(signConfiguration(next, signerKeys.slice(1, 2)))).rejects.toMatchObject({
    code: 'WRONG_SIGNERS',
    status: 403,
  })
  const signed = signConfiguration(next, signerKeys.slice(1))
  expect(await client.sendConfiguration(signed)).toMatchObject({ status: 'accepted', receipt: { position: 2 } })
  expect(await client.sendConfiguration(signed)).toMatchObject({ status: 'already_accepted' })
  await expect(client.sendBatch(creditBatch(1n, 3n, payee))).rejects.toMatchObject({ code: 'BUDGET_EXCEEDED' })
  expect(await client.reporter(reporter)).toMatchObject({ budgetWei: 7n })

  // Batches go on; commits, which would revert, wait.
  await client.sendBatch(creditBatch(1n, 2n, payee))
  const sent = world.chain.sent.length
  await until(async () => expect((await client.status()).waitsFor).toContain(hash))
  expect(await paid(daemon)).toBe(5n)
  expect(world.chain.sent).toHaveLength(sent)

  // A restart of both sides in between opens an epoch as ever.
  await daemon.stop()
  world.coreHost.restart()
  const again = await world.startDaemon()
  await untilOpen(again)
  expect(await again.client.account(payee)).toMatchObject({ owedWei: 2n })

  world.chain.setConfig(hash)
  await until(async () => expect(await paid(again)).toBe(7n))
  expect((await again.client.status()).waitsFor).toBeNull()
  const answer = await (await fetch(`${again.url}/api/log/configurations`)).json()
  expect(configurationsAnswer.read(answer, '').configurations).toMatchObject([
    { position: 0, hash: previous, entry: { signatures: [] } },
    { position: 2, hash, entry: { configuration: { version: 2n } } },
  ])
})

test('row 32: a configuration whose reply was lost is recovered from its intent', async () => {
  const world = createWorld(twoOfThree)
  const daemon = await world.startOpen({ anchorIntervalMs: 3_600_000, payIntervalMs: 3_600_000 })
  const { configuration, hash: previous } = world.config.rules
  const next = { ...configuration, version: 2n, previous, rail: 1 }
  const signed = signConfiguration(next, signerKeys.slice(0, 2))
  world.coreHost.onReply = (method) => (method === 'apply_event' ? 'cut' : 'send')
  await expect(daemon.client.sendConfiguration(signed)).rejects.toMatchObject({ code: 'CORE_LOST' })
  world.coreHost.onReply = () => 'send'
  await untilOpen(daemon)
  expect(await daemon.client.sendConfiguration(signed)).toMatchObject({ status: 'already_accepted' })
  expect((await daemon.client.status()).core?.configHash).toBe(hashStruct('Configuration', next))
})
