/** A daemon over a real chain and a core in a process of its own. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type Broker, brokerOnArbitrum, findOrchestrators, findOrDeployBroker, startRound } from '../../anvil/broker.ts'
import { type Child, createChildren } from '../../anvil/children.ts'
import { deployTreasury, predictAddress } from '../../anvil/deployment.ts'
import { waitFor } from '../../anvil/waiting.ts'
import { createFundedWallet, type Wallet } from '../../anvil/wallet.ts'
import type { ReconciliationAnswer, StatusAnswer } from '../../client/api.ts'
import { reconciliationAnswer } from '../../client/api.ts'
import { type Client, createClient } from '../../client/client.ts'
import type { Hex } from '../../ledger/hex.ts'
import type { Configuration } from '../../ledger/structs.ts'
import type { Domain } from '../../ledger/typedData.ts'
import { struct } from '../../protocol/codec.ts'
import { configuration, payeeOf } from '../unit/ledger/support.ts'
import type { AtEnd } from './faultyRpc.ts'

const withinMs = 30_000

export interface DaemonWorld {
  readonly rpcUrl: string
  readonly folder: string
  readonly url: string
  /** Where its API for operators is. */
  readonly operatorUrl: string
  readonly wallet: Wallet
  readonly broker: Broker
  readonly domain: Domain
  readonly tickets: readonly Hex[]
  readonly directs: readonly Hex[]
  readonly client: Client
  /** Starts the core; kills the one before. */
  restartCore(): Promise<void>
  /** Starts the daemon; ends the one before with this signal. */
  restartDaemon(signal: NodeJS.Signals): Promise<void>
  deploy(): Promise<void>
  status(): Promise<StatusAnswer>
  reconcile(): Promise<ReconciliationAnswer>
  until<T>(what: string, ask: () => Promise<T | undefined>): Promise<T>
}

interface WorldOptions {
  /** Where the daemon sees the chain, if not where we do. */
  readonly daemonRpcUrl?: string
  /** Otherwise it ends with the test. */
  readonly atEnd?: AtEnd
}

/** Everything but the treasury, which comes with `deploy`. */
export async function createDaemonWorld(rpcUrl: string, options: WorldOptions = {}): Promise<DaemonWorld> {
  const { daemonRpcUrl = rpcUrl, atEnd = onTestFinished } = options
  const folder = mkdtempSync(join(tmpdir(), 'bursar-daemon-'))
  const children = createChildren()
  const { signal } = new AbortController()
  let [core, daemon]: (Child | undefined)[] = []
  let [url, operatorUrl] = ['', '']
  atEnd(async () => {
    await daemon?.stop()
    await core?.stop()
    rmSync(folder, { recursive: true })
  })

  const wallet = await createFundedWallet(rpcUrl, '200')
  const broker = await findOrDeployBroker(wallet, brokerOnArbitrum)
  await startRound(wallet, broker)
  const tickets = await findOrchestrators(wallet, broker, [700, 701, 702].map(payeeOf))
  const directs = [800, 801, 802].map(payeeOf)
  const predicted = await predictAddress(wallet)
  const settings = configuration({
    verifyingContract: predicted,
    broker: broker.broker,
    payees: tickets.map((payee) => ({ payee, rail: 1, minimumWei: 1n })),
  })
  const core_ = `unix:${join(folder, 'core.sock')}`
  const configPath = writeConfig({ folder, core: core_, rpcUrl: daemonRpcUrl, broker, settings })

  const startDaemon = async (): Promise<void> => {
    ;[url, operatorUrl] = ['', '']
    daemon = children.start({
      name: 'daemon',
      file: process.execPath,
      args: ['daemon/main.ts'],
      env: { BURSAR_CONFIG: configPath, NODE_NO_WARNINGS: '1' },
      logPath: join(folder, 'daemon.log'),
      onLine: (line) => {
        const entry = JSON.parse(line)
        if (entry.msg === 'listening') url = entry.url
        if (entry.msg === 'listening for the operator') operatorUrl = entry.url
      },
    })
    await waitFor(
      { what: 'the daemon does not listen', timeoutMs: withinMs, signal },
      async () => operatorUrl || undefined,
    )
  }
  const world: DaemonWorld = {
    rpcUrl,
    folder,
    get url() {
      return url
    },
    get operatorUrl() {
      return operatorUrl
    },
    wallet,
    broker,
    domain: { chainId: settings.chainId, verifyingContract: predicted },
    tickets,
    directs,
    get client() {
      return createClient({ url })
    },
    async restartCore() {
      core?.kill('SIGKILL')
      await core?.exited
      const args = ['anvil/localCore.ts', '--listen', core_, '--dir', folder]
      core = children.start({ name: 'core', file: process.execPath, args, logPath: join(folder, 'core.log') })
    },
    async restartDaemon(kill) {
      daemon?.kill(kill)
      await daemon?.exited
      await startDaemon()
    },
    async deploy() {
      const status = await world.until('no core', async () =>
        (await world.status()).core?.address ? world.status() : undefined,
      )
      const { address, configHash } = status.core as { address: Hex; configHash: Hex }
      await deployTreasury(wallet, { predicted, committer: address, configHash, broker })
    },
    status: () => world.client.status(),
    async reconcile() {
      const response = await fetch(`${url}/api/reconciliation`)
      return reconciliationAnswer.read(await response.json(), '')
    },
    until: (what, ask) => waitFor({ what, timeoutMs: withinMs, signal }, ask),
  }
  return world
}

interface ConfigOrder {
  readonly folder: string
  readonly core: string
  readonly rpcUrl: string
  readonly broker: Broker
  readonly settings: Configuration
}

function writeConfig({ folder, core, rpcUrl, broker, settings }: ConfigOrder): string {
  const ledger = join(folder, 'configuration.json')
  writeFileSync(ledger, JSON.stringify(struct('Configuration').write(settings)))
  const token = join(folder, 'token')
  writeFileSync(token, 'a'.repeat(32), { mode: 0o600 })
  const path = join(folder, 'daemon.json')
  const config = {
    core,
    rpcUrls: [rpcUrl],
    listen: '127.0.0.1:0',
    operator: { listen: '127.0.0.1:0', tokenFile: token },
    store: `sqlite:${join(folder, 'daemon.sqlite')}`,
    configuration: ledger,
    roundsManager: broker.roundsManager,
    bondingManager: broker.bondingManager,
    anchorIntervalMs: 500,
    payIntervalMs: 700,
    pollMs: 100,
    confirmations: 0,
    transaction: { gas: '30000000', maxFeePerGas: '100000000000', maxPriorityFeePerGas: '1000000000' },
    logLevel: 'debug',
  }
  writeFileSync(path, JSON.stringify(config), { mode: 0o600 })
  return path
}
