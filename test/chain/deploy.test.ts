import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createTestClient, createWalletClient, decodeAbiParameters, type Hex, http } from 'viem'
import { generatePrivateKey, privateKeyToAccount, privateKeyToAddress } from 'viem/accounts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { treasuryAbi } from '../../abi/index.ts'
import { brokerOnArbitrum, findOrDeployBroker } from '../../anvil/broker.ts'
import { createFundedWallet, send, type Wallet } from '../../anvil/wallet.ts'
import { readDeployment, readTrust } from '../../cli/trustOption.ts'
import { isCodeOf } from '../../client/chain/code.ts'
import { type DeploymentOrder, deployment, deploymentOrder } from '../../client/checks/deployment.ts'
import { deployTreasury, predictTreasury } from '../../contracts/script/treasury.ts'
import { zeroAddress } from '../../ledger/hex.ts'
import { useChains } from './chains.ts'

const root = join(import.meta.dirname, '../..')
const startChain = useChains()
const folder = mkdtempSync(join(tmpdir(), 'bursar-deploy-'))
afterAll(() => rmSync(folder, { recursive: true }))
const [keyPath, orderPath, deploymentPath] = ['key', 'order.json', 'deployment.json'].map((it) => join(folder, it)) as [
  string,
  string,
  string,
]
const day = 86_400n
const commandMs = 120_000

let rpcUrl: string
let wallet: Wallet
let order: DeploymentOrder

/** The command as a person runs it. It does not block: the chain's output wants to be read meanwhile. */
const command = (...args: string[]) =>
  promisify(execFile)(process.execPath, ['contracts/script/main.ts', ...args, '--rpc', rpcUrl, '--key', keyPath], {
    cwd: root,
    env: { ...process.env, PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH}` },
  })

const sent = async (): Promise<number> => wallet.chain.getTransactionCount({ address: wallet.account.address })

const refusal = async (changed: Partial<DeploymentOrder['terms']>, others: Partial<DeploymentOrder> = {}) =>
  deployTreasury(wallet, { ...order, ...others, terms: { ...order.terms, ...changed } }).catch((error) => error)

beforeAll(async () => {
  rpcUrl = (await startChain({ kind: 'local' })).rpcUrl
  const rich = await createFundedWallet(rpcUrl, '10')
  const { broker, roundsManager } = await findOrDeployBroker(rich, brokerOnArbitrum)
  const key = generatePrivateKey()
  const account = privateKeyToAccount(key)
  wallet = { ...rich, account, signer: createWalletClient({ account, transport: http(rpcUrl) }) }
  await send(rich, account.address, 10n ** 18n)
  writeFileSync(keyPath, key.slice(2), { mode: 0o600 })
  const people = ['committer', 'operator', 'guardian'] as const
  const addresses = people.map((name) => [name, privateKeyToAddress(generatePrivateKey()).toLowerCase()])
  order = {
    chainId: 31337n,
    contract: await predictTreasury(wallet),
    terms: {
      ...(Object.fromEntries(addresses) as Record<(typeof people)[number], Hex>),
      configHash: `0x${'c0'.repeat(32)}`,
      broker,
      roundsManager,
      delay: day,
      haltMax: 2n * day,
      silence: 10n * day,
      window: day,
      cap: 10n ** 18n,
      capFloor: 1n,
    },
  }
})

test('error: what the constructor cannot know to be a mistake, before anything is sent', async () => {
  expect(await refusal({}, { chainId: 42_161n })).toMatchObject({ code: 'WRONG_CHAIN' })
  expect(await refusal({ broker: order.terms.operator })).toMatchObject({ code: 'NO_CODE' })
  expect(await refusal({ roundsManager: order.terms.operator })).toMatchObject({ code: 'NO_CODE' })
  for (const name of ['committer', 'operator', 'guardian'])
    expect(await refusal({ [name]: zeroAddress })).toMatchObject({ code: 'NOBODY', message: `${name} is nobody` })
  const outOfBounds: Partial<DeploymentOrder['terms']>[] = [
    { delay: day - 1n },
    { delay: 30n * day + 1n, haltMax: 70n * day, silence: 100n * day },
    { silence: 7n * day - 1n },
    { silence: 180n * day + 1n },
    { haltMax: 2n * day - 1n },
    { haltMax: 10n * day },
    { window: 0n },
    { capFloor: 0n },
    { capFloor: 10n ** 18n + 1n },
  ]
  for (const changed of outOfBounds) expect(await refusal(changed)).toMatchObject({ code: 'OUT_OF_BOUNDS' })
  expect(await refusal({}, { contract: order.terms.operator })).toMatchObject({ code: 'WRONG_ADDRESS' })
  expect(await sent()).toBe(0)
})

test('error: one key as the operator of real money, unless that is meant', async () => {
  const chain = createTestClient({ mode: 'anvil', transport: http(rpcUrl) })
  await chain.request({ method: 'anvil_setChainId' as never, params: [42_161] as never })
  const onMainnet = { ...order, chainId: 42_161n, contract: order.terms.operator }
  expect(await refusal({}, onMainnet)).toMatchObject({ code: 'OPERATOR_IS_NO_CONTRACT' })
  // Still one key, whatever code it delegates to.
  const [delegated, code]: Hex[] = [`0x${'de'.repeat(20)}`, `0xef0100${order.terms.broker.slice(2)}`]
  await chain.setCode({ address: delegated as Hex, bytecode: code as Hex })
  expect(await refusal({ operator: delegated as Hex }, onMainnet)).toMatchObject({ code: 'OPERATOR_IS_NO_CONTRACT' })
  expect(await refusal({ broker: delegated as Hex }, onMainnet)).toMatchObject({ code: 'NO_CODE' })
  // What comes after that check: the wrong address, so that nothing is sent here either.
  await expect(deployTreasury(wallet, onMainnet, true)).rejects.toMatchObject({ code: 'WRONG_ADDRESS' })
  expect(await refusal({ operator: order.terms.broker }, onMainnet)).toMatchObject({ code: 'WRONG_ADDRESS' })
  await chain.request({ method: 'anvil_setChainId' as never, params: [31_337] as never })
})

test('default: one command deploys, writes down what the chain says, and changes nothing when it runs again', {
  timeout: commandMs,
}, async () => {
  expect(JSON.parse((await command('--predict')).stdout)).toMatchObject({ contract: order.contract })
  writeFileSync(orderPath, JSON.stringify({ ...(deploymentOrder.write(order) as object), chain_id: '1' }))
  await expect(command(orderPath, deploymentPath)).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('WRONG_CHAIN'),
  })
  expect(existsSync(deploymentPath)).toBe(false)

  writeFileSync(orderPath, JSON.stringify(deploymentOrder.write(order)))
  await command(orderPath, deploymentPath)
  const written = readFileSync(deploymentPath, 'utf8')
  const { owner, constructorArguments, fromBlock, ...same } = deployment.read(JSON.parse(written), '')
  expect(same).toEqual(order)
  const { chain } = wallet
  expect(isCodeOf('Treasury', (await chain.getCode({ address: order.contract })) as Hex)).toBe(true)
  expect(isCodeOf('Timelock', (await chain.getCode({ address: owner })) as Hex)).toBe(true)
  expect(await chain.getCode({ address: order.contract, blockNumber: fromBlock - 1n })).toBeUndefined()
  const { inputs } = treasuryAbi.find(({ type }) => type === 'constructor') as { inputs: readonly [object] }
  const [given] = decodeAbiParameters(inputs as never, constructorArguments) as [Record<string, unknown>]
  expect(`${given.committer}`.toLowerCase()).toBe(order.terms.committer)
  expect(given).toMatchObject({ configHash: order.terms.configHash, cap: order.terms.cap, silence: Number(10n * day) })

  expect(await sent()).toBe(1)
  await command(orderPath, deploymentPath)
  expect(readFileSync(deploymentPath, 'utf8')).toBe(written)
  expect(await sent()).toBe(1)
})

test('behavior: the command line takes chain, contract and first block from the record', () => {
  const trusted = readTrust({ rpc: rpcUrl, deployment: deploymentPath })
  expect(trusted).toMatchObject({ chainId: order.chainId, contract: order.contract })
  const { fromBlock } = deployment.read(JSON.parse(readFileSync(deploymentPath, 'utf8')), '')
  expect(readDeployment({ rpc: rpcUrl, deployment: deploymentPath })).toMatchObject({ fromBlock })
  // What is said beside it goes before it, and without it nothing of it is known.
  const contract = order.terms.operator
  expect(readTrust({ rpc: rpcUrl, deployment: deploymentPath, contract })).toMatchObject({ contract })
  expect(readTrust({ rpc: rpcUrl })).toMatchObject({ chainId: null, contract: null })
  expect(() => readTrust({ rpc: rpcUrl, deployment: orderPath })).toThrow(
    expect.objectContaining({ code: 'FILE_UNREADABLE' }),
  )
})

test('error: a contract that is there but is another, or has one other argument', async () => {
  expect(await refusal({}, { contract: order.terms.broker })).toMatchObject({ code: 'WRONG_CODE' })
  const { committer, configHash, guardian, operator } = order.terms
  const other = { broker: order.terms.roundsManager, roundsManager: order.terms.broker }
  const changes: Partial<DeploymentOrder['terms']>[] = [
    { committer: guardian },
    { configHash: `${configHash.slice(0, -1)}1` as Hex },
    { broker: other.broker },
    { roundsManager: other.roundsManager },
    { operator: committer },
    { guardian: operator },
    { delay: day + 1n, haltMax: 3n * day },
    { haltMax: 3n * day },
    { silence: 11n * day },
    { window: day + 1n },
    { cap: 10n ** 18n + 1n },
    { capFloor: 2n },
  ]
  for (const changed of changes) {
    const [name] = Object.keys(changed)
    expect(await refusal(changed)).toMatchObject({
      code: 'WRONG_ARGUMENT',
      message: expect.stringContaining(name as string),
    })
  }
})
