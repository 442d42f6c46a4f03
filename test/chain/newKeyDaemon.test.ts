/** The way back after the loss of the core's key, as OPERATING.md says: real daemon, real core, real chain. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEther } from 'viem'
import { expect, test } from 'vitest'
import { send } from '../../anvil/wallet.ts'
import { signBatch } from '../../client/batch.ts'
import { credit } from '../../client/events.ts'
import { backupStore, restoreStore } from '../../daemon/store/backup.ts'
import { type Hex, zeroHash } from '../../ledger/hex.ts'
import { hashStruct } from '../../ledger/typedData.ts'
import { struct } from '../../protocol/codec.ts'
import { configuration, reporterKey } from '../unit/ledger/support.ts'
import { useChains } from './chains.ts'
import { createDaemonWorld, type DaemonWorld } from './daemonWorld.ts'
import { admitTimelocked } from './timelocked.ts'

const startChain = useChains()
const wei = 10n ** 15n

/** On both rails: the tickets of every key must be found at the broker. */
const payeesOf = ({ directs, tickets }: DaemonWorld): readonly Hex[] => [...directs, ...tickets]

function credits(world: DaemonWorld, sequence: bigint) {
  const { domain, client } = world
  const events = payeesOf(world).map((payee) => credit({ id: `${sequence}`, payee, wei }))
  return client.sendBatch(signBatch({ domain, secretKey: reporterKey, sequence, events }))
}

const untilOpen = (world: DaemonWorld) =>
  world.until('not open', async () => ((await world.status()).isEpochOpen ? true : undefined))

const untilPaid = (world: DaemonWorld, each: bigint) =>
  world.until('not all is paid', async () => {
    const { discrepancies, paidWei } = await world.reconcile()
    return discrepancies.length === 0 && paidWei === each * BigInt(payeesOf(world).length) ? true : undefined
  })

/** The state key is gone. The log goes to a new store without what belonged to the key, and the settings name both. */
async function loseKey(world: DaemonWorld): Promise<void> {
  const { folder, domain, broker, tickets } = world
  const [settingsPath, newStore] = [join(folder, 'daemon.json'), `sqlite:${join(folder, 'new.sqlite')}`]
  const settings = JSON.parse(readFileSync(settingsPath, 'utf8'))
  const { configHash } = (await world.status()).core as { configHash: Hex }
  await backupStore(settings.store, join(folder, 'copy.sqlite'))
  rmSync(join(folder, 'state.key'))
  await world.restartCore()
  await restoreStore(join(folder, 'copy.sqlite'), newStore, { withKey: false })
  const next = configuration({
    verifyingContract: domain.verifyingContract,
    broker: broker.broker,
    payees: tickets.map((payee) => ({ payee, rail: 1, minimumWei: 1n })),
    version: 2n,
    previous: configHash,
  })
  const newKey = join(folder, 'newKey.json')
  writeFileSync(newKey, JSON.stringify(struct('Configuration').write(next)))
  writeFileSync(settingsPath, JSON.stringify({ ...settings, store: newStore, newKey }))
}

test('row 28: the key is lost: a new one goes on with the log, the books and the payments', {
  timeout: 120_000,
}, async () => {
  const { rpcUrl } = await startChain({ kind: 'local' })
  const world = await createDaemonWorld(rpcUrl)
  await world.restartCore()
  await world.restartDaemon('SIGTERM')
  await world.deploy()
  await untilOpen(world)
  await credits(world, 0n)
  await untilPaid(world, wei)
  await credits(world, 1n)
  await untilPaid(world, 2n * wei)
  const lost = (await world.status()).core?.address

  await loseKey(world)
  await world.restartDaemon('SIGKILL')
  const born = await world.until('no new key', async () => {
    const { state, core } = await world.status()
    return state === 'waiting for the contract' && core?.address && core.address !== lost ? core.address : undefined
  })
  const { wallet, domain } = world
  await send(wallet, born, parseEther('1'))
  const newKey = JSON.parse(readFileSync(join(world.folder, 'newKey.json'), 'utf8'))
  const hash = hashStruct('Configuration', struct('Configuration').read(newKey, ''))
  const treasury = domain.verifyingContract
  // Not halted: from the head as it then is, so no anchor is named.
  const none = { counter: 0n, root: zeroHash, totalPaid: 0n, time: 0n }
  const nothing = { accountsRoot: zeroHash, logRoot: zeroHash, logSize: 0n, totalEarned: 0n, configHash: zeroHash }
  await admitTimelocked({ rpcUrl, wallet, treasury }, [born, hash, none, nothing])

  await untilOpen(world)
  expect((await world.status()).core).toMatchObject({ address: born, configHash: hash })
  expect(await credits(world, 2n)).toMatchObject({ status: 'accepted' })
  await untilPaid(world, 3n * wei)

  // Killed on both sides it is the new key that comes back, and nothing is appended twice.
  await world.restartCore()
  await world.restartDaemon('SIGKILL')
  await untilOpen(world)
  expect((await world.status()).core?.address).toBe(born)
  expect(await credits(world, 3n)).toMatchObject({ status: 'accepted' })
  await untilPaid(world, 4n * wei)
})
