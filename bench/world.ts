/** The product as it runs: daemon and core as processes of their own, on a real chain and a real disk. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brokerOnArbitrum, findOrchestrators, findOrDeployBroker, startRound } from '../anvil/broker.ts'
import { startChain } from '../anvil/chain.ts'
import { createChildren } from '../anvil/children.ts'
import { deployedContracts, deployTreasury, predictAddress } from '../anvil/deployment.ts'
import { waitFor } from '../anvil/waiting.ts'
import { createFundedWallet } from '../anvil/wallet.ts'
import { createClient } from '../client/index.ts'
import { buildContracts } from '../contracts/script/artifacts.ts'
import type { Hex } from '../ledger/hex.ts'
import type { Domain } from '../ledger/typedData.ts'
import { struct } from '../protocol/codec.ts'
import { makeConfiguration } from './ledger.ts'
import { cpuSecondsOf } from './measure.ts'

const project = join(import.meta.dirname, '..')
const hourMs = 3_600_000
const noLimit = 1_000_000

export interface World {
  readonly folder: string
  readonly url: string
  readonly rpcUrl: string
  readonly domain: Domain
  readonly pids: { readonly daemon: number; readonly core: number; readonly chain: number }
  /** CPU seconds of daemon and core together, so far. */
  cpuSeconds(): number
  /** Stops daemon and core, and leaves the chain. */
  stopProduct(): Promise<void>
  stop(): Promise<void>
}

export interface OnChain {
  /** Orchestrators, paid by ticket. Nobody else is ever due. */
  readonly ticketPayees: readonly Hex[]
  readonly payIntervalMs: number
  readonly anchorIntervalMs: number
  readonly pollMs: number
}

/** Brings all up to an open epoch. Unless told otherwise nobody is due and nothing is anchored meanwhile: what is measured is the intake. */
export async function startWorld(reporters: number, onChain: Partial<OnChain> = {}): Promise<World> {
  const { ticketPayees = [], payIntervalMs = hourMs, anchorIntervalMs = hourMs, pollMs = 1_000 } = onChain
  const folder = mkdtempSync(join(tmpdir(), 'bursar-bench-'))
  const { signal } = new AbortController()
  const children = createChildren()
  buildContracts(deployedContracts)
  const logOf = (name: string): string => join(folder, `${name}.log`)
  const chain = await startChain({ children, source: { kind: 'local' }, logPath: logOf('anvil'), signal })
  const wallet = await createFundedWallet(chain.rpcUrl, '200')
  const broker = await findOrDeployBroker(wallet, brokerOnArbitrum)
  await startRound(wallet, broker)
  // A block holds no more of them.
  for (let at = 0; at < ticketPayees.length; at += 60)
    await findOrchestrators(wallet, broker, ticketPayees.slice(at, at + 60))
  const treasury = await predictAddress(wallet)
  const domain = { chainId: BigInt(chain.chainId), verifyingContract: treasury }
  const configuration = makeConfiguration({ domain, broker: broker.broker, reporters, ticketPayees })

  const paths = { ledger: join(folder, 'configuration.json'), daemon: join(folder, 'daemon.json') }
  const endpoint = `unix:${join(folder, 'core.sock')}`
  writeFileSync(paths.ledger, JSON.stringify(struct('Configuration').write(configuration)))
  const settings = {
    core: endpoint,
    rpcUrls: [chain.rpcUrl],
    listen: '127.0.0.1:0',
    limits: { addressPerSecond: noLimit, reporterPerSecond: noLimit },
    store: `sqlite:${join(folder, 'daemon.sqlite')}`,
    configuration: paths.ledger,
    roundsManager: broker.roundsManager,
    bondingManager: broker.bondingManager,
    anchorIntervalMs,
    payIntervalMs,
    pollMs,
    confirmations: 0,
    transaction: { gas: '30000000', maxFeePerGas: '100000000000', maxPriorityFeePerGas: '1000000000' },
    logLevel: 'info',
  }
  writeFileSync(paths.daemon, JSON.stringify(settings), { mode: 0o600 })
  const keys = join(folder, 'keys')
  mkdirSync(keys)
  let url: string | undefined
  const start = (name: string, file: string, args: readonly string[], env: Record<string, string> = {}) =>
    children.start({
      name,
      file: process.execPath,
      args: [join(project, file), ...args],
      env,
      logPath: logOf(name),
      onLine: (line) => {
        if (line.includes('"listening"')) url ??= JSON.parse(line).url
      },
    })
  const core = start('core', 'anvil/localCore.ts', ['--listen', endpoint, '--dir', keys])
  const daemon = start('daemon', 'daemon/main.ts', [], { BURSAR_CONFIG: paths.daemon })
  const until = <T>(what: string, ask: () => Promise<T | undefined>): Promise<T> =>
    waitFor({ what: `${what}: see ${folder}`, timeoutMs: 120_000, signal }, ask)

  const base = await until('the daemon does not listen', async () => url)
  const client = createClient({ url: base })
  const born = await until('the core has no key', async () => {
    const { core: facts } = await client.status()
    return facts?.address && facts.configHash ? { committer: facts.address, configHash: facts.configHash } : undefined
  })
  await deployTreasury(wallet, { predicted: treasury, ...born, broker })
  await until('no epoch is open', async () => (await client.status()).isEpochOpen || undefined)
  const stopProduct = async (): Promise<void> => {
    await daemon.stop()
    await core.stop()
  }
  return {
    folder,
    url: base,
    rpcUrl: chain.rpcUrl,
    domain,
    pids: { daemon: daemon.pid, core: core.pid, chain: chain.child?.pid as number },
    cpuSeconds: () => cpuSecondsOf(daemon.pid) + cpuSecondsOf(core.pid),
    stopProduct,
    async stop() {
      await stopProduct()
      await chain.child?.stop()
      rmSync(folder, { recursive: true })
    },
  }
}

/** Posts over connections that stay open. */
export function createPoster(url: string): { post(body: Uint8Array | string): Promise<void>; close(): void } {
  const agent = new Agent({ keepAlive: true, maxSockets: 1024 })
  return {
    post: (body) =>
      new Promise((resolve, reject) => {
        const type = typeof body === 'string' ? 'application/json' : 'application/octet-stream'
        const headers = { 'content-type': type, 'content-length': Buffer.byteLength(body) }
        const sent = request(url, { agent, method: 'POST', headers }, (response) => {
          const chunks: Buffer[] = []
          response.on('data', (chunk) => chunks.push(chunk))
          response.on('end', () => {
            if (response.statusCode === 200) resolve()
            else reject(new Error(`${response.statusCode}: ${Buffer.concat(chunks)}`))
          })
        })
        sent.on('error', reject)
        sent.end(body)
      }),
    close: () => agent.destroy(),
  }
}
