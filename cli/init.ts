/** `bursar init`: writes settings for the daemon, each with what it means, and a token for the operator. */
import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Command } from 'commander'
import { Fault } from './fault.ts'
import { json, print } from './table.ts'

interface Options {
  readonly dir: string
  readonly rpc: string
  readonly lanes?: readonly string[]
  readonly json: boolean
}

const help = `
With --lanes each of them has a core, a store and a configuration of its own; everything else holds for all, unless one says otherwise.

Exit codes: 0 written, 2 the files are there already or cannot be written.`

export const initCommand = (): Command =>
  new Command('init')
    .description('write commented settings for the daemon, and a token for the operator')
    .option('--dir <folder>', 'where to', '/etc/bursar')
    .option('--rpc <url>', 'a node of the chain', 'https://arb1.arbitrum.io/rpc')
    .option('--lanes <name...>', 'names of lanes, where one daemon is to host several')
    .option('--json', 'print one line of JSON', false)
    .addHelpText('after', help)
    .action(init)

function init({ dir, rpc, lanes = [], json: isJson }: Options): void {
  const folder = resolve(dir)
  const paths = { settings: join(folder, 'daemon.json'), token: join(folder, 'token') }
  try {
    mkdirSync(folder, { recursive: true, mode: 0o750 })
    writeFileSync(paths.token, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' })
    writeFileSync(paths.settings, settingsText({ folder, token: paths.token, rpc, lanes }), { mode: 0o640, flag: 'wx' })
  } catch (cause) {
    throw new Fault('NOT_WRITTEN', (cause as Error).message, {
      next: 'name another folder with --dir, or move away what is there: nothing is overwritten',
      exitCode: 2,
      cause,
    })
  }
  if (isJson) print(json(paths))
  else {
    print(`written: ${paths.settings}\n         ${paths.token}\n`)
    const configurations = (lanes.length === 0 ? ['configuration'] : lanes).map((name) => join(folder, `${name}.json`))
    print(
      `next: write the ledger's configuration to ${configurations.join(', ')}, then bursar doctor --config ${paths.settings}`,
    )
  }
}

interface Order {
  readonly folder: string
  readonly token: string
  readonly rpc: string
  /** None: there is one lane, without a name. */
  readonly lanes: readonly string[]
}

/** Every setting of the daemon; a test holds this against the schema. */
export function settingsText({ folder, token, rpc, lanes }: Order): string {
  const shared = sharedMembers(token, rpc)
  const place = (name: string): string => join(folder, `${name}.json`)
  if (lanes.length === 0) return `${objectOf([...laneMembers('core', 'daemon', place('configuration')), ...shared])}\n`
  const list = lanes.map((name) =>
    objectOf([`"name": ${JSON.stringify(name)}`, ...laneMembers(name, name, place(name))]),
  )
  const comment =
    '// Each lane pays by a contract of its own; its API is below /lanes/NAME. What it says counts before what stands beside it.'
  return `${objectOf([...shared, `${comment}\n"lanes": [\n${list.map(indent).join(',\n')}\n]`])}\n`
}

const indent = (text: string): string => text.replace(/^(?=.)/gm, '  ')
const objectOf = (members: readonly string[]): string => `{\n${members.map(indent).join(',\n')}\n}`

/** What each lane has for itself. */
const laneMembers = (socket: string, store: string, configuration: string): string[] => [
  `// Where the core listens: unix:/path, tcp:host:port, or vsock://CID:PORT for an enclave.
"core": "unix:/run/bursar/${socket}.sock"`,
  `// Program and arguments that restart the core, where it holds what the store does not go on from. null: by hand.
"coreRestart": null`,
  `// sqlite:PATH, or postgres://USER:PASSWORD@HOST:PORT/DATABASE for several daemons. No two lanes share one.
"store": "sqlite:/var/lib/bursar/${store}.sqlite"`,
  `// The ledger's configuration: chain, contract, reporters, tariffs, caps. The contract follows its hash.
"configuration": ${JSON.stringify(configuration)}`,
  `// For each kms_keys of it, in its order: { "keyId": "arn:..", "region": "eu-central-1", "endpoint": null }.
"kms": []`,
]

const sharedMembers = (token: string, rpc: string): string[] => [
  `// Servers of the chain, the one of choice first. They can hold keys of a provider: keep this file from others.
"rpcUrls": [${JSON.stringify(rpc)}]`,
  `// Livepeer's contracts on this chain. null: no tickets are paid; nobody is asked whether active.
"roundsManager": null,
"bondingManager": null`,
  `// Blocks on top of one before what it says counts.
"confirmations": 0`,
  `// The public API. Behind a proxy of your own say how many stand before it, or all clients share one address.
"listen": "127.0.0.1:8080",
"proxies": 0`,
  `// Requests a second of one address, new batches a second of one reporter, listeners to the stream, and how long a request may take.
"limits": { "addressPerSecond": 100, "reporterPerSecond": 100, "streams": 300, "requestMs": 30000 }`,
  `// The operator's API: for who holds the token. Keep it on loopback.
"operator": { "listen": "127.0.0.1:8081", "tokenFile": ${JSON.stringify(token)} }`,
  `// How often everything new is anchored, and how often payees are paid, in ms.
"anchorIntervalMs": 300000,
"payIntervalMs": 3600000`,
  `// How often the chain is asked, in ms.
"pollMs": 1000`,
  `// The most that this host spends on one transaction, in gas and wei.
"transaction": { "gas": "30000000", "maxFeePerGas": "2000000000", "maxPriorityFeePerGas": "100000000" }`,
  `// fatal, error, warn, info, debug or trace. debug says every request.
"logLevel": "info"`,
]
