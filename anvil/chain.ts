/** The chain, three ways: one of our own, a fork of another, or one that already runs. */
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { createPublicClient, http } from 'viem'
import type { Child, Children } from './children.ts'
import { waitFor } from './waiting.ts'

const readyWithinMs = 60_000
/** A chain that already runs answers soon, or the URL is wrong. */
const answersWithinMs = 5_000

/** Where the chain comes from. */
export type ChainSource =
  | { readonly kind: 'local' }
  | { readonly kind: 'fork'; readonly url: string; readonly block?: bigint }
  | { readonly kind: 'running'; readonly url: string }

export interface RunningChain {
  readonly rpcUrl: string
  readonly chainId: number
  /** The chain's process; none where it was there before us. */
  readonly child?: Child
}

export interface ChainOptions {
  readonly children: Children
  readonly source: ChainSource
  /** Where the chain's output goes. */
  readonly logPath: string
  readonly signal: AbortSignal
}

/** Starts or finds the chain and waits until it answers. @throws Error where it does not */
export async function startChain({ children, source, logPath, signal }: ChainOptions): Promise<RunningChain> {
  if (source.kind === 'running') return { rpcUrl: source.url, chainId: await chainIdOf(source.url, signal) }

  let rpcUrl: string | undefined
  const child = children.start({
    name: 'anvil',
    file: anvilBinary(),
    // What it keeps of old blocks goes with the run's folder, also when it is killed: else it stays in the home of whoever ran it.
    args: [...anvilArguments, ...sourceArguments(source), '--cache-path', join(dirname(logPath), 'states')],
    logPath,
    onLine: (line) => {
      const address = /^Listening on (.+)$/.exec(line)?.[1]
      if (address) rpcUrl = `http://${address}`
    },
  })
  const url = await Promise.race([
    waitFor({ what: 'anvil does not listen', timeoutMs: readyWithinMs, signal }, async () => rpcUrl),
    failIfGone(child, logPath),
  ])
  return { rpcUrl: url, chainId: await chainIdOf(url, signal), child }
}

/** The rules of Prague and Arbitrum's limit of gas: a later fork of Ethereum caps one transaction lower. */
export const asOnArbitrum = ['--hardfork', 'prague', '--gas-limit', '32000000']

/** A block for each transaction at once, and an empty one each second, as on a chain that others use too. */
const anvilArguments = ['--host', '127.0.0.1', '--port', '0', '--block-time', '1', '--mixed-mining', ...asOnArbitrum]

function sourceArguments(source: Exclude<ChainSource, { kind: 'running' }>): string[] {
  if (source.kind === 'local') return ['--chain-id', '31337']
  const block = source.block === undefined ? [] : ['--fork-block-number', `${source.block}`]
  return ['--fork-url', source.url, ...block]
}

/** The real binary: the package's own launcher is a process more, and one that leaves the real one behind when it is killed. */
export function anvilBinary(): string {
  const platform = `${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`
  const manifest = createRequire(import.meta.url).resolve(`@foundry-rs/anvil-${platform}/package.json`)
  return join(dirname(manifest), 'bin', 'anvil')
}

async function failIfGone(child: Child, logPath: string): Promise<never> {
  throw new Error(`anvil ended with ${await child.exited}: see ${logPath}`)
}

const chainIdOf = (rpcUrl: string, signal: AbortSignal): Promise<number> =>
  waitFor({ what: `no chain answers at ${withoutCredentials(rpcUrl)}`, timeoutMs: answersWithinMs, signal }, () =>
    createPublicClient({ transport: http(rpcUrl, { retryCount: 0 }) }).getChainId(),
  )

/** A URL as it may be shown: providers put their keys into path and query. */
export function withoutCredentials(url: string): string {
  const { protocol, host } = new URL(url)
  return `${protocol}//${host}`
}
