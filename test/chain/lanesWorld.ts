/** A daemon with several lanes over one real chain, the core of each in a process of its own. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type Broker, brokerOnArbitrum, findOrchestrators, findOrDeployBroker, startRound } from '../../anvil/broker.ts'
import { type Child, type Children, createChildren } from '../../anvil/children.ts'
import { deployTreasury, predictAddress } from '../../anvil/deployment.ts'
import { waitFor } from '../../anvil/waiting.ts'
import { createFundedWallet } from '../../anvil/wallet.ts'
import { type Client, createClient } from '../../client/client.ts'
import type { Hex } from '../../ledger/hex.ts'
import type { Domain } from '../../ledger/typedData.ts'
import { struct } from '../../protocol/codec.ts'
import { configuration, payeeOf } from '../unit/ledger/support.ts'

const withinMs = 60_000

export interface LaneWorld {
  readonly name: string
  readonly domain: Domain
  /** The first is paid directly, the second by ticket; they are the same in every lane. */
  readonly payees: readonly Hex[]
  readonly client: Client
  startCore(): Promise<void>
  killCore(): Promise<void>
  /** Deploys the contract for the core that it has, and waits for its epoch. */
  deploy(): Promise<void>
  untilOpen(): Promise<void>
}

export interface LanesWorld {
  readonly rpcUrl: string
  readonly url: string
  readonly client: Client
  readonly lanes: readonly LaneWorld[]
  restartDaemon(): Promise<void>
  until<T>(what: string, ask: () => Promise<T | undefined>): Promise<T>
}

/** Daemon and cores run; the contracts come with `deploy` of each lane. */
export async function createLanesWorld(rpcUrl: string, names: readonly string[]): Promise<LanesWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'bursar-lanes-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const children = createChildren()
  const { signal } = new AbortController()
  const until = <T>(what: string, ask: () => Promise<T | undefined>): Promise<T> =>
    waitFor({ what, timeoutMs: withinMs, signal }, ask)

  const wallet = await createFundedWallet(rpcUrl, '50')
  const broker = await findOrDeployBroker(wallet, brokerOnArbitrum)
  await startRound(wallet, broker)
  const payees = [payeeOf(800), ...(await findOrchestrators(wallet, broker, [payeeOf(700)]))]
  let daemon: Child | undefined
  let url = ''
  const ground: Ground = { rpcUrl, folder, children, broker, payees, until, urlOf: (name) => `${url}/lanes/${name}` }
  const lanes: LaneWorld[] = []
  for (const name of names) lanes.push(await createLaneWorld(ground, name)) // one after the other: one account funds all
  onTestFinished(() => daemon?.stop())

  const settings = join(folder, 'daemon.json')
  const config = {
    listen: '127.0.0.1:0',
    rpcUrls: [rpcUrl],
    roundsManager: broker.roundsManager,
    bondingManager: broker.bondingManager,
    anchorIntervalMs: 500,
    payIntervalMs: 700,
    pollMs: 100,
    confirmations: 0,
    transaction: { gas: '30000000', maxFeePerGas: '100000000000', maxPriorityFeePerGas: '1000000000' },
    logLevel: 'debug',
    lanes: names.map((name) => ({
      name,
      core: coreAddress(folder, name),
      store: `sqlite:${join(folder, `${name}.sqlite`)}`,
      configuration: join(folder, `${name}.json`),
    })),
  }
  writeFileSync(settings, JSON.stringify(config), { mode: 0o600 })
  const restartDaemon = async (): Promise<void> => {
    await daemon?.stop()
    url = ''
    daemon = children.start({
      name: 'daemon',
      file: process.execPath,
      args: ['daemon/main.ts'],
      env: { BURSAR_CONFIG: settings, NODE_NO_WARNINGS: '1' },
      logPath: join(folder, 'daemon.log'),
      onLine: (line) => {
        const entry = JSON.parse(line)
        if (entry.msg === 'listening') url = entry.url
      },
    })
    await until('the daemon does not listen', async () => url || undefined)
  }
  await restartDaemon()
  for (const lane of lanes) await lane.startCore()
  return {
    rpcUrl,
    get url() {
      return url
    },
    get client() {
      return createClient({ url })
    },
    lanes,
    restartDaemon,
    until,
  }
}

interface Ground {
  readonly rpcUrl: string
  readonly folder: string
  readonly children: Children
  readonly broker: Broker
  readonly payees: readonly Hex[]
  urlOf(lane: string): string
  until: LanesWorld['until']
}

const coreAddress = (folder: string, name: string): string => `unix:${join(folder, `${name}.sock`)}`

async function createLaneWorld({ rpcUrl, folder, children, broker, payees, ...ground }: Ground, name: string) {
  // A wallet of its own: where it deploys follows from that alone.
  const wallet = await createFundedWallet(rpcUrl, '200')
  const predicted = await predictAddress(wallet)
  const rules = configuration({
    verifyingContract: predicted,
    broker: broker.broker,
    payees: payees.slice(1).map((payee) => ({ payee, rail: 1, minimumWei: 1n })),
  })
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(struct('Configuration').write(rules)))
  const keys = join(folder, `${name}-keys`)
  mkdirSync(keys)
  let core: Child | undefined
  onTestFinished(() => core?.stop())

  const lane: LaneWorld = {
    name,
    domain: { chainId: rules.chainId, verifyingContract: predicted },
    payees,
    get client() {
      return createClient({ url: ground.urlOf(name) })
    },
    async startCore() {
      const args = ['anvil/localCore.ts', '--listen', coreAddress(folder, name), '--dir', keys]
      const logPath = join(folder, `${name}.log`)
      core = children.start({ name: `core-${name}`, file: process.execPath, args, logPath })
    },
    async killCore() {
      core?.kill('SIGKILL')
      await core?.exited
    },
    async deploy() {
      const { address: committer, configHash } = await ground.until(`${name} has no core`, async () => {
        const { core: facts } = await lane.client.status()
        return facts?.address && facts.configHash ? (facts as { address: Hex; configHash: Hex }) : undefined
      })
      await deployTreasury(wallet, { predicted, committer, configHash, broker })
      await lane.untilOpen()
    },
    async untilOpen() {
      await ground.until(`${name} is not open`, async () =>
        (await lane.client.status()).isEpochOpen ? true : undefined,
      )
    },
  }
  return lane
}
