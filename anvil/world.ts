/** Brings up everything that a payout needs, in the order in which each part needs the one before. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Address } from 'viem'
import { generatePrivateKey, privateKeyToAddress } from 'viem/accounts'
import { type Client, createClient } from '../client/client.ts'
import { checkConfiguration } from '../ledger/config.ts'
import type { Hex } from '../ledger/hex.ts'
import type { Configuration } from '../ledger/structs.ts'
import { struct } from '../protocol/codec.ts'
import { buildContracts } from './artifacts.ts'
import { type Broker, findOrchestrators, findOrDeployBroker } from './broker.ts'
import { type ChainSource, startChain } from './chain.ts'
import type { Child, Children } from './children.ts'
import { type Deployment, deployedContracts, deployTreasury, predictAddress, writeDeployment } from './deployment.ts'
import { writePrivate } from './durable.ts'
import { type Reporter, startReporter } from './reporter.ts'
import { type Service, startService } from './service.ts'
import { makeConfiguration, makeDaemonConfiguration, type Payee, type ReporterAccount } from './settings.ts'
import { waitFor } from './waiting.ts'
import { createFundedWallet, type Wallet } from './wallet.ts'

const project = join(import.meta.dirname, '..')
const deployerEther = '200'
const readyWithinMs = 60_000
const railPayees = 10
const reporterNames = ['gateway', 'edge', 'jobs'] as const

export interface WorldOptions {
  readonly children: Children
  readonly source: ChainSource
  /** Address at which the broker is looked for. */
  readonly broker: Address
  /** Port of the daemon's API; 0 takes a free one. */
  readonly port: number
  /** Where everything of this run is kept. */
  readonly folder: string
  readonly payIntervalMs: number
  /** Hears what is being done. */
  readonly say: (sentence: string) => void
  /** Hears of a process that is down and stays down. */
  readonly onFailure: (error: Error) => void
  readonly signal: AbortSignal
}

export interface World {
  readonly deployment: Deployment
  readonly wallet: Wallet
  readonly payees: readonly Payee[]
  /** Where the daemon's API is. */
  readonly url: string
  readonly client: Client
  readonly core: Service
  readonly daemon: Service
  /** Not started yet: nothing is taken before the epoch is open. */
  readonly reporters: readonly ReporterPlace[]
  startReporter(place: ReporterPlace): Reporter
  /** Ends daemon, core and chain, in this order. */
  stop(): Promise<void>
}

/** A reporter's key on disk. */
export interface ReporterPlace extends ReporterAccount {
  readonly name: string
  readonly keyPath: string
}

/** Everything up to an open epoch. @throws Error saying which part did not come up */
export async function bringUp(options: WorldOptions): Promise<World> {
  const { children, source, folder, say, signal } = options
  mkdirSync(join(folder, 'logs'), { recursive: true, mode: 0o700 })
  say('building the contracts')
  buildContracts(deployedContracts)

  say('starting the chain')
  const { rpcUrl, chainId, child } = await startChain({ children, source, logPath: logPath(folder, 'anvil'), signal })
  const wallet = await createFundedWallet(rpcUrl, deployerEther)
  const fromBlock = Number(await wallet.chain.getBlockNumber())

  say('finding the broker, or deploying its stand-in')
  const broker = await findOrDeployBroker(wallet, options.broker)
  const payees = await makePayees(wallet, broker)
  const reporters = reporterNames.map((name) => makeReporterPlace(folder, name))

  const treasury = await predictAddress(wallet)
  const configuration = makeConfiguration({ chainId, treasury, broker: broker.broker, reporters, payees })
  say('starting core and daemon')
  const processes = createProcessList(join(folder, 'processes.json'))
  const services = await startServices(options, processes, { rpcUrl, ...broker }, configuration)

  say('genesis')
  const client = createClient({ url: services.url })
  const { hash: configHash } = checkConfiguration(configuration)
  const committer = await waitForCore(client, configHash, signal)
  say('deploying the treasury')
  await deployTreasury(wallet, { predicted: treasury, committer, configHash, broker })
  const deployment = { chainId, rpcUrl, treasury, committer, configHash, fromBlock, ...broker }
  writeDeployment(join(folder, 'deployment.json'), deployment)

  say('opening an epoch')
  await waitFor({ what: 'no epoch is open', timeoutMs: readyWithinMs, signal }, async () =>
    (await client.status({ signal })).isEpochOpen ? true : undefined,
  )
  return {
    ...services,
    deployment,
    wallet,
    payees,
    client,
    reporters,
    startReporter: ({ name, keyPath }) =>
      startReporter({
        children,
        name,
        keyPath,
        url: services.url,
        logPath: logPath(folder, name),
        onStart: processes.add,
        onFailure: options.onFailure,
      }),
    async stop() {
      await services.daemon.stop()
      await services.core.stop()
      await child?.stop()
    },
  }
}

const logPath = (folder: string, name: string): string => join(folder, 'logs', `${name}.log`)

/** Half orchestrators, paid by ticket, half addresses that nobody used before, paid directly. */
async function makePayees(wallet: Wallet, broker: Broker): Promise<Payee[]> {
  const fresh = Array.from({ length: 2 * railPayees }, newAddress)
  const orchestrators = await findOrchestrators(wallet, broker, fresh.slice(0, railPayees))
  return [...orchestrators, ...fresh.slice(railPayees)].map((address, index) => ({
    name: `${index < railPayees ? 'orch' : 'node'}-${(index % railPayees) + 1}`,
    address,
    isOrchestrator: index < railPayees,
  }))
}

function makeReporterPlace(folder: string, name: string): ReporterPlace {
  const key = generatePrivateKey()
  const keyPath = join(folder, `${name}.key`)
  writePrivate(keyPath, Buffer.from(`${key.slice(2)}\n`))
  const address = privateKeyToAddress(key).toLowerCase() as Hex
  return { name, keyPath, address, hasCredits: name === 'jobs' }
}

async function startServices(
  { children, folder, port, payIntervalMs, onFailure }: WorldOptions,
  processes: ProcessList,
  deployment: Pick<Deployment, 'rpcUrl' | 'roundsManager' | 'bondingManager'>,
  configuration: Configuration,
): Promise<Pick<World, 'core' | 'daemon' | 'url'>> {
  const listen = `127.0.0.1:${port || (await freePort())}`
  const core = `unix:${socketPath(folder)}`
  const paths = { configuration: join(folder, 'configuration.json'), daemon: join(folder, 'daemon.json') }
  writeJson(paths.configuration, struct('Configuration').write(configuration))
  const own = { core, listen, store: join(folder, 'daemon.sqlite'), configuration: paths.configuration }
  writeJson(paths.daemon, makeDaemonConfiguration({ ...own, deployment, payIntervalMs }))

  const start = (name: string, args: string[], env: Record<string, string> = {}): Service =>
    startService({
      children,
      order: { name, file: process.execPath, args, env, logPath: logPath(folder, name) },
      onStart: processes.add,
      onFailure,
    })
  return {
    core: start('core', [join(project, 'anvil/localCore.ts'), '--listen', core, '--dir', join(folder, 'core')]),
    daemon: start('daemon', [join(project, 'daemon/main.ts')], { BURSAR_CONFIG: paths.daemon }),
    url: `http://${listen}`,
  }
}

/** The address of the key that was born, if the core was told the very configuration that we hold. */
async function waitForCore(client: Client, configHash: Hex, signal: AbortSignal): Promise<Hex> {
  const { address, configHash: told } = await waitFor(
    { what: 'the core has no key', timeoutMs: readyWithinMs, signal },
    async () => {
      const { core } = await client.status({ signal })
      return core?.address && core.configHash ? { ...core, address: core.address } : undefined
    },
  )
  if (told !== configHash) throw new Error(`the core was told configuration ${told}, ours is ${configHash}`)
  return address
}

/** A file that tells who runs under which process id, for whoever wants to look, or to kill one and see what happens. */
function createProcessList(path: string): ProcessList {
  const pids: Record<string, number> = {}
  return {
    add({ name, pid }) {
      pids[name] = pid
      writeJson(path, pids)
    },
  }
}

interface ProcessList {
  readonly add: (child: Child) => void
}

const writeJson = (path: string, value: unknown): void => writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`)
const newAddress = (): Hex => privateKeyToAddress(generatePrivateKey()).toLowerCase() as Hex

/** A path of a unix socket has at most 107 bytes; a folder may be deeper. */
function socketPath(folder: string): string {
  const path = join(folder, 'core.sock')
  return Buffer.byteLength(path) <= 107 ? path : join(tmpdir(), `bursar-${process.pid}.sock`)
}

/** A port that is free now: the daemon must come back at the same one when it is restarted. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}
