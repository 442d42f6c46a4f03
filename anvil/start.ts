/** `npm start`: everything on one machine, from signed usage to payouts on a chain. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import { type Address, BaseError } from 'viem'
import { brokerOnArbitrum } from './broker.ts'
import type { ChainSource } from './chain.ts'
import { createChildren } from './children.ts'
import { isEmulatorBuilt } from './emulator/testImage.ts'
import { type Run, runLive, runOnce } from './run.ts'

interface Options {
  readonly once: boolean
  readonly json: boolean
  readonly enclave: boolean
  readonly forkUrl?: string
  readonly rpcUrl?: string
  readonly broker: Address
  readonly port: number
  readonly dir?: string
}

const project = join(import.meta.dirname, '..')
const latest = join(project, '.bursar', 'latest')

const options = new Command('npm start --')
  .description('Runs chain, contracts, core, daemon and three reporters on this machine, and shows what is paid.')
  .option('--once', 'pay for 2,000 events, kill the core in the middle, check every book, and end', false)
  .option('--json', 'with --once: print the summary as JSON, all else goes to stderr', false)
  .option('--enclave', 'run the core in an emulated enclave; npm run emulator builds what that needs', false)
  .addOption(new Option('--fork-url <url>', 'fork this chain').argParser(parseUrl).conflicts('rpcUrl'))
  .addOption(new Option('--rpc-url <url>', 'use this development chain, which already runs').argParser(parseUrl))
  .addOption(
    new Option('--broker <address>', 'TicketBroker to use if the chain has it; otherwise a stand-in is deployed')
      .argParser(parseAddress)
      .default(brokerOnArbitrum, "Livepeer's on Arbitrum One"),
  )
  .addOption(new Option('--port <port>', "port of the daemon's API").argParser(parsePort).default(0, 'a free one'))
  .option('--dir <folder>', 'keep keys, ledger and logs of the run here (default: a temporary folder)')
  .parse()
  .opts<Options>()

process.exitCode = await main(options)
process.exit()

async function main({ once, json, enclave, port, broker, dir, ...chain }: Options): Promise<number> {
  if (enclave && !isEmulatorBuilt()) {
    console.error(
      'Bursar: the emulator is not built yet. Build it once (12 minutes on two idle cores): npm run emulator',
    )
    return 1
  }
  const stop = new AbortController()
  const interrupted = Symbol('interrupted')
  // A second Ctrl-C changes nothing: the first one is on its way, and dying here would leave the others behind.
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => stop.abort(interrupted))
  process.stdout.on('error', () => stop.abort(interrupted)) // whoever read it has gone
  const folder = makeFolder(dir)
  const children = createChildren()
  const run: Run = {
    world: {
      children,
      source: sourceOf(chain),
      broker,
      port,
      folder,
      isEnclave: enclave,
      signal: stop.signal,
      onFailure: (error) => stop.abort(error),
    },
    // With --json stdout belongs to the summary alone.
    out: json ? process.stderr : process.stdout,
    writeSummary: (summary) =>
      process.stdout.write(json ? `${JSON.stringify(summary)}\n` : `${JSON.stringify(summary, null, 2)}\n`),
  }
  try {
    const isGood = once ? await runOnce(run) : await runLive(run)
    if (isGood && !dir) rmSync(folder, { recursive: true })
    if (!isGood) console.error(`Logs and ledger of this run: ${folder}`)
    return isGood ? 0 : 1
  } catch (error) {
    if (stop.signal.reason === interrupted) {
      if (!dir) rmSync(folder, { recursive: true })
      return once ? 130 : 0
    }
    console.error(
      `Bursar: ${explain(stop.signal.aborted ? stop.signal.reason : error)}\nLogs and ledger of this run: ${folder}`,
    )
    return 1
  }
}

/** An error and its causes in words. The long words of viem name URLs with all that is in them. */
function explain(error: unknown): string {
  if (error instanceof BaseError) return error.shortMessage
  if (!(error instanceof Error)) return String(error)
  return error.cause ? `${error.message}: ${explain(error.cause)}` : error.message
}

/** A folder of its own for each run: keys and ledgers of two runs must not meet. */
function makeFolder(dir: string | undefined): string {
  if (dir) {
    mkdirSync(dir, { recursive: true, mode: 0o700 })
    if (readdirSync(dir).length === 0) return resolve(dir)
    console.error(`Bursar: ${dir} is not empty. Name a folder that is empty or not there yet.`)
    process.exit(1)
  }
  mkdirSync(join(project, '.bursar'), { recursive: true })
  const folder = mkdtempSync(join(project, '.bursar', 'run-'))
  // The newest run under a name that can be written down beforehand.
  rmSync(latest, { force: true })
  symlinkSync(folder, latest)
  return folder
}

function sourceOf({ forkUrl, rpcUrl }: Pick<Options, 'forkUrl' | 'rpcUrl'>): ChainSource {
  if (forkUrl) return { kind: 'fork', url: forkUrl }
  return rpcUrl ? { kind: 'running', url: rpcUrl } : { kind: 'local' }
}

function parseUrl(text: string): string {
  if (URL.canParse(text) && /^https?:/.test(text)) return text
  throw new InvalidArgumentError('Write it as http://host:port.')
}

function parseAddress(text: string): Address {
  if (/^0x[0-9a-fA-F]{40}$/.test(text)) return text.toLowerCase() as Address
  throw new InvalidArgumentError('An address is 0x and 40 hex digits.')
}

function parsePort(text: string): number {
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (port <= 65_535) return port
  throw new InvalidArgumentError('A port is a number from 0 to 65535.')
}
