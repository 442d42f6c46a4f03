/** Brings up everything that a payout needs, in the order in which each part needs the one before. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Address } from 'viem'
import { deployment as deploymentRecord } from '../client/checks/deployment.ts'
import { type Client, createClient } from '../client/client.ts'
import { buildContracts } from '../contracts/script/artifacts.ts'
import { checkConfiguration } from '../ledger/config.ts'
import type { Hex } from '../ledger/hex.ts'
import { findOrDeployBroker, startRound } from './broker.ts'
import { type ChainSource, startChain } from './chain.ts'
import type { Child, Children } from './children.ts'
import { type Deployment, deployedContracts, deployTreasury, predictAddress, writeDeployment } from './deployment.ts'
import { emulatedHome } from './emulator/home.ts'
import { type Home, localHome } from './home.ts'
import { makePayees, makeReporterPlace, type ReporterPlace } from './people.ts'
import { type Reporter, startReporter } from './reporter.ts'
import { createProcessList, logPath, recordPath, type Services, startServices } from './services.ts'
import { makeConfiguration, type Payee } from './settings.ts'
import { writeTrust } from './trust.ts'
import { waitFor } from './waiting.ts'
import { createFundedWallet, type Wallet } from './wallet.ts'

const deployerEther = '200'
const reporterNames = ['gateway', 'edge', 'jobs'] as const

export interface WorldOptions {
  readonly children: Children
  readonly source: ChainSource
  /** Puts something between daemon and chain. @returns where the daemon finds it */
  readonly between?: (rpcUrl: string) => Promise<string>
  /** Address at which the broker is looked for. */
  readonly broker: Address
  /** Port of the daemon's API; 0 takes a free one. */
  readonly port: number
  /** Where everything of this run is kept. */
  readonly folder: string
  readonly payIntervalMs: number
  /** Whether the core runs in an emulated enclave. */
  readonly isEnclave: boolean
  /** How often a process may die before that is no accident any more. */
  readonly restartsMax?: number
  /** Hears what is being done. */
  readonly say: (sentence: string) => void
  /** Hears of a process that is down and stays down. */
  readonly onFailure: (error: Error) => void
  readonly signal: AbortSignal
}

export interface World extends Services {
  readonly home: Home
  readonly deployment: Deployment
  /** The chain's process; none where it was there before us. */
  readonly chain: Child | undefined
  readonly wallet: Wallet
  readonly payees: readonly Payee[]
  readonly client: Client
  /** Not started yet: nothing is taken before the epoch is open. */
  readonly reporters: readonly ReporterPlace[]
  startReporter(place: ReporterPlace): Reporter
  /** Ends daemon, core and chain, in this order. */
  stop(): Promise<void>
}

/** Everything up to an open epoch. @throws Error saying which part did not come up */
export async function bringUp(options: WorldOptions): Promise<World> {
  const { children, source, folder, isEnclave, say, signal } = options
  mkdirSync(join(folder, 'logs'), { recursive: true, mode: 0o700 })
  say('building the contracts')
  buildContracts(deployedContracts)

  say('starting the chain')
  const { rpcUrl, chainId, child } = await startChain({ children, source, logPath: logPath(folder, 'anvil'), signal })
  const wallet = await createFundedWallet(rpcUrl, deployerEther)
  const fromBlock = Number(await wallet.chain.getBlockNumber())

  say('finding the broker, or deploying its stand-in')
  const broker = await findOrDeployBroker(wallet, options.broker)
  await startRound(wallet, broker)
  const payees = await makePayees(wallet, broker)
  const reporters = reporterNames.map((name) => makeReporterPlace(folder, name))
  // One more, for whoever watches and wants to report something too.
  const yours = makeReporterPlace(folder, 'yours')

  const treasury = await predictAddress(wallet)
  if (isEnclave) say("building the enclave's image")
  const home = isEnclave ? await emulatedHome(folder) : localHome(join(folder, 'core'))
  const listed = { reporters: [...reporters, yours], payees, kmsKeys: home.kmsKeys }
  const configuration = makeConfiguration({ chainId, treasury, broker: broker.broker, ...listed })
  say('starting core and daemon')
  const onStart = createProcessList(join(folder, 'processes.json'))
  const seen = { rpcUrl: (await options.between?.(rpcUrl)) ?? rpcUrl, ...broker }
  const services = await startServices({ ...options, deployment: seen, configuration, home, onStart })

  say('genesis')
  const client = createClient({ url: services.url })
  const { hash: configHash } = checkConfiguration(configuration)
  const committer = await waitForCore({ client, configHash, home, signal })
  say('deploying the treasury')
  const record = await deployTreasury(wallet, { predicted: treasury, committer, configHash, broker })
  writeFileSync(recordPath(folder), JSON.stringify(deploymentRecord.write(record)))
  const deployment = { chainId, rpcUrl, treasury, committer, configHash, fromBlock, ...broker }
  writeDeployment(join(folder, 'deployment.json'), deployment)
  writeTrust(join(folder, 'trust.json'), { chainId, treasury, home })
  const [payee] = payees.filter(({ isOrchestrator }) => !isOrchestrator)
  const words = {
    API: services.url,
    RPC: rpcUrl,
    PAYEE: payee?.address,
    TRUST: join(folder, 'trust.json'),
    KEY: yours.keyPath,
  }
  writeFileSync(
    join(folder, 'env'),
    Object.entries(words)
      .map(([name, word]) => `${name}='${word}'\n`)
      .join(''),
  )

  say('opening an epoch')
  await waitFor({ what: 'no epoch is open', timeoutMs: home.patienceMs, signal }, async () =>
    (await client.status({ signal })).isEpochOpen ? true : undefined,
  )
  return {
    ...services,
    home,
    deployment,
    chain: child,
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
        onStart,
        onFailure: options.onFailure,
      }),
    async stop() {
      await services.daemon.stop()
      await services.core.stop()
      await home.stop()
      await child?.stop()
    },
  }
}

interface CoreToWaitFor {
  readonly client: Client
  readonly configHash: Hex
  readonly home: Home
  readonly signal: AbortSignal
}

/** The address of the key that was born, if the core was told the very configuration that we hold. */
async function waitForCore({ client, configHash, home, signal }: CoreToWaitFor): Promise<Hex> {
  const { address, configHash: told } = await waitFor(
    { what: 'the core has no key', timeoutMs: home.patienceMs, signal },
    async () => {
      const { core } = await client.status({ signal })
      return core?.address && core.configHash ? { ...core, address: core.address } : undefined
    },
  )
  if (told !== configHash) throw new Error(`the core was told configuration ${told}, ours is ${configHash}`)
  return address
}
