import { type Address, createPublicClient, createTestClient, http, parseAbi } from 'viem'
import { generatePrivateKey, privateKeyToAddress } from 'viem/accounts'
import { expect, test } from 'vitest'
import { bondingManagerAbi, treasuryAbi } from '../../abi/index.ts'
import { type Broker, brokerOnArbitrum, findOrchestrators, findOrDeployBroker, startRound } from '../../anvil/broker.ts'
import { deployTreasury, predictAddress } from '../../anvil/deployment.ts'
import { createFundedWallet, deploy } from '../../anvil/wallet.ts'
import { loadArtifact } from '../../contracts/script/artifacts.ts'
import type { Hex } from '../../ledger/hex.ts'
import { useChains } from './chains.ts'

const startChain = useChains()
const configHash: Hex = `0x${'c0'.repeat(32)}`
const roundLength = 50n
const worldAbi = parseAbi(['function broker() view returns (address)'])
const roundsAbi = parseAbi(['function currentRoundInitialized() view returns (bool)'])
const newAddress = (): Address => privateKeyToAddress(generatePrivateKey()).toLowerCase() as Address

/** The whole deployment as the demonstration does it. */
async function deployWorld(rpcUrl: string, wantedBroker: Address) {
  const wallet = await createFundedWallet(rpcUrl, '200')
  const broker = await findOrDeployBroker(wallet, wantedBroker)
  const orchestrators = await findOrchestrators(wallet, broker, [newAddress(), newAddress()])
  const predicted = await predictAddress(wallet)
  const committer = newAddress()
  await deployTreasury(wallet, { predicted, committer, configHash, broker })
  return { broker, orchestrators, treasury: predicted, committer }
}

async function expectWorks(
  rpcUrl: string,
  { broker, orchestrators, treasury, committer }: Awaited<ReturnType<typeof deployWorld>>,
) {
  const client = createPublicClient({ transport: http(rpcUrl) })
  const head = await client.readContract({ address: treasury, abi: treasuryAbi, functionName: 'head' })
  expect(head).toMatchObject({ counter: 0n, epoch: 0n, configHash })
  expect(head.committer.toLowerCase()).toBe(committer)
  const named = await client.readContract({ address: treasury, abi: treasuryAbi, functionName: 'broker' })
  expect(named.toLowerCase()).toBe(broker.broker)
  expect(await client.getBalance({ address: treasury })).toBeGreaterThan(0n)
  expect(await client.getBalance({ address: committer })).toBeGreaterThan(0n)
  const bonds = { address: broker.bondingManager, abi: bondingManagerAbi, functionName: 'isActiveTranscoder' } as const
  for (const orchestrator of orchestrators)
    expect(await client.readContract({ ...bonds, args: [orchestrator] })).toBe(true)
}

const addressesOf = ({ broker, roundsManager, bondingManager, standIn }: Broker) => ({
  broker,
  roundsManager,
  bondingManager,
  standIn,
})

test('default: a chain of our own', async () => {
  const { rpcUrl, chainId } = await startChain({ kind: 'local' })
  expect(chainId).toBe(31337)
  await expectWorks(rpcUrl, await deployWorld(rpcUrl, brokerOnArbitrum))
})

test('behavior: a fork uses the broker that is there; one of an empty chain gets the stand-in', async () => {
  const remote = await startChain({ kind: 'local' })
  const empty = await startChain({ kind: 'fork', url: remote.rpcUrl })
  const world = await deployWorld(remote.rpcUrl, brokerOnArbitrum)

  const fork = await startChain({ kind: 'fork', url: remote.rpcUrl })
  expect(fork.chainId).toBe(remote.chainId)
  const onFork = await deployWorld(fork.rpcUrl, world.broker.broker)
  expect(addressesOf(onFork.broker)).toEqual(addressesOf(world.broker))
  await expectWorks(fork.rpcUrl, onFork)
  // The fork is a chain of its own: what is deployed there is not on the remote one.
  const client = createPublicClient({ transport: http(remote.rpcUrl) })
  expect(await client.getCode({ address: onFork.treasury })).toBeUndefined()

  const onEmpty = await deployWorld(empty.rpcUrl, world.broker.broker)
  expect(onEmpty.broker.broker).not.toBe(world.broker.broker)
  await expectWorks(empty.rpcUrl, onEmpty)
})

test('behavior: a chain that already runs is used and left running', async () => {
  const { rpcUrl } = await startChain({ kind: 'local' })
  const running = await startChain({ kind: 'running', url: rpcUrl })
  expect(running).toEqual({ rpcUrl, chainId: 31337 })
  await expectWorks(running.rpcUrl, await deployWorld(running.rpcUrl, brokerOnArbitrum))
})

test('behavior: a broker whose round has passed is brought into the present one', async () => {
  const { rpcUrl } = await startChain({ kind: 'local' })
  const wallet = await createFundedWallet(rpcUrl, '1')
  const world = await deploy(wallet, loadArtifact('BrokerWorld'), [roundLength])
  const address = await wallet.chain.readContract({ address: world, abi: worldAbi, functionName: 'broker' })
  const broker = await findOrDeployBroker(wallet, address)
  const rounds = { address: broker.roundsManager, abi: roundsAbi, functionName: 'currentRoundInitialized' } as const
  await createTestClient({ mode: 'anvil', transport: http(rpcUrl) }).mine({ blocks: Number(roundLength) })
  expect(await wallet.chain.readContract(rounds)).toBe(false)

  await startRound(wallet, broker)
  expect(await wallet.chain.readContract(rounds)).toBe(true)
  await startRound(wallet, broker) // nothing is left to do, and that is no error
  await expectWorks(rpcUrl, await deployWorld(rpcUrl, broker.broker))
})
