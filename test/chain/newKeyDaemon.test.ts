/** The way back after the loss or leak of the core's key, as OPERATING.md says: real daemon, real core, real chain. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEther } from 'viem'
import { expect, test } from 'vitest'
import { treasuryAbi } from '../../abi/index.ts'
import { localHome } from '../../anvil/home.ts'
import { createLocalPlatform } from '../../anvil/localPlatform.ts'
import { makeTrust } from '../../anvil/trust.ts'
import { send, write } from '../../anvil/wallet.ts'
import { type Finding, runAudit } from '../../client/audit/index.ts'
import { signBatch } from '../../client/batch.ts'
import { credit } from '../../client/events.ts'
import { createRpc } from '../../client/index.ts'
import { backupStore, restoreStore } from '../../daemon/store/backup.ts'
import { openStore } from '../../daemon/store/open.ts'
import { type Core, createCore } from '../../enclave/core.ts'
import type { Signer } from '../../enclave/signer.ts'
import { encodeCall } from '../../enclave/transactions.ts'
import { checkConfiguration } from '../../ledger/config.ts'
import { type Hex, zeroHash } from '../../ledger/hex.ts'
import type { Commit } from '../../ledger/structs.ts'
import { hashStruct } from '../../ledger/typedData.ts'
import { struct } from '../../protocol/codec.ts'
import { call } from '../unit/enclave/support.ts'
import { configuration, payeeOf, reporterKey } from '../unit/ledger/support.ts'
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

/** The state key is gone, or leaked: the log goes to a new store without what belonged to it, and the settings name both. */
async function replaceKey(world: DaemonWorld): Promise<void> {
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

/** A new key for the log, its account funded. What the operator admits is the hash of its own file. */
async function bearKey(world: DaemonWorld, old: Hex | null | undefined): Promise<{ born: Hex; hash: Hex }> {
  await replaceKey(world)
  await world.restartDaemon('SIGKILL')
  const born = await world.until('no new key', async () => {
    const { state, core } = await world.status()
    return state === 'waiting for the contract' && core?.address && core.address !== old ? core.address : undefined
  })
  await send(world.wallet, born, parseEther('1'))
  const newKey = JSON.parse(readFileSync(join(world.folder, 'newKey.json'), 'utf8'))
  return { born, hash: hashStruct('Configuration', struct('Configuration').read(newKey, '')) }
}

async function createOpenWorld(): Promise<DaemonWorld> {
  const { rpcUrl } = await startChain({ kind: 'local' })
  const world = await createDaemonWorld(rpcUrl)
  await world.restartCore()
  await world.restartDaemon('SIGTERM')
  await world.deploy()
  await untilOpen(world)
  return world
}

const operatorOf = ({ rpcUrl, wallet, domain }: DaemonWorld) => ({ rpcUrl, wallet, treasury: domain.verifyingContract })

test('row 28: the key is lost: a new one goes on with the log, the books and the payments', {
  timeout: 120_000,
}, async () => {
  const world = await createOpenWorld()
  await credits(world, 0n)
  await untilPaid(world, wei)
  await credits(world, 1n)
  await untilPaid(world, 2n * wei)
  const lost = (await world.status()).core?.address

  const { born, hash } = await bearKey(world, lost)
  // Not halted: from the head as it then is, so no anchor is named.
  const none = { counter: 0n, root: zeroHash, totalPaid: 0n, time: 0n }
  const nothing = { accountsRoot: zeroHash, logRoot: zeroHash, logSize: 0n, totalEarned: 0n, configHash: zeroHash }
  await admitTimelocked(operatorOf(world), [born, hash, none, nothing])

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

  // Whoever audits knows both keys by the contract's events: the tickets of the first were credited in its name.
  expect((await auditFaults(world)).map(({ code }) => code)).toEqual([])
})

async function auditFaults({ rpcUrl, client, domain, folder }: DaemonWorld): Promise<readonly Finding[]> {
  const { chainId, verifyingContract: contract } = domain
  const { size: logSize } = await client.log()
  const trust = makeTrust({ chainId: Number(chainId), treasury: contract, home: localHome(folder) })
  const { findings } = await runAudit({
    ...{ rpc: createRpc({ url: rpcUrl }), contract, chainId, trust, fromBlock: 0n, logSize },
    entries: (from, count) => client.entries(from, count),
  })
  return findings.filter(({ verdict }) => verdict === 'fault')
}

/** Whoever has the state key and what lies in the store has the core's own key. */
async function stealKey({ folder }: DaemonWorld): Promise<Signer> {
  const loot = `sqlite:${join(folder, 'loot.sqlite')}`
  const { store: address, configuration: first } = JSON.parse(readFileSync(join(folder, 'daemon.json'), 'utf8'))
  await backupStore(address, join(folder, 'loot.sqlite'))
  const rules = checkConfiguration(struct('Configuration').read(JSON.parse(readFileSync(first, 'utf8')), ''))
  const store = await openStore(loot, rules.hash)
  const sealed: Uint8Array[] = []
  for await (const one of store.sealedState()) sealed.push(one)
  await store.close()
  const core = createCore(createLocalPlatform({ folder }))
  call(core, 'load_state', { key: null, sealed, isLast: true })
  return (core.live as NonNullable<Core['live']>).signer
}

test('row 28: the key leaks: what the thief anchored is halted and struck, and a new key pays everyone to the wei', {
  timeout: 120_000,
}, async () => {
  const world = await createOpenWorld()
  const { wallet, domain, client } = world
  const contract = { address: domain.verifyingContract, abi: treasuryAbi } as const
  await credits(world, 0n)
  await untilPaid(world, wei)
  const { anchored } = await client.ledgerHead()
  const head = () => wallet.chain.readContract({ ...contract, functionName: 'head' })
  const good = await head()
  const totalPaid = await wallet.chain.readContract({ ...contract, functionName: 'totalPaid' })
  if (anchored?.root !== good.root) throw new Error('something was anchored meanwhile')
  const anchor = { counter: good.counter, root: good.root, totalPaid, time: good.committedAt }
  const lost = (await world.status()).core?.address

  const [thief, stolenWei] = [payeeOf(999), parseEther('3')]
  const thiefs = await stealKey(world)
  expect(thiefs.address).toBe(lost)
  const steal = async (): Promise<boolean> => {
    const { epoch, boot, counter, root: prevRoot } = await head()
    const next = { ...anchored.commitment, totalEarned: anchored.commitment.totalEarned + stolenWei }
    const payments: Hex[] = [`${thief}${stolenWei.toString(16).padStart(24, '0')}`]
    const commit: Commit = { epoch, boot, counter: counter + 1n, prevRoot, next, round: 0n, payments, ticketSigs: [] }
    const data = encodeCall(['Commit', commit], thiefs.signStruct('Commit', commit))
    const hash = await wallet.signer.sendTransaction({ chain: null, to: contract.address, data, gas: 5_000_000n })
    return (await wallet.chain.waitForTransactionReceipt({ hash })).status === 'success'
  }
  expect(await steal()).toBe(true)
  expect(await wallet.chain.getBalance({ address: thief })).toBe(stolenWei)

  // The books name the thief and its commit, and nothing else is wrong in them.
  const codesOf = async () => (await world.reconcile()).discrepancies.map(({ kind, code }) => `${kind} ${code}`)
  await world.until('the theft is not seen', async () => {
    const codes = await codesOf()
    return codes.join() === 'unexplained PAID_ABOVE_EARNED,unexplained FOREIGN_COMMIT' ? codes : undefined
  })
  await write(wallet, { ...contract, functionName: 'halt', args: [anchor] })
  expect(await steal()).toBe(false)
  expect(await credits(world, 1n)).toMatchObject({ status: 'accepted' })
  expect((await head()).counter).toBe(good.counter + 1n)

  const { born, hash } = await bearKey(world, lost)
  await admitTimelocked(operatorOf(world), [born, hash, anchor, anchored.commitment])
  await untilOpen(world)
  expect(await steal()).toBe(false)
  expect(await credits(world, 2n)).toMatchObject({ status: 'accepted' })
  const paidTo = (payee: Hex) => wallet.chain.readContract({ ...contract, functionName: 'paid', args: [payee] })
  await world.until('not all is paid', async () => {
    const paid = await Promise.all(payeesOf(world).map(paidTo))
    return paid.every((each) => each === 3n * wei) ? paid : undefined
  })
  await world.until('the books do not come to an end', async () => {
    const codes = await codesOf()
    return codes.every((code) => code.startsWith('struck ')) ? codes : undefined
  })
  expect(await wallet.chain.getBalance({ address: thief })).toBe(stolenWei)
})
