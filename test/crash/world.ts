/** Daemons and cores as processes of their own over one store and a real chain, to be killed and cut off. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createPublicClient, http, parseEther, toHex } from 'viem'
import { treasuryAbi } from '../../abi/index.ts'
import { type Broker, brokerOnArbitrum, findOrchestrators, findOrDeployBroker, startRound } from '../../anvil/broker.ts'
import { type Child, type Children, createChildren } from '../../anvil/children.ts'
import { deployTreasury, predictAddress } from '../../anvil/deployment.ts'
import { waitFor } from '../../anvil/waiting.ts'
import { createFundedWallet, type Wallet } from '../../anvil/wallet.ts'
import { type ReconciliationAnswer, reconciliationAnswer } from '../../client/api.ts'
import { signBatch } from '../../client/batch.ts'
import { type Client, createClient } from '../../client/client.ts'
import type { SentBatch } from '../../client/entries.ts'
import { credit } from '../../client/events.ts'
import type { Hex } from '../../ledger/hex.ts'
import type { Configuration } from '../../ledger/structs.ts'
import type { Domain } from '../../ledger/typedData.ts'
import { struct } from '../../protocol/codec.ts'
import { configuration, payeeOf, reporterKey } from '../unit/ledger/support.ts'
import { bundleDaemon } from './bundle.ts'

const project = join(import.meta.dirname, '../..')
const withinMs = 120_000
/** What each batch credits each payee with. */
export const batchWei = 10n ** 12n

/** What all worlds on one chain share. */
export interface Ground {
  readonly rpcUrl: string
  readonly wallet: Wallet
  readonly broker: Broker
  readonly tickets: readonly Hex[]
  readonly directs: readonly Hex[]
  readonly children: Children
  /** What a daemon is started from. */
  readonly daemonFile: string
}

export async function prepareGround(rpcUrl: string): Promise<Ground> {
  const wallet = await createFundedWallet(rpcUrl, '200')
  const broker = await findOrDeployBroker(wallet, brokerOnArbitrum)
  await startRound(wallet, broker)
  return {
    rpcUrl,
    wallet,
    broker,
    tickets: await findOrchestrators(wallet, broker, [payeeOf(700)]),
    directs: [payeeOf(800)],
    children: createChildren(),
    daemonFile: await bundleDaemon(),
  }
}

export interface Daemon {
  readonly name: string
  readonly child: Child
  readonly client: Client
  readonly url: string
  /** Every line of its log so far. */
  readonly lines: readonly Record<string, unknown>[]
}

/** What `status` says of the core, where there is one. */
export interface CoreFacts {
  readonly address: Hex
  readonly configHash: Hex
}

/** The core that a daemon has, once it has a key. */
export async function coreOf(client: Client): Promise<CoreFacts | undefined> {
  const { core } = await client.status()
  return core?.address && core.configHash ? { address: core.address, configHash: core.configHash } : undefined
}

export interface StartOrder {
  /** A name for each process of its kind; the same name again is the same machine. */
  readonly name: string
  /** A module that is loaded before anything of the process, and its environment. */
  readonly preload?: string
  readonly env?: Readonly<Record<string, string>>
}

export interface CrashWorld {
  readonly folder: string
  readonly domain: Domain
  readonly payees: readonly Hex[]
  readonly configuration: Configuration
  startCore(order: StartOrder): Child
  startDaemon(order: StartOrder & { readonly store: string }): Daemon
  /** Waits until the daemon serves. @returns it */
  listening(daemon: Daemon): Promise<Daemon>
  /** Deploys the treasury for this core. */
  deploy(core: CoreFacts): Promise<unknown>
  batch(sequence: bigint): SentBatch
  reconcile(daemon: Daemon): Promise<ReconciliationAnswer>
  /** What the contract says it paid each payee. */
  paid(): Promise<readonly bigint[]>
  until<T>(what: string, ask: () => Promise<T | undefined>): Promise<T>
  /** Kills all that is left, and removes the folder. */
  end(): Promise<void>
}

export async function createCrashWorld(ground: Ground): Promise<CrashWorld> {
  const { rpcUrl, wallet, broker, tickets, directs, children, daemonFile } = ground
  const folder = mkdtempSync(join(tmpdir(), 'bursar-crash-'))
  const started = new Set<Child>()
  const { signal } = new AbortController()
  await wallet.chain.request({
    method: 'anvil_setBalance' as never,
    params: [wallet.account.address, toHex(parseEther('200'))] as never,
  })
  const predicted = await predictAddress(wallet)
  const settings = configuration({
    verifyingContract: predicted,
    broker: broker.broker,
    payees: tickets.map((payee) => ({ payee, rail: 1, minimumWei: 1n })),
  })
  const domain = { chainId: settings.chainId, verifyingContract: predicted }
  const payees = [...tickets, ...directs]
  const ledger = join(folder, 'configuration.json')
  writeFileSync(ledger, JSON.stringify(struct('Configuration').write(settings)))
  const treasury = { address: predicted, abi: treasuryAbi } as const

  const socketOf = (name: string): string => join(folder, `${name}.sock`)
  const launch = (
    kind: string,
    file: string,
    args: string[],
    order: StartOrder,
    env: Record<string, string>,
    onLine?: (line: string) => void,
  ): Child => {
    const preload = order.preload ? ['--import', join(project, order.preload)] : []
    const child = children.start({
      name: `${kind}-${order.name}`,
      file: process.execPath,
      args: [...preload, file, ...args],
      env: { NODE_NO_WARNINGS: '1', ...env, ...order.env },
      logPath: join(folder, `${kind}-${order.name}.log`),
      ...(onLine ? { onLine } : {}),
    })
    started.add(child)
    void child.exited.then(() => started.delete(child))
    return child
  }
  const writeSettings = (name: string, store: string): string => {
    const path = join(folder, `${name}.json`)
    const config = {
      core: `unix:${socketOf(name)}`,
      coreRestart: ['sh', '-c', `kill -KILL $(cat ${join(folder, `${name}.pid`)})`],
      rpcUrls: [rpcUrl],
      listen: '127.0.0.1:0',
      store,
      configuration: ledger,
      roundsManager: broker.roundsManager,
      bondingManager: broker.bondingManager,
      anchorIntervalMs: 300,
      payIntervalMs: 400,
      pollMs: 50,
      confirmations: 0,
      transaction: { gas: '30000000', maxFeePerGas: '100000000000', maxPriorityFeePerGas: '1000000000' },
      logLevel: 'debug',
    }
    writeFileSync(path, JSON.stringify(config), { mode: 0o600 })
    return path
  }
  const world: CrashWorld = {
    folder,
    domain,
    payees,
    configuration: settings,
    startCore(order) {
      // One folder for all: the state key is where each core finds it, as KMS would give it to each.
      const keys = join(folder, 'keys')
      mkdirSync(keys, { recursive: true })
      const args = ['--listen', `unix:${socketOf(order.name)}`, '--dir', keys]
      const child = launch('core', join(project, 'anvil/localCore.ts'), args, order, {})
      writeFileSync(join(folder, `${order.name}.pid`), `${child.pid}`)
      return child
    },
    startDaemon(order) {
      const lines: Record<string, unknown>[] = []
      let url = ''
      const env = { BURSAR_CONFIG: writeSettings(order.name, order.store) }
      const child = launch('daemon', daemonFile, [], order, env, (line) => {
        const entry = JSON.parse(line)
        lines.push(entry)
        if (entry.msg === 'listening') url = entry.url
      })
      return {
        name: order.name,
        child,
        lines,
        get url() {
          return url
        },
        get client() {
          return createClient({ url })
        },
      }
    },
    async listening(daemon) {
      await world.until('the daemon does not listen', async () => daemon.url || undefined)
      return daemon
    },
    deploy: ({ address, configHash }) => deployTreasury(wallet, { predicted, committer: address, configHash, broker }),
    batch: (sequence) =>
      signBatch({
        domain,
        secretKey: reporterKey,
        sequence,
        events: payees.map((payee, i) => credit({ id: `${sequence}.${i}`, payee, wei: batchWei })),
      }),
    async reconcile({ url }) {
      const response = await fetch(`${url}/api/reconciliation`)
      return reconciliationAnswer.read(await response.json(), '')
    },
    async paid() {
      const chain = createPublicClient({ transport: http(rpcUrl) })
      return Promise.all(
        payees.map((payee) => chain.readContract({ ...treasury, functionName: 'paid', args: [payee] })),
      )
    },
    until: (what, ask) => waitFor({ what, timeoutMs: withinMs, signal }, ask),
    async end() {
      await Promise.all(
        [...started].map((child) => {
          child.kill('SIGKILL')
          return child.exited
        }),
      )
      rmSync(folder, { recursive: true })
    },
  }
  return world
}
