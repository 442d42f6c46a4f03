/** The real contract on a real chain, a real core in this process, and a broadcaster that sees the chain through faulty servers. */
import { pino } from 'pino'
import { hexToBytes } from 'viem'
import { generatePrivateKey } from 'viem/accounts'
import { onTestFinished } from 'vitest'
import { type Broker, brokerOnArbitrum, findOrDeployBroker, startRound } from '../../anvil/broker.ts'
import { deployTreasury, predictAddress } from '../../anvil/deployment.ts'
import { createFundedWallet, type Wallet } from '../../anvil/wallet.ts'
import { createCoreCarrier, createRelayer } from '../../daemon/chain/carriers.ts'
import type { Chain } from '../../daemon/chain/chain.ts'
import { createChain } from '../../daemon/chain/rpc.ts'
import type { Core } from '../../daemon/enclaveClient.ts'
import { storedTransaction } from '../../daemon/services/attempts.ts'
import { type Broadcaster, createBroadcaster, type Outcome } from '../../daemon/services/broadcaster.ts'
import { openStore } from '../../daemon/store/open.ts'
import type { Store, StoredTransaction } from '../../daemon/store/store.ts'
import type { Hex } from '../../ledger/hex.ts'
import { rootOf } from '../../ledger/state.ts'
import type { HeadProof, Result } from '../../protocol/messages.ts'
import { temporaryFolder } from '../unit/daemon/support.ts'
import { call, firstHead, type Hosted, headAfter, host, prepare } from '../unit/enclave/support.ts'
import { type FaultyRpc, startFaultyRpc } from './faultyRpc.ts'

export const caps = { gas: 20_000_000n, maxFeePerGas: 10n ** 11n, maxPriorityFeePerGas: 10n ** 9n }

export interface Carrying {
  readonly rpc: FaultyRpc
  /** Seen without faults. */
  readonly wallet: Wallet
  readonly chain: Chain
  readonly hosted: Hosted
  readonly store: Store
  readonly relayer: Hex
  readonly broker: Broker
  readonly codes: string[]
  broadcaster: Broadcaster
  /** Another, as after a restart of the daemon. */
  restart(): void
  /** Asks anvil. */
  tell(method: string, ...params: unknown[]): Promise<unknown>
  /** An open, signed and stored. */
  open(): Promise<StoredTransaction>
  /** An empty commit on the head as it is. */
  commit(gas?: bigint): Promise<StoredTransaction>
  settle(transaction: StoredTransaction, signal?: AbortSignal): Promise<Outcome>
  settlePending(): Promise<void>
  /** All transactions that are stored, oldest first. */
  attempts(): Promise<readonly StoredTransaction[]>
}

export interface CarryingOptions {
  readonly confirmations?: number
  readonly hasRelayer?: boolean
  readonly looksMax?: number
  /** How long a server may be silent. */
  readonly timeoutMs?: number
}

/** One on each chain: no test changes it. */
const brokers = new Map<string, Promise<Broker>>()

async function deployBroker(rpcUrl: string): Promise<Broker> {
  const wallet = await createFundedWallet(rpcUrl, '50')
  const broker = await findOrDeployBroker(wallet, brokerOnArbitrum)
  await startRound(wallet, broker)
  return broker
}

export async function createCarrying(rpcUrl: string, options: CarryingOptions = {}): Promise<Carrying> {
  const { confirmations = 0, hasRelayer = false, looksMax = 35, timeoutMs = 10_000 } = options
  const wallet = await createFundedWallet(rpcUrl, '250')
  if (!brokers.has(rpcUrl)) brokers.set(rpcUrl, deployBroker(rpcUrl))
  const broker = (await brokers.get(rpcUrl)) as Broker
  const treasury = (await predictAddress(wallet)) as Hex
  const hosted = host({ verifyingContract: treasury, broker: broker.broker as Hex })
  const { configHash } = call(hosted.core, 'status', {})
  await deployTreasury(wallet, {
    predicted: treasury,
    committer: hosted.address,
    configHash: configHash as Hex,
    broker,
  })

  const rpc = await startFaultyRpc(rpcUrl)
  const codes: string[] = []
  const log = pino({ level: 'debug' }, { write: (line: string) => void codes.push(...codeOf(line)) })
  const chain = createChain({
    rpcUrls: [rpc.url],
    chainId: 31337n,
    treasury,
    broker: broker.broker as Hex,
    roundsManager: broker.roundsManager as Hex,
    bondingManager: broker.bondingManager as Hex,
    log,
    timeoutMs,
  })
  const store = await openStore(`sqlite:${temporaryFolder()}/store.sqlite`, configHash as Hex)
  await store.lead(new AbortController().signal)
  onTestFinished(() => store.close())
  const relayer = createRelayer({ secretKey: hexToBytes(generatePrivateKey()), chainId: 31337n, treasury })
  const core: Core = { request: async (method, params) => call(hosted.core, method, params) }
  const carrier = createCoreCarrier(core, hosted.address)
  const start = () =>
    createBroadcaster({
      ...{ chain, store, confirmations, log },
      caps: () => caps,
      relayer: hasRelayer ? relayer : undefined,
      pollMs: 2,
      looksMax,
    })
  let landed: Result<'prepare_payouts'> | undefined

  const keep = async (raw: Hex, nonce: bigint, purpose: 'open' | 'commit'): Promise<StoredTransaction> => {
    const transaction = storedTransaction(raw, nonce, purpose)
    await store.saveTransaction(transaction)
    return transaction
  }
  const headNow = async (): Promise<HeadProof> => {
    const { epoch, boot, counter } = await chain.head()
    if (counter === 0n || !landed) return firstHead(epoch, boot)
    return { ...headAfter(hosted, landed, rootOf(landed.commit.next)), epoch, boot }
  }
  const tell: Carrying['tell'] = (method, ...params) =>
    wallet.chain.request({ method: method as never, params: params as never })
  const world: Carrying = {
    rpc,
    wallet,
    chain,
    hosted,
    store,
    relayer: relayer.address,
    broker,
    codes,
    broadcaster: start(),
    restart() {
      world.broadcaster = start()
    },
    tell,
    async open() {
      const hints = await world.broadcaster.hints(hosted.address, 1_000_000n)
      const { transaction } = call(hosted.core, 'open_epoch', { head: await headNow(), hints })
      return keep(transaction, hints.nonce, 'open')
    },
    async commit(gas = 1_000_000n) {
      const hints = await world.broadcaster.hints(hosted.address, gas)
      const head = await headNow()
      const made = { ...prepare(hosted, head), hints }
      const { transaction } = call(hosted.core, 'sign_transaction', {
        ...{ open: null, commit: made.commit, signature: made.signature, hints },
      })
      landed = made
      return keep(transaction, hints.nonce, 'commit')
    },
    settle: (transaction, signal = new AbortController().signal) =>
      world.broadcaster.settle(transaction, carrier, signal),
    settlePending: () => world.broadcaster.settlePending(carrier, new AbortController().signal),
    attempts: () => store.transactionsBetween(0, 1_000_000),
  }
  await tell('anvil_setBalance', relayer.address, '0x8ac7230489e80000')
  return world
}

const codeOf = (line: string): string[] => {
  const { code, msg } = JSON.parse(line) as { code?: string; msg: string }
  return [code ?? msg]
}
