/**
 * The stage for a hostile host: everything as `npm start` brings it up, used and paid once; then daemon and core are stopped,
 * and the machine, its disks and all that ever left the core are in the hands of whoever runs it.
 */
import { cpSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAbi } from 'viem'
import { treasuryAbi } from '../../abi/index.ts'
import { signBatch } from '../../client/batch.ts'
import { type Client, createClient } from '../../client/client.ts'
import type { SentBatch } from '../../client/entries.ts'
import { workload } from '../../client/events.ts'
import { LogTree } from '../../client/logTree.ts'
import { decodeCall } from '../../daemon/chain/calls.ts'
import { openStore } from '../../daemon/store/open.ts'
import { entryLeaf } from '../../ledger/entry.ts'
import { leafHash } from '../../ledger/eventLog.ts'
import { type Hex, toBytes } from '../../ledger/hex.ts'
import type { Commit, Configuration } from '../../ledger/structs.ts'
import { struct } from '../../protocol/codec.ts'
import { prices } from '../prices.ts'
import { type Services, startServices } from '../services.ts'
import { waitFor } from '../waiting.ts'
import { bringUp, type World, type WorldOptions } from '../world.ts'
import { type HostileCore, startCore } from './hostileCore.ts'

const payIntervalMs = 500
/** Longer than the demonstration: what is earned last is still owed when the host turns. */
const neverMs = 3_600_000

export interface Landed {
  readonly commit: Commit
  readonly signature: Hex
  readonly calldata: Hex
}

/** A sealed state as it lay on the disk, and the log that belongs to it. */
export interface Stored {
  readonly sealed: readonly Uint8Array[]
  readonly log: LogTree
}

export interface Stage {
  readonly world: World
  readonly folder: string
  readonly signal: AbortSignal
  /** The last commit that paid, as anyone finds it on the chain, and the last of all: the head. */
  readonly landed: Landed
  readonly head: Landed
  /** A batch of a reporter that counted long ago. */
  readonly batch: SentBatch
  /** What was on the disk before the commit that paid last, and what is there now. */
  readonly old: Stored
  readonly now: Stored
  /** By what the reporters signed, wei. */
  readonly earned: ReadonlyMap<Hex, bigint>
  /** Starts one more core, empty, with the keys of the run's own or with those in another folder. */
  startCore(name: string, folder?: string): Promise<HostileCore>
  /** A copy of the folder with the core's keys. */
  copyKeys(name: string): string
  /** The broker's round, as the contract will ask for it. */
  round(): Promise<{ readonly round: bigint; readonly blockHash: Hex }>
  /** Daemon and core as an honest host runs them. */
  startHonest(): Promise<Client>
  /** The payees work once more. */
  report(): Promise<SentBatch>
  /** The same work in a report that was signed for another chain. */
  signElsewhere(batch: SentBatch): SentBatch
  stop(): Promise<void>
}

export async function setStage(options: Omit<WorldOptions, 'payIntervalMs'>): Promise<Stage> {
  const { folder, say, children, signal } = options
  const world = await bringUp({ ...options, payIntervalMs })
  const { deployment, payees, home } = world
  const domain = { chainId: BigInt(deployment.chainId), verifyingContract: deployment.treasury as Hex }
  const secretKey = toBytes(`0x${readFileSync(join(folder, 'yours.key'), 'utf8').trim()}`)
  const earned = new Map<Hex, bigint>()
  let services: Services = world
  let client = world.client

  let next = 0n
  const report = async (): Promise<SentBatch> => {
    const sequence = next++
    const events = payees.map(({ address }, i) => {
      const units = 1_000n + BigInt(i)
      earned.set(address, (earned.get(address) ?? 0n) + units * prices.workload.weiPerUnit)
      return workload({ id: `job-${sequence}-${i}`, payee: address, tariff: prices.workload.name, units })
    })
    const batch = signBatch({ domain, secretKey, sequence, events })
    await client.sendBatch(batch, { signal })
    return batch
  }
  const restart = async (interval: number): Promise<Client> => {
    const configuration = readConfiguration(folder)
    const onStart = (): void => undefined
    services = await startServices({ ...options, payIntervalMs: interval, deployment, configuration, home, onStart })
    client = createClient({ url: services.url })
    await waitFor({ what: 'no epoch is open', timeoutMs: home.patienceMs, signal }, async () =>
      (await client.status({ signal })).isEpochOpen ? true : undefined,
    )
    return client
  }
  const halt = async (): Promise<void> => {
    await services.daemon.stop()
    await services.core.stop()
  }
  const untilPaid = (): Promise<true> =>
    waitFor({ what: 'not everybody is paid', timeoutMs: home.patienceMs, signal }, async () =>
      (await totalPaid(world)) === sum(earned.values()) ? true : undefined,
    )

  say('twenty payees work, and are paid')
  const batch = await report()
  await untilPaid()
  const old = await readStored(folder, deployment.configHash)
  await report()
  await untilPaid()
  await halt()
  say('they work once more; before they are paid, the host turns on them: it stops the daemon and takes the machine')
  await restart(neverMs)
  await report()
  await halt()
  return {
    world,
    folder,
    signal,
    report,
    signElsewhere: ({ batch: { sequence, events } }) =>
      signBatch({ domain: { ...domain, chainId: 1n }, secretKey, sequence, events }),
    round: () => fetchRound(world),
    landed: await lastCommit(world, 'TicketsPaid'),
    head: await lastCommit(world, 'Committed'),
    batch,
    old,
    now: await readStored(folder, deployment.configHash),
    earned,
    startCore: (name, keys = join(folder, 'core')) => startCore({ children, home, folder, name, keys }),
    copyKeys(name) {
      const copy = join(folder, name)
      mkdirSync(copy, { mode: 0o700 })
      cpSync(join(folder, 'core'), copy, { recursive: true })
      return copy
    },
    startHonest: () => restart(payIntervalMs),
    async stop() {
      await halt()
      await world.chain?.stop()
      await home.stop()
    },
  }
}

const rounds = parseAbi([
  'function lastInitializedRound() view returns (uint256)',
  'function blockHashForRound(uint256) view returns (bytes32)',
])

async function fetchRound({ wallet, deployment }: World) {
  const manager = { address: deployment.roundsManager, abi: rounds } as const
  const round = await wallet.chain.readContract({ ...manager, functionName: 'lastInitializedRound' })
  const blockHash = await wallet.chain.readContract({ ...manager, functionName: 'blockHashForRound', args: [round] })
  return { round, blockHash }
}

export const totalPaid = ({ wallet, deployment }: World): Promise<bigint> =>
  wallet.chain.readContract({ address: deployment.treasury, abi: treasuryAbi, functionName: 'totalPaid' })

export const sum = (amounts: Iterable<bigint>): bigint => [...amounts].reduce((a, b) => a + b, 0n)

/** What whoever holds the disk can read of it. */
async function readStored(folder: string, configHash: Hex): Promise<Stored> {
  const store = await openStore(`sqlite:${join(folder, 'daemon.sqlite')}`, configHash)
  try {
    const log = new LogTree()
    log.append(leafHash(entryLeaf({ configuration: readConfiguration(folder), signatures: [] })))
    for await (const entry of store.entries()) log.append(toBytes(entry.leafHash))
    const sealed: Uint8Array[] = []
    for await (const one of store.sealedState()) sealed.push(one)
    return { sealed, log }
  } finally {
    await store.close()
  }
}

async function lastCommit({ wallet, deployment }: World, eventName: 'Committed' | 'TicketsPaid'): Promise<Landed> {
  const { treasury: address, fromBlock } = deployment
  const range = { fromBlock: BigInt(fromBlock), toBlock: 'latest' } as const
  const events = await wallet.chain.getContractEvents({ address, abi: treasuryAbi, eventName, ...range })
  const hash = events.at(-1)?.transactionHash
  if (!hash) throw new Error('nothing was ever committed')
  const { input: calldata } = await wallet.chain.getTransaction({ hash })
  const call = decodeCall(calldata)
  if (!call?.commit) throw new Error('a commit was sent in a way that is not known here')
  return { ...call, calldata }
}

const readConfiguration = (folder: string): Configuration =>
  struct('Configuration').read(
    JSON.parse(readFileSync(join(folder, 'configuration.json'), 'utf8')),
    '',
  ) as Configuration
