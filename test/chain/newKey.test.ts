/**
 * Row 28 on a real chain: the core's key leaks, a thief anchors a root of its own and takes money with it. The guardian
 * halts at the last good anchor, a new key is born for the published log, the operator admits it from there, and everyone
 * gets to the wei what the ledger says; what was stolen counts as lost.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseEther } from 'viem'
import { afterAll, expect, test } from 'vitest'
import { createLocalPlatform } from '../../anvil/localPlatform.ts'
import { send } from '../../anvil/wallet.ts'
import { signBatch } from '../../client/batch.ts'
import { credit } from '../../client/events.ts'
import { createCore } from '../../enclave/core.ts'
import { createSigner } from '../../enclave/signer.ts'
import { encodeCall } from '../../enclave/transactions.ts'
import { type Hex, zeroHash } from '../../ledger/hex.ts'
import type { Commit } from '../../ledger/structs.ts'
import { call } from '../unit/enclave/support.ts'
import { payeeOf, reporterKey } from '../unit/ledger/support.ts'
import { useChains } from './chains.ts'
import { apply, type CoreWorld, createCoreWorld, hints, proofOf, round } from './coreWorld.ts'

const startChain = useChains()
const folder = mkdtempSync(join(tmpdir(), 'bursar-new-key-'))
afterAll(() => rmSync(folder, { recursive: true }))

const [alice, bob, thief] = [payeeOf(5000), payeeOf(5001), payeeOf(5002)]
const stolenWei = parseEther('10')
const credits = ({ domain }: CoreWorld, sequence: bigint, aliceWei: bigint, bobWei: bigint) =>
  signBatch({
    domain,
    secretKey: reporterKey,
    sequence,
    events: [credit({ id: 'a', payee: alice, wei: aliceWei }), credit({ id: 'b', payee: bob, wei: bobWei })],
  })

test('row 28: a leaked key, a halt, a new key from the published log: dues right to the wei', async () => {
  const world = await createCoreWorld(startChain, folder)
  const { core, contract, wallet } = world
  const old = call(core, 'status', {})

  // As it should be: opened, earned, anchored, part of it paid, and a tail after the anchor.
  await world.land(call(core, 'open_epoch', { head: proofOf(await world.head()), hints: hints(0n) }).transaction)
  const anchored = [credits(world, 0n, 3_000n, 2_000n)]
  const tail = [credits(world, 1n, 70n, 30n)]
  apply(core, anchored)
  const good = call(core, 'prepare_payouts', {
    head: proofOf(await world.head()),
    round,
    payments: [{ payee: alice, total: 1_000n, paid: 0n }],
    hints: hints(1n),
  })
  const landed = await world.land(good.transaction)
  const { timestamp } = await wallet.chain.getBlock({ blockNumber: landed.blockNumber })
  const anchor = { counter: 1n, root: (await world.head()).root, totalPaid: 1_000n, time: timestamp }
  apply(core, tail)

  // The thief has the key, and signs a history of its own.
  const stolenKey = core.live?.signer.exportKey() as Uint8Array
  const thiefs = createSigner(stolenKey, world.domain)
  const steal = async (): Promise<boolean> => {
    const { epoch, boot, counter, root } = await world.head()
    const next = { ...good.commit.next, totalEarned: good.commit.next.totalEarned + stolenWei }
    const payments: Hex[] = [`${thief}${stolenWei.toString(16).padStart(24, '0')}`]
    const commit: Commit = {
      epoch,
      boot,
      counter: counter + 1n,
      prevRoot: root,
      next,
      round: 0n,
      payments,
      ticketSigs: [],
    }
    return world.relay(encodeCall(['Commit', commit], thiefs.signStruct('Commit', commit)))
  }
  expect(await steal()).toBe(true)
  expect(await world.balance(thief)).toBe(stolenWei)
  const struck = await world.head()

  // Halt, then a new key. Its configuration follows the one in force, and nobody of the host's is asked for its hash.
  await world.guardian('halt', [anchor])
  expect(await steal()).toBe(false)
  const heir = createCore(createLocalPlatform({ folder: mkdtempSync(join(folder, 'heir-')) }))
  const configuration = { ...world.first, version: 2n, previous: old.configHash as Hex }
  const born = call(heir, 'genesis', { configuration, logBegins: world.first })
  apply(heir, anchored)
  apply(heir, tail)
  await world.admit([born.address, born.configHash, anchor, good.commit.next])
  expect(await steal()).toBe(false)

  // The head is the good anchor again, which lay on the way; the thief's root does not open anything.
  const head = await world.head()
  expect(head).toMatchObject({ counter: 1n, root: anchor.root, configHash: born.configHash, boot: zeroHash })
  await send(wallet, born.address, parseEther('1'))
  expect(() => call(heir, 'open_epoch', { head: { ...proofOf(head), root: struck.root }, hints: hints(0n) })).toThrow(
    'FOREIGN_ROOT',
  )
  const opened = call(heir, 'open_epoch', { head: proofOf(head), hints: hints(0n) })
  expect((await world.land(opened.transaction)).status).toBe('success')

  // Everyone's due to the wei; what was stolen is lost, not paid.
  apply(heir, [credits(world, 2n, 5n, 5n)])
  const paid = call(heir, 'prepare_payouts', {
    head: proofOf(await world.head()),
    round,
    payments: [
      { payee: alice, total: 3_075n, paid: 1_000n },
      { payee: bob, total: 2_035n, paid: 0n },
    ],
    hints: hints(1n),
  })
  const before = await world.balance(world.treasury)
  expect((await world.land(paid.transaction)).status).toBe('success')
  expect([await world.balance(alice), await world.balance(bob), await world.balance(thief)]).toEqual([
    3_075n,
    2_035n,
    stolenWei,
  ])
  expect(before - (await world.balance(world.treasury))).toBe(2_075n + 2_035n)
  expect(await world.head()).toMatchObject({ counter: 2n, totalEarned: 5_110n, logSize: 5n })
  expect(await world.read('totalPaid')).toBe(5_110n)
  expect(await world.read('surplus')).toBe(await world.balance(world.treasury))
  const register = (payee: Hex) => wallet.chain.readContract({ ...contract, functionName: 'paid', args: [payee] })
  expect([await register(alice), await register(bob)]).toEqual([3_075n, 2_035n])
  expect(await steal()).toBe(false)
})
