import { createPublicClient, http } from 'viem'
import { expect, test } from 'vitest'
import { treasuryAbi } from '../../abi/index.ts'
import { batchLeafHash, signBatch } from '../../client/batch.ts'
import { credit } from '../../client/events.ts'
import { verifyAccount, verifyReceipt } from '../../client/verify.ts'
import type { Hex } from '../../ledger/hex.ts'
import { reporter, reporterKey } from '../unit/ledger/support.ts'
import { useChains } from './chains.ts'
import { createDaemonWorld, type DaemonWorld } from './daemonWorld.ts'

const startChain = useChains()
const wei = 10n ** 15n

/** A batch that credits each payee with so much, under the reporter's next sequence; its receipt is checked. */
async function credits(world: DaemonWorld, payees: readonly Hex[], sequence: bigint): Promise<void> {
  const { domain, client } = world
  const events = payees.map((payee, i) => credit({ id: `${sequence}.${i}`, payee, wei }))
  const batch = signBatch({ domain, secretKey: reporterKey, sequence, events })
  const { status, receipt } = await client.sendBatch(batch)
  const { core, head, isEpochOpen } = await world.status()
  expect(status).toBe('accepted')
  expect({ isEpochOpen, boot: head?.boot }).toEqual({ isEpochOpen: true, boot: receipt.head.boot })
  expect(verifyReceipt(domain, core?.address as Hex, receipt, batchLeafHash(batch))).toBe(true)
  // The same bytes again are answered with a receipt, not counted again.
  expect(await client.sendBatch(batch)).toMatchObject({ status: 'already_accepted' })
}

const untilOpen = (world: DaemonWorld) =>
  world.until('not open', async () => ((await world.status()).isEpochOpen ? true : undefined))

/** Everyone has exactly what was earned, and all books agree. */
async function untilPaid(world: DaemonWorld, each: bigint): Promise<void> {
  const payees = [...world.tickets, ...world.directs]
  await world.until('not all is paid', async () => {
    const { discrepancies, paidWei } = await world.reconcile()
    return discrepancies.length === 0 && paidWei === each * BigInt(payees.length) ? true : undefined
  })
  const contract = { address: world.domain.verifyingContract, abi: treasuryAbi } as const
  const chain = createPublicClient({ transport: http(world.rpcUrl) })
  for (const payee of payees) {
    expect(await chain.readContract({ ...contract, functionName: 'paid', args: [payee] })).toBe(each)
    expect(await world.client.account(payee)).toMatchObject({ earnedWei: each, paidWei: each, owedWei: 0n })
  }
  for (const payee of world.directs) expect(await chain.getBalance({ address: payee })).toBe(each)
}

test('default: signed work in, exact payouts out, through restarts of both sides', { timeout: 120_000 }, async () => {
  const { rpcUrl } = await startChain({ kind: 'local' })
  const world = await createDaemonWorld(rpcUrl)
  const payees = [...world.tickets, ...world.directs]
  await world.restartCore()
  await world.restartDaemon('SIGTERM')
  await world.until('not waiting', async () =>
    (await world.status()).state === 'waiting for the contract' ? true : undefined,
  )
  await world.deploy()
  await untilOpen(world)
  await credits(world, payees, 0n)
  await untilPaid(world, wei)

  // The core is killed: a new boot, a new epoch, nothing lost.
  const boot = (await world.status()).head?.boot
  await world.restartCore()
  await world.until('no new boot', async () => {
    const { isEpochOpen, head } = await world.status()
    return isEpochOpen && head?.boot !== boot ? true : undefined
  })
  await credits(world, payees, 1n)
  await untilPaid(world, 2n * wei)

  // The daemon is killed: the core goes on with the same boot and epoch.
  const epoch = (await world.status()).head?.epoch
  await world.restartDaemon('SIGKILL')
  await untilOpen(world)
  expect((await world.status()).head?.epoch).toBe(epoch)
  await credits(world, payees, 2n)
  await untilPaid(world, 3n * wei)

  // The books: a proof against the anchored root, the payouts, the reporter's place.
  const { counter, root } = await createPublicClient({ transport: http(rpcUrl) }).readContract({
    address: world.domain.verifyingContract,
    abi: treasuryAbi,
    functionName: 'head',
  })
  const [payee] = payees as [Hex]
  const { anchored } = await world.client.account(payee)
  expect(anchored).toMatchObject({ counter, root, earnedWei: 3n * wei })
  expect(anchored && verifyAccount({ payee, ...anchored }, root)).toBe(true)
  const { payouts } = await world.client.payouts({ payee })
  expect(payouts.map(({ status, rail, amountWei }) => ({ status, rail, amountWei }))).toEqual(
    [1, 2, 3].map(() => ({ status: 'paid', rail: 'ticket', amountWei: wei })),
  )
  expect(await world.client.reporter(reporter)).toMatchObject({ nextSequence: 3n })
})

test('behavior: killed in the middle of it, again and again, nothing is lost or paid twice', {
  timeout: 120_000,
}, async () => {
  const { rpcUrl } = await startChain({ kind: 'local' })
  const world = await createDaemonWorld(rpcUrl)
  const payees = [...world.tickets, ...world.directs]
  await world.restartCore()
  await world.restartDaemon('SIGTERM')
  await world.deploy()
  await untilOpen(world)

  const batches = 10
  for (let i = 0; i < batches; i++) {
    const events = payees.map((payee) => credit({ id: `${i}`, payee, wei }))
    const batch = signBatch({ domain: world.domain, secretKey: reporterKey, sequence: BigInt(i), events })
    // As a reporter does: the same bytes until there is a receipt. What is killed dies while it is under way.
    const sending = world.until('no receipt', () => world.client.sendBatch(batch))
    if (i % 3 === 0) await world.restartDaemon('SIGKILL')
    if (i % 4 === 1) await world.restartCore()
    await sending
  }
  await untilPaid(world, wei * BigInt(batches))
})
