/** What commits of the real core cost on a real chain, beside the broker's own batch of the very same tickets. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Hash, parseAbi } from 'viem'
import { generatePrivateKey, privateKeyToAddress } from 'viem/accounts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { brokerOnArbitrum, findOrchestrators, findOrDeployBroker } from '../../anvil/broker.ts'
import { type Deployment, deployTreasury, predictAddress } from '../../anvil/deployment.ts'
import { createLocalPlatform } from '../../anvil/localPlatform.ts'
import { makeConfiguration } from '../../anvil/settings.ts'
import { fetchTicketCommit, measureBatch, type TicketCommit } from '../../anvil/ticketGas.ts'
import { createFundedWallet, type Wallet } from '../../anvil/wallet.ts'
import { signBatch } from '../../client/batch.ts'
import { credit } from '../../client/events.ts'
import { type Core, createCore } from '../../enclave/core.ts'
import { handlers } from '../../enclave/handlers.ts'
import { entryLeaf } from '../../ledger/entry.ts'
import { type Hex, toBytes, zeroHash } from '../../ledger/hex.ts'
import type { HeadProof, Params } from '../../protocol/messages.ts'
import { useChains } from './chains.ts'

const startChain = useChains()
const payeesMax = 60
const earnedWei = 10n ** 15n
const stepWei = 10n ** 12n
const reporterKey = generatePrivateKey()
const folder = mkdtempSync(join(tmpdir(), 'bursar-gas-'))
const newAddress = (): Hex => privateKeyToAddress(generatePrivateKey()).toLowerCase() as Hex

let wallet: Wallet
let core: Core
let payees: readonly Hex[]
let deployment: Pick<Deployment, 'rpcUrl' | 'treasury' | 'committer' | 'broker' | 'roundsManager'>
let head: HeadProof
let nonce = 0n
const paid = new Map<Hex, bigint>()

beforeAll(async () => {
  const { rpcUrl, chainId } = await startChain({ kind: 'local' })
  wallet = await createFundedWallet(rpcUrl, '200')
  const broker = await findOrDeployBroker(wallet, brokerOnArbitrum)
  payees = await findOrchestrators(wallet, broker, Array.from({ length: payeesMax }, newAddress))
  const treasury = await predictAddress(wallet)
  const reporter = { address: privateKeyToAddress(reporterKey).toLowerCase() as Hex, hasCredits: true }
  const listed = payees.map((address, index) => ({ name: `${index}`, address, isOrchestrator: true }))
  const order = { chainId, treasury, broker: broker.broker, reporters: [reporter], payees: listed, kmsKeys: [] }

  core = createCore(createLocalPlatform({ folder }))
  const { address: committer, configHash } = handlers.genesis(core, {
    configuration: makeConfiguration(order),
    logBegins: null,
  })
  await deployTreasury(wallet, { predicted: treasury, committer, configHash, broker })
  deployment = { rpcUrl, treasury, committer, broker: broker.broker, roundsManager: broker.roundsManager }
  await openEpoch()
  earn(BigInt(chainId))
  await commitTickets(payeesMax) // from here on everyone was paid before: the broker at its best
})
afterAll(() => rmSync(folder, { recursive: true }))

const hints = () => ({ nonce: nonce++, gas: 30_000_000n, maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 10n ** 9n })

async function openEpoch(): Promise<void> {
  const first = { epoch: 0n, boot: zeroHash, counter: 0n, root: zeroHash, made: null, consistency: [] }
  const { open, transaction } = handlers.open_epoch(core, { head: first, hints: hints() })
  await send(transaction)
  head = { ...first, epoch: open.epoch, boot: open.boot }
}

function earn(chainId: bigint): void {
  const events = payees.map((payee, index) => credit({ id: `${index}`, payee, wei: earnedWei }))
  const domain = { chainId, verifyingContract: deployment.treasury }
  const entries = [signBatch({ domain, secretKey: toBytes(reporterKey), sequence: 0n, events })]
  expect(handlers.apply_event(core, { entries: entries.map(entryLeaf) }).results[0]?.status).toBe('accepted')
}

async function send(serializedTransaction: Hex): Promise<Hash> {
  const hash = await wallet.chain.sendRawTransaction({ serializedTransaction })
  expect((await wallet.chain.waitForTransactionReceipt({ hash })).status).toBe('success')
  return hash
}

/** Pays the first so many payees one step more. */
async function commitTickets(count: number): Promise<TicketCommit> {
  const payments = payees.slice(0, count).map((payee) => {
    const before = paid.get(payee) ?? 0n
    paid.set(payee, before + stepWei)
    return { payee, total: before + stepWei, paid: before }
  })
  const params = { head, round: await fetchRound(), payments, hints: hints() }
  const { commit, signature, transaction } = handlers.prepare_payouts(core, params)
  const own = await fetchTicketCommit(wallet.chain, deployment, await send(transaction))
  expect(own.amounts).toEqual(payments.map(() => stepWei))
  // The log does not grow meanwhile: nothing is to be proved between two equal logs.
  head = { ...head, counter: commit.counter, root: handlers.status(core, {}).ledgerRoot, made: { commit, signature } }
  return own
}

async function fetchRound(): Promise<Params<'prepare_payouts'>['round']> {
  const abi = parseAbi([
    'function lastInitializedRound() view returns (uint256)',
    'function blockHashForRound(uint256) view returns (bytes32)',
  ])
  const rounds = { address: deployment.roundsManager, abi } as const
  const number = await wallet.chain.readContract({ ...rounds, functionName: 'lastInitializedRound' })
  return {
    number,
    blockHash: await wallet.chain.readContract({ ...rounds, functionName: 'blockHashForRound', args: [number] }),
  }
}

test.each([
  [1, 1.55, 0.9],
  [20, 1.06, 0.25],
  [60, 1.05, 0.25],
])(
  'behavior: %i tickets cost at most %f of the broker in gas, and %f in calldata',
  async (count, gasMax, calldataMax) => {
    const own = await commitTickets(count)
    const fork = await startChain({ kind: 'fork', url: deployment.rpcUrl, block: own.blockNumber - 1n })
    const batch = await measureBatch(fork.rpcUrl, deployment, own)
    await fork.child?.stop()
    expect(Number(own.gas) / Number(batch.gas)).toBeLessThanOrEqual(gasMax)
    expect(own.calldataBytes / batch.calldataBytes).toBeLessThanOrEqual(calldataMax)
  },
)
