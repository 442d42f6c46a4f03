/** One daemon with several lanes, each with a core and a chain of its own, all in this process. */
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { onTestFinished, vi } from 'vitest'
import { signBatch } from '../../../client/batch.ts'
import { type Client, createClient } from '../../../client/client.ts'
import type { SentBatch } from '../../../client/entries.ts'
import { credit } from '../../../client/events.ts'
import { runDaemon } from '../../../daemon/daemon.ts'
import { openStore } from '../../../daemon/store/open.ts'
import type { Store } from '../../../daemon/store/store.ts'
import type { Hex } from '../../../ledger/hex.ts'
import { payeeOf, reporterKey } from '../ledger/support.ts'
import { createWorld, directPayee, type TestWorld, waiting } from './support.ts'

export interface TestLane {
  readonly name: string
  readonly world: TestWorld
  /** Opens its store, each time it begins. */
  open: () => Promise<Store>
}

export interface LanesDaemon {
  readonly url: string
  readonly operatorUrl: string
  readonly log: Record<string, unknown>[]
  readonly ended: Promise<void>
  client(lane: string): Client
  stop(): Promise<void>
}

const contracts = new Map<string, Hex>()

/** Lanes of one name are of one contract. */
export function createTestLane(name: string, store?: string): TestLane {
  const verifyingContract = contracts.get(name) ?? payeeOf(2_000 + contracts.size)
  contracts.set(name, verifyingContract)
  const world = createWorld({ verifyingContract })
  const place = store ?? world.config.store
  return { name, world, open: () => openStore(place, world.config.rules.hash) }
}

export const token = 'operator-token-of-thirty-two-chars'

/** Not listening: it is not waited for, for it is not to come so far. */
export async function startLanes(lanes: readonly TestLane[], { isListening = true } = {}): Promise<LanesDaemon> {
  const lines: Record<string, unknown>[] = []
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(JSON.parse(line)) })
  const abort = new AbortController()
  const orders = lanes.map((lane) => {
    const { name, world } = lane
    const config = { ...world.config, name }
    const open = async () => ({ chain: world.chain, kms: [], relayer: undefined, store: await lane.open() })
    return { config, open }
  })
  const host = { ...orders[0]?.config, operator: { listen: '127.0.0.1:0', tokenFile: '' }, operatorToken: token }
  const ended = runDaemon({ host: host as never, lanes: orders, log, registry: new Registry() }, abort.signal)
  ended.catch(() => undefined) // whoever awaits it hears of it
  const stop = async (): Promise<void> => {
    abort.abort()
    await ended.catch(() => undefined)
  }
  onTestFinished(stop)
  const urlOf = (msg: string): Promise<string> =>
    vi.waitFor(() => {
      const line = lines.find((entry) => entry.msg === msg)
      if (!line) throw new Error('not listening yet')
      return line.url as string
    }, waiting)
  const url = isListening ? await urlOf('listening') : ''
  const client = (lane: string): Client => createClient({ url: `${url}/lanes/${lane}` })
  const operatorUrl = isListening ? await urlOf('listening for the operator') : ''
  return { url, operatorUrl, log: lines, ended, client, stop }
}

/** Deploys the contract of a lane for the core that it has, and waits until its epoch is open. */
export async function openLane(daemon: LanesDaemon, { name, world }: TestLane): Promise<void> {
  await vi.waitFor(async () => {
    const { core, isEpochOpen, state } = await daemon.client(name).status()
    if (core?.address && !(await world.chain.isDeployed())) world.chain.deploy(core.address, world.config.rules.hash)
    if (!isEpochOpen) throw new Error(`${name} is not open: ${state}`)
  }, waiting)
}

/** A batch for this lane that credits one payee. */
export const batchOf = ({ world }: TestLane, sequence: bigint, wei: bigint, payee: Hex = directPayee): SentBatch =>
  signBatch({
    domain: world.config.rules.domain,
    secretKey: reporterKey,
    sequence,
    events: [credit({ id: `${sequence}`, payee, wei })],
  })
