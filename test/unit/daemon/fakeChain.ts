/**
 * A chain in memory with the one contract on it, as far as the daemon looks: it moves the head by compare and swap, pays
 * cumulative totals, and can be told to hold, revert, forget, reorganise and fall silent.
 */
import { decodeFunctionData, keccak256, parseTransaction, recoverTransactionAddress, toHex } from 'viem'
import { treasuryAbi } from '../../../abi/index.ts'
import { splitPayment } from '../../../client/paymentWord.ts'
import type { Chain, Head, Round } from '../../../daemon/chain/chain.ts'
import type { ChainEvent } from '../../../daemon/chain/events.ts'
import { type Hex, zeroHash } from '../../../ledger/hex.ts'
import { recoverAddress } from '../../../ledger/signature.ts'
import { rootOf } from '../../../ledger/state.ts'
import type { Commit, Open } from '../../../ledger/structs.ts'
import { type Domain, digest } from '../../../ledger/typedData.ts'

interface World {
  head: Head | undefined
  readonly paid: Map<Hex, bigint>
  readonly nonces: Map<Hex, number>
}

interface Block {
  readonly number: number
  readonly hash: Hex
  readonly time: number
  readonly events: ChainEvent[]
  readonly receipts: Map<Hex, 'success' | 'reverted'>
  /** As after this block. */
  readonly world: World
}

export interface FakeChain extends Chain {
  deploy(committer: Hex, configHash: Hex): void
  mine(): void
  /** Replaces so many blocks by as many others, empty ones. What was in them goes back to the mempool, or is forgotten. */
  reorganise(depth: number, isForgotten: boolean): void
  /** The operator names another configuration. */
  setConfig(configHash: Hex): void
  /** A block with these events, and with this register if one is given: as others than the core can bring about. */
  plant(events: readonly Emitted[], paid?: readonly [Hex, bigint]): void
  /** Another boot opens the next epoch. */
  openByAnother(): void
  readonly mempool: Map<Hex, Hex>
  /** Every raw transaction that was sent, in order. */
  readonly sent: Hex[]
  /** Transactions wait in the mempool until `mine`. */
  isHolding: boolean
  /** So many of the next transactions are mined and revert. */
  reverting: number
  /** Every question fails. */
  isDown: boolean
  roundNow: Round | undefined
  readonly inactive: Set<Hex>
  readonly refusing: Set<Hex>
  /** Payees whose payments fail on chain. */
  readonly failing: Set<Hex>
  /** What no longer counts as paid, since an admission took commits back. */
  lostWei: bigint
  balanceWei: bigint
  roomWei: bigint
  /** Of whoever is asked for. */
  gasWei: bigint
}

export function createFakeChain(domain: Domain): FakeChain {
  const blocks: Block[] = []
  const mempool = new Map<Hex, Hex>()
  const known = new Map<Hex, Hex>()
  let salt = 0
  const tip = (): Block => blocks.at(-1) as Block
  const at = (number?: number): Block => {
    const block = number === undefined ? tip() : blocks[number]
    if (!block) throw new Error(`no block ${number}`)
    return block
  }
  const addBlock = (world: World, fill: (block: Block) => void = () => undefined): void => {
    const number = blocks.length
    const hash = keccak256(toHex(`${number}.${salt++}`))
    const block = { number, hash, time: timeOfBlock(number), events: [], receipts: new Map(), world }
    blocks.push(block)
    fill(block)
  }
  const next = (): World => copyOf(tip().world)
  addBlock({ head: undefined, paid: new Map(), nonces: new Map() })

  const mine = (): void => {
    for (const [hash, raw] of [...mempool].sort(([, a], [, b]) => nonceOf(a) - nonceOf(b))) {
      const world = next()
      const sender = senders.get(hash) as Hex
      if ((world.nonces.get(sender) ?? 0) !== nonceOf(raw)) continue
      mempool.delete(hash)
      world.nonces.set(sender, nonceOf(raw) + 1)
      addBlock(world, (block) => {
        const isReverting = fake.reverting > 0
        if (isReverting) fake.reverting--
        const events = isReverting ? undefined : execute(domain, world, raw, fake)
        block.receipts.set(hash, events ? 'success' : 'reverted')
        const place = { ...placeOf(block), transactionHash: hash }
        block.events.push(...(events ?? []).map((event, position) => ({ ...place, position, ...event }) as ChainEvent))
      })
    }
  }
  const senders = new Map<Hex, Hex>()

  const fake: FakeChain = {
    mempool,
    sent: [],
    isHolding: false,
    reverting: 0,
    isDown: false,
    roundNow: { number: 1n, blockHash: `0x${'77'.repeat(32)}`, isInitialized: true },
    inactive: new Set(),
    refusing: new Set(),
    failing: new Set(),
    lostWei: 0n,
    balanceWei: 10n ** 24n,
    roomWei: 10n ** 24n,
    gasWei: 10n ** 18n,
    deploy(committer, configHash) {
      const head = { epoch: 0n, boot: zeroHash, counter: 0n, root: zeroHash, committedAt: 0n, logSize: 0n }
      const admitted = { epoch: 0n, committer, configHash, counter: 0n, root: zeroHash, totalPaid: 0n }
      addBlock({ ...next(), head: { ...head, committer, configHash } }, (block) => {
        const place = { ...placeOf(block), position: 0, transactionHash: block.hash }
        block.events.push({ ...place, name: 'Admitted', args: admitted })
      })
    },
    mine() {
      mine()
      addBlock(next())
    },
    reorganise(depth, isForgotten) {
      const gone = blocks.splice(-depth)
      for (const { receipts } of gone)
        for (const hash of receipts.keys()) if (!isForgotten) mempool.set(hash, known.get(hash) as Hex)
      for (const _ of gone) addBlock(next())
      if (isForgotten) for (const { receipts } of gone) for (const hash of receipts.keys()) known.delete(hash)
    },
    setConfig(configHash) {
      const world = next()
      if (world.head) world.head = { ...world.head, configHash }
      addBlock(world)
    },
    plant(events, paid) {
      const world = next()
      if (paid) world.paid.set(...paid)
      addBlock(world, (block) => {
        const place = { ...placeOf(block), transactionHash: block.hash }
        block.events.push(...events.map((event, position) => ({ ...place, position, ...event }) as ChainEvent))
      })
    },
    openByAnother() {
      const world = next()
      if (world.head) world.head = { ...world.head, epoch: world.head.epoch + 1n, boot: `0x${'ee'.repeat(32)}` }
      addBlock(world)
    },

    chainId: async () => domain.chainId,
    block: async (number) => at(number),
    isDeployed: async (number) => at(number).world.head !== undefined,
    head: async (number) => at(number).world.head as Head,
    paid: async (payees, number) => payees.map((payee) => at(number).world.paid.get(payee) ?? 0n),
    totalPaid: async (number) => [...at(number).world.paid.values()].reduce((sum, wei) => sum + wei, -fake.lostWei),
    balance: async () => fake.balanceWei,
    room: async () => fake.roomWei,
    silentAt: async () => 4_000_000_000n,
    gasBalance: async () => fake.gasWei,
    events: async ({ from, to }) => blocks.slice(from, to + 1).flatMap((block) => block.events),
    nonce: async (account, number) => at(number).world.nonces.get(account) ?? 0,
    fees: async () => ({ maxFeePerGas: 10n ** 9n, maxPriorityFeePerGas: 10n ** 6n }),
    async send(raw) {
      const hash = keccak256(raw)
      fake.sent.push(raw)
      senders.set(
        hash,
        (await recoverTransactionAddress({ serializedTransaction: raw as `0x02${string}` })).toLowerCase() as Hex,
      )
      known.set(hash, raw)
      mempool.set(hash, raw)
      if (!fake.isHolding) mine()
    },
    receipt: async (hash) => {
      const block = blocks.find(({ receipts }) => receipts.has(hash))
      const status = block?.receipts.get(hash)
      return block && status && { status, blockNumber: block.number }
    },
    calldata: async (hash) => {
      const raw = known.get(hash)
      return raw && parseTransaction(raw as `0x02${string}`).data
    },
    round: async () => fake.roundNow,
    isActive: async (payee) => !fake.inactive.has(payee),
    tryTicket: async () => undefined,
    l1Gas: async () => 0n,
    tryDirect: async (payee) => (fake.refusing.has(payee) ? 'execution reverted' : undefined),
  }
  return withOutages(fake)
}

/** Unix seconds. */
export const timeOfBlock = (number: number): number => 1_700_000_000 + number

const placeOf = ({ number, hash, time }: Block) => ({ blockNumber: number, blockHash: hash, blockTime: time })

/** While `isDown` every question is answered by an error. */
function withOutages(fake: FakeChain): FakeChain {
  const controls = new Set(['deploy', 'mine', 'reorganise', 'openByAnother', 'setConfig', 'plant'])
  return new Proxy(fake, {
    get(target, name: keyof FakeChain & string) {
      const value = target[name]
      if (typeof value !== 'function' || controls.has(name)) return value
      return async (...args: never[]) => {
        if (target.isDown) throw new Error('the chain does not answer')
        return (value as (...args: never[]) => unknown)(...args)
      }
    },
  })
}

const copyOf = ({ head, paid, nonces }: World): World => ({ head, paid: new Map(paid), nonces: new Map(nonces) })
const nonceOf = (raw: Hex): number => parseTransaction(raw as `0x02${string}`).nonce ?? 0

type Emitted = Pick<ChainEvent, 'name' | 'args'>

/** What the call does to the world; undefined: it reverts. */
function execute(domain: Domain, world: World, raw: Hex, fake: FakeChain): Emitted[] | undefined {
  const { data = '0x' } = parseTransaction(raw as `0x02${string}`)
  const call = decodeFunctionData({ abi: treasuryAbi, data })
  const { head } = world
  if (!head || (call.functionName !== 'open' && call.functionName !== 'commit')) return undefined
  const [struct, r, vs] = call.args
  const isSigned = (hash: Uint8Array): boolean => recoverAddress(hash, `${r}${vs.slice(2)}`) === head.committer
  if (call.functionName === 'open') {
    const open = struct as Open
    const fits =
      open.epoch === head.epoch + 1n &&
      open.prevBoot === head.boot &&
      open.counter === head.counter &&
      open.root === head.root
    if (!fits || !isSigned(digest(domain, 'Open', open))) return undefined
    world.head = { ...head, epoch: open.epoch, boot: open.boot }
    const { epoch, boot, logSize, logRoot } = open
    return [{ name: 'Opened', args: { epoch, boot, logSize, logRoot } }] as Emitted[]
  }
  const commit = struct as Commit
  const fits =
    commit.epoch === head.epoch &&
    commit.boot === head.boot &&
    commit.counter === head.counter + 1n &&
    commit.next.configHash === head.configHash &&
    commit.prevRoot === head.root
  if (!fits || !isSigned(digest(domain, 'Commit', commit))) return undefined
  const { counter, next, epoch, prevRoot } = commit
  world.head = { ...head, counter, root: rootOf(next), logSize: next.logSize }
  const events = commit.payments.flatMap((word, i) =>
    pay(world, fake, { word, counter, ticket: i < commit.ticketSigs.length / 2 }),
  )
  const totalPaid = [...world.paid.values()].reduce((sum, wei) => sum + wei, 0n)
  return [...events, { name: 'Committed', args: { epoch, counter, prevRoot, next, totalPaid } }] as Emitted[]
}

function pay(
  world: World,
  fake: FakeChain,
  { word, counter, ticket }: { word: Hex; counter: bigint; ticket: boolean },
): Emitted[] {
  const { payee, wei: total } = splitPayment(word)
  const amount = total - (world.paid.get(payee) ?? 0n)
  if (amount <= 0n) return []
  if (fake.failing.has(payee))
    return [{ name: 'PaymentFailed', args: { payee, counter, amount, reason: toHex('no') } }] as Emitted[]
  world.paid.set(payee, total)
  const paid = { name: 'Paid', args: { payee, counter, amount, ticket } }
  const sender = world.head?.committer as Hex
  const credited = { name: 'WinningTicketTransfer', args: { sender, recipient: payee, amount } }
  const funded = { name: 'DepositFunded', args: { sender, amount } }
  return (ticket ? [funded, credited, paid] : [paid]) as Emitted[]
}
