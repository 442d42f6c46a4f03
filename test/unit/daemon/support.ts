/** The whole daemon in one process: over HTTP, over a unix socket to the real core, on a chain in memory, on a real file. */
import { createHash } from 'node:crypto'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { onTestFinished, vi } from 'vitest'
import { signBatch } from '../../../client/batch.ts'
import { type Deployment, deployment } from '../../../client/checks/deployment.ts'
import { type Client, createClient } from '../../../client/client.ts'
import type { SentBatch } from '../../../client/entries.ts'
import { credit } from '../../../client/events.ts'
import type { LaneAndHost } from '../../../daemon/config.ts'
import { runDaemon } from '../../../daemon/daemon.ts'
import type { KmsPlace } from '../../../daemon/kms.ts'
import { openStore } from '../../../daemon/store/open.ts'
import type { RecordPlace, Store } from '../../../daemon/store/store.ts'
import { type Core, createCore } from '../../../enclave/core.ts'
import { dispatch, type Reply } from '../../../enclave/dispatch.ts'
import { checkConfiguration } from '../../../ledger/config.ts'
import type { Hex } from '../../../ledger/hex.ts'
import type { Configuration } from '../../../ledger/structs.ts'
import { decodeBody, encodeFrame, FrameReader } from '../../../protocol/frame.ts'
import { type TestPlatform, testPlatform } from '../enclave/support.ts'
import { configuration, domain, payeeOf, reporterKey } from '../ledger/support.ts'
import { createFakeChain, type FakeChain } from './fakeChain.ts'

export const ticketPayee = payeeOf(900)
export const directPayee = payeeOf(901)

/** A folder that ends with the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'bursar-unit-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export interface CoreHost {
  readonly address: string
  readonly core: Core
  readonly platform: TestPlatform
  /** A new process with the same platform: nothing but the state key is left, or not even that. */
  restart(isKeyLost?: boolean): void
  /** Methods that reached the core, in order. */
  readonly asked: string[]
  /** What becomes of a reply: it is sent, or the connection is cut in its place. */
  onReply: (method: string) => 'send' | 'cut' | 'withhold'
}

/** The real core behind a real socket. */
export function hostCore(folder: string, platform: TestPlatform = testPlatform()): CoreHost {
  const path = join(folder, 'core.sock')
  let core = createCore(platform)
  const sockets = new Set<Socket>()
  const host: CoreHost = {
    address: `unix:${path}`,
    get core() {
      return core
    },
    get platform() {
      return platform
    },
    restart(isKeyLost = false) {
      if (isKeyLost) platform = testPlatform()
      core = createCore(platform)
      for (const socket of sockets) socket.destroy()
    },
    asked: [],
    onReply: () => 'send',
  }
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    const reader = new FrameReader()
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk) => {
      for (const body of reader.push(chunk as Uint8Array)) {
        const request = decodeBody(body) as { method: string }
        host.asked.push(request.method)
        const reply: Reply = dispatch(core, request, (fault) => console.error(fault))
        const fate = host.onReply(request.method)
        if (fate === 'send') socket.write(encodeFrame(reply))
        if (fate === 'cut') socket.destroy()
      }
    })
  }).listen(path)
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return host
}

export interface TestDaemon {
  readonly client: Client
  readonly url: string
  readonly store: Store
  readonly log: Record<string, unknown>[]
  /** Ends it in good order. */
  stop(): Promise<void>
  /** Settles when it has ended; rejects with what ended it. */
  readonly ended: Promise<void>
}

export interface TestWorld {
  readonly folder: string
  readonly coreHost: CoreHost
  readonly chain: FakeChain
  readonly config: LaneAndHost
  startDaemon(change?: Partial<LaneAndHost>, wrap?: (store: Store) => Store): Promise<TestDaemon>
  /** Starts, deploys the contract for the core that is there, waits until an epoch is open. */
  startOpen(change?: Partial<LaneAndHost>, wrap?: (store: Store) => Store): Promise<TestDaemon>
  /** The store's files as a process that was killed now would leave them. */
  crashImage(): string
}

export function createWorld(changes: Partial<Configuration> = {}, kms: readonly KmsPlace[] = []): TestWorld {
  const folder = temporaryFolder()
  const rules = checkConfiguration(
    configuration({ payees: [{ payee: ticketPayee, rail: 1, minimumWei: 0n }], ...changes }),
  )
  const coreHost = hostCore(folder)
  const chain = createFakeChain(rules.domain)
  const config: LaneAndHost = {
    name: null,
    core: coreHost.address,
    coreRestart: null,
    rpcUrls: ['http://127.0.0.1:1'],
    listen: '127.0.0.1:0',
    store: `sqlite:${join(folder, 'daemon.sqlite')}`,
    configuration: '',
    deployment: join(folder, 'deployment.json'),
    roundsManager: null,
    bondingManager: null,
    kms: [],
    relayerKey: null,
    newKey: null,
    newKeyRules: null,
    noteKey: join(folder, 'note.key'),
    anchorIntervalMs: 5,
    payIntervalMs: 5,
    pollMs: 5,
    confirmations: 0,
    transaction: { gas: 30_000_000n, maxFeePerGas: 10n ** 12n, maxPriorityFeePerGas: 10n ** 10n },
    logLevel: 'debug',
    proxies: 0,
    limits: { addressPerSecond: 100_000, reporterPerSecond: 100_000, streams: 20, requestMs: 30_000 },
    operator: null,
    operatorToken: undefined,
    rules,
  }
  const world: TestWorld = {
    folder,
    coreHost,
    chain,
    config,
    startDaemon: (change = {}, wrap = (store) => store) => startDaemon({ ...config, ...change }, { chain, kms }, wrap),
    async startOpen(change, wrap) {
      const daemon = await world.startDaemon(change, wrap)
      const { address } = await vi.waitFor(async () => {
        const { core } = await daemon.client.status()
        if (!core?.address) throw new Error('no address yet')
        return core
      }, waiting)
      if (!(await chain.isDeployed())) chain.deploy(address as Hex, rules.hash)
      await untilOpen(daemon)
      return daemon
    },
    crashImage() {
      const image = temporaryFolder()
      for (const name of ['daemon.sqlite', 'daemon.sqlite-wal']) cpSync(join(folder, name), join(image, name))
      return `sqlite:${join(image, 'daemon.sqlite')}`
    },
  }
  return world
}

/** Writes the record of a deployment to where the daemon of this world looks for it. */
export function publishDeployment({ config }: TestWorld, changes: Partial<Deployment> = {}): Deployment {
  const { verifyingContract: contract, chainId } = domain
  const address = contract
  const people = { committer: address, broker: address, roundsManager: address, operator: address, guardian: address }
  const clocks = { delay: 1n, haltMax: 2n, silence: 3n, window: 4n }
  const terms = { ...people, ...clocks, configHash: config.rules.hash, cap: 6n, capFloor: 5n }
  const record = {
    chainId,
    contract,
    terms,
    owner: address,
    fromBlock: 7n,
    constructorArguments: bytesOf(384),
    ...changes,
  }
  writeFileSync(config.deployment as string, JSON.stringify(deployment.write(record)))
  return record
}

const bytesOf = (length: number): Hex => `0x${'5a'.repeat(length)}`

/** How long something that must come may take. */
export const waiting = { timeout: 15_000, interval: 10 }

async function startDaemon(
  config: LaneAndHost,
  outside: { readonly chain: FakeChain; readonly kms: readonly KmsPlace[] },
  wrap: (store: Store) => Store,
): Promise<TestDaemon> {
  const lines: Record<string, unknown>[] = []
  const log = pino({ level: config.logLevel }, { write: (line: string) => void lines.push(JSON.parse(line)) })
  const abort = new AbortController()
  const store = wrap(await openStore(config.store, config.rules.hash))
  const open = async () => ({ ...outside, relayer: undefined, store })
  const ended = runDaemon({ host: config, lanes: [{ config, open }], log, registry: new Registry() }, abort.signal)
  const stop = async (): Promise<void> => {
    abort.abort()
    await ended
  }
  ended.catch(() => undefined) // whoever awaits it hears of it
  onTestFinished(async () => {
    abort.abort()
    await ended.catch(() => undefined)
  })
  const url = await vi.waitFor(() => {
    const line = lines.find((entry) => entry.msg === 'listening')
    if (!line) throw new Error('not listening yet')
    return line.url as string
  }, waiting)
  return { client: createClient({ url }), url, store, log: lines, stop, ended }
}

export const untilOpen = (daemon: TestDaemon): Promise<void> =>
  vi.waitFor(async () => {
    const { isEpochOpen, state } = await daemon.client.status()
    if (!isEpochOpen) throw new Error(`not open: ${state}\n${JSON.stringify(daemon.log.slice(-5))}`)
  }, waiting)

/** A batch that credits one payee. */
export const creditBatch = (sequence: bigint, wei: bigint, payee: Hex = directPayee): SentBatch =>
  signBatch({ domain, secretKey: reporterKey, sequence, events: [credit({ id: `${sequence}`, payee, wei })] })

/** A record as far as the store reads it. */
export function sealAfter(last: RecordPlace): { sealed: Uint8Array; place: RecordPlace } {
  const sealed = Buffer.alloc(140, last.number)
  sealed.writeUInt8(1) // the format
  sealed.writeBigUInt64BE(BigInt(last.number + 1), 70)
  sealed.write(last.hash.slice(2), 78, 'hex')
  return { sealed, place: { number: last.number + 1, hash: `0x${createHash('sha256').update(sealed).digest('hex')}` } }
}
