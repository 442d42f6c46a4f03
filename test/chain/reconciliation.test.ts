/**
 * The life of one deployment on a real chain, with everything in it that strangers, payees, the broker's keepers, servers
 * and thieves can do. Each difference that comes of it is found and named; `bursar reconcile` exits 1 on the unexplained alone.
 */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import {
  createTestClient,
  encodeAbiParameters,
  encodeEventTopics,
  getAbiItem,
  http,
  keccak256,
  parseAbi,
  parseEther,
  toFunctionSelector,
} from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { treasuryAbi } from '../../abi/index.ts'
import { send, write } from '../../anvil/wallet.ts'
import { signBatch } from '../../client/batch.ts'
import { encodeClaim } from '../../client/claim.ts'
import { credit } from '../../client/events.ts'
import { decodeCall } from '../../daemon/chain/calls.ts'
import { bondingManagerAbi, brokerEventsAbi, roundsManagerAbi } from '../../daemon/chain/livepeer.ts'
import { openDatabase } from '../../daemon/store/open.ts'
import { createSigner, type Signer } from '../../enclave/signer.ts'
import { senderNonce } from '../../enclave/tickets.ts'
import { encodeCall } from '../../enclave/transactions.ts'
import { type Hex, zeroHash } from '../../ledger/hex.ts'
import type { Commit } from '../../ledger/structs.ts'
import { payeeOf, reporterKey } from '../unit/ledger/support.ts'
import { useChains } from './chains.ts'
import { createDaemonWorld, type DaemonWorld } from './daemonWorld.ts'
import { type FaultyRpc, healthy, startFaultyRpc } from './faultyRpc.ts'
import { type Anchor, admitTimelocked } from './timelocked.ts'

const startChain = useChains()
const wei = 10n ** 15n
const timeout = 120_000

const brokerAbi = parseAbi([
  'function fundDepositAndReserveFor(address, uint256, uint256) payable',
  'function redeemWinningTicket((address recipient, address sender, uint256 faceValue, uint256 winProb, uint256 senderNonce, bytes32 recipientRandHash, bytes auxData) ticket, bytes sig, uint256 recipientRand)',
])
const standInAbi = parseAbi(['function setPaused(bool paused)'])

let world: DaemonWorld
let rpc: FaultyRpc
let treasury: Hex
let sequence = 0n
/** What was found and explained, and stays. */
const standing: (readonly unknown[])[] = []
const cleaning: (() => void | Promise<void>)[] = []

beforeAll(async () => {
  const { rpcUrl } = await startChain({ kind: 'local' })
  const atEnd = (clean: () => void | Promise<void>): void => void cleaning.push(clean)
  rpc = await startFaultyRpc(rpcUrl, atEnd)
  world = await createDaemonWorld(rpcUrl, { daemonRpcUrl: rpc.url, atEnd })
  treasury = world.domain.verifyingContract
  await world.restartCore()
  await world.restartDaemon('SIGTERM')
  await world.deploy()
  await untilOpen()
}, timeout)
afterAll(async () => {
  for (const clean of cleaning.reverse()) await clean()
})

const untilOpen = () => world.until('not open', async () => ((await world.status()).isEpochOpen ? true : undefined))
const tell = (method: string, ...params: unknown[]) =>
  world.wallet.chain.request({ method: method as never, params: params as never })
const payees = (): readonly [Hex, Hex, Hex, Hex, Hex, Hex] => [...world.tickets, ...world.directs] as never

async function credits(to: readonly Hex[], each = wei): Promise<void> {
  const events = to.map((payee) => credit({ id: payee, payee, wei: each }))
  const { domain, client } = world
  await client.sendBatch(signBatch({ domain, secretKey: reporterKey, sequence: sequence++, events }))
}

/** Waits until exactly what stands and these differences are found. */
const untilFound = (...expected: readonly (readonly unknown[])[]) =>
  world.until(`not found: ${expected.join('; ')}`, async () => {
    const { discrepancies } = await world.reconcile()
    const found = discrepancies.map(({ kind, code, payee, amountWei }) => [kind, code, payee, amountWei])
    const sorted = (all: readonly (readonly unknown[])[]): string => all.map(String).sort().join()
    if (sorted(found) !== sorted([...standing, ...expected])) throw new Error(`found ${found.join('; ')}`)
    return discrepancies
  })

/** The exit code of the command. */
function reconcile(): Promise<number | null> {
  const { folder, url } = world
  const env = { BURSAR_CONFIG: join(folder, 'daemon.json'), BURSAR_LISTEN: new URL(url).host, NODE_NO_WARNINGS: '1' }
  const args = ['cli/main.ts', 'reconcile', '--json']
  const child = spawn(process.execPath, args, { env: { ...process.env, ...env }, stdio: 'ignore' })
  return new Promise((resolve) => child.once('close', resolve))
}

const fund = (sender: Hex, deposit: bigint, reserve: bigint) =>
  write(world.wallet, {
    ...{ address: world.broker.broker, abi: brokerAbi, functionName: 'fundDepositAndReserveFor' },
    ...{ args: [sender, deposit, reserve], value: deposit + reserve },
  })

interface Leaked {
  readonly recipient: Hex
  readonly sender: Hex
  readonly faceValue: bigint
  readonly senderNonce: bigint
  readonly signature: Hex
}

/** Anyone who has a ticket redeems it. */
async function redeem({ signature, ...leaked }: Leaked): Promise<void> {
  const { number, blockHash } = await round()
  const [r, vs] = [signature.slice(2, 66), BigInt(`0x${signature.slice(66)}`)]
  const s = (vs & (2n ** 255n - 1n)).toString(16).padStart(64, '0')
  const ticket = {
    ...leaked,
    winProb: 2n ** 256n - 1n,
    recipientRandHash: keccak256(zeroHash),
    auxData: encodeAbiParameters([{ type: 'uint256' }, { type: 'bytes32' }], [number, blockHash]),
  }
  const sig = `0x${r}${s}${vs >> 255n ? '1c' : '1b'}`
  const { broker: address } = world.broker
  await write(world.wallet, { address, abi: brokerAbi, functionName: 'redeemWinningTicket', args: [ticket, sig, 0n] })
}

async function round() {
  const contract = { address: world.broker.roundsManager, abi: roundsManagerAbi } as const
  const { chain } = world.wallet
  const number = await chain.readContract({ ...contract, functionName: 'lastInitializedRound' })
  return {
    number,
    blockHash: await chain.readContract({ ...contract, functionName: 'blockHashForRound', args: [number] }),
  }
}

const head = () => world.wallet.chain.readContract({ address: treasury, abi: treasuryAbi, functionName: 'head' })
const pause = (isPaused: boolean) =>
  write(world.wallet, {
    ...{ address: world.broker.standIn as Hex, abi: standInAbi },
    ...{ functionName: 'setPaused', args: [isPaused] },
  })

test('row 26: with the broker paused tickets wait and say why; direct payments and anchors go on', {
  timeout,
}, async () => {
  const [payee] = payees()
  await pause(true)
  await credits(payees())
  await untilFound(...world.tickets.map((ticket) => ['pending', 'PENDING', ticket, wei]))
  await world.until('not told why', async () =>
    (await world.client.account(payee)).waitsFor?.reason === 'TICKET_FAILS' ? true : undefined,
  )
  const { counter } = await head()
  await credits(world.directs)
  await untilFound(...world.tickets.map((ticket) => ['pending', 'PENDING', ticket, wei]))
  expect((await head()).counter).toBeGreaterThan(counter)
})

test('rows 20 and 26: tried all the same, for a server lied about it, each ticket fails alone, and is paid later', {
  timeout,
}, async () => {
  const [payee] = payees()
  const selector = toFunctionSelector(getAbiItem({ abi: bondingManagerAbi, name: 'updateTranscoderWithFees' }))
  rpc.onCall = ({ method, params: [call] }) =>
    method === 'eth_call' && (call as { data?: Hex }).data?.startsWith(selector) ? { result: '0x' } : undefined
  const found = await untilFound(...world.tickets.map((ticket) => ['failed', 'PAYMENT_FAILED', ticket, wei]))
  const [failed] = (await world.client.payouts({ payee, limit: 1 })).payouts
  expect(failed).toMatchObject({ status: 'failed', reason: found.find((one) => one.payee === payee)?.detail })
  Object.assign(rpc, healthy())
  await pause(false)
  await untilFound()
  expect(await reconcile()).toBe(0)
})

test("rows 15 and 21: a leaked ticket draws on a stranger's gift; other strangers' money is none of our business", {
  timeout,
}, async () => {
  const [payee, other] = payees()
  const { payouts } = await world.client.payouts({ payee })
  const { transactionHash: hash } = payouts.find(({ status }) => status === 'failed') as { transactionHash: Hex }
  const { input } = await world.wallet.chain.getTransaction({ hash })
  const call = decodeCall(input) as { readonly commit: Commit }
  const { epoch, counter, payments, ticketSigs } = call.commit
  const index = payments.findIndex((word) => word.startsWith(payee))
  const [r, vs] = ticketSigs.slice(2 * index, 2 * index + 2) as [Hex, Hex]
  const { committer } = await head()
  await fund(committer, wei, 7n)
  await redeem({
    ...{ recipient: payee, sender: committer, faceValue: wei },
    ...{ senderNonce: senderNonce({ epoch, counter, index }), signature: `0x${r.slice(2)}${vs.slice(2)}` },
  })
  standing.push(['gift', 'TICKET_FROM_GIFT', payee, wei], ['gift', 'DEPOSIT_GIFT', null, wei + 7n])
  await untilFound()

  const stranger = createSigner(randomBytes(32), world.domain)
  const { number, blockHash } = await round()
  const ticket = { recipient: other, faceValueWei: wei, senderNonce: 1n, round: number, roundBlockHash: blockHash }
  await fund(stranger.address, wei, 0n)
  await redeem({
    ...{ recipient: other, sender: stranger.address, faceValue: wei, senderNonce: 1n },
    signature: stranger.signTicket(ticket),
  })
  await send(world.wallet, treasury, 1n)
  await credits([other])
  await untilFound()
})

test('row 21: a payee that refuses is left out and told so; it claims what it is owed to another address', {
  timeout,
}, async () => {
  const [, , , payee, to] = payees()
  await tell('anvil_setCode', payee, '0x5f5ffd')
  await credits([payee, to])
  await untilFound(['pending', 'PENDING', payee, wei])
  const anchored = await world.until('not anchored, or not told why', async () => {
    const account = await world.client.account(payee)
    const isTold = account.waitsFor?.reason === 'PAYEE_REFUSES'
    return isTold && account.anchored?.earnedWei === account.earnedWei ? account.anchored : undefined
  })
  const { commitment, earnedWei, proof } = anchored
  const { counter, totalPaid: totalPaidWei, time: committedAt } = await anchorOf(anchored.counter)
  const data = encodeClaim({ anchor: { counter, totalPaidWei, committedAt }, commitment, earnedWei, proof, to })
  await tell('anvil_impersonateAccount', payee)
  await tell('anvil_setBalance', payee, '0xde0b6b3a7640000')
  await tell('eth_sendTransaction', { from: payee, to: treasury, data })
  standing.push(['claimed', 'CLAIMED', payee, wei])
  await untilFound()
  const [claimed] = (await world.client.payouts({ payee })).payouts
  expect(claimed).toMatchObject({ status: 'claimed', amountWei: wei, counter: null })
  expect(await world.client.account(payee)).toMatchObject({ owedWei: 0n, waitsFor: null })
  expect(await reconcile()).toBe(0)
})

async function anchorOf(counter: bigint): Promise<Anchor> {
  const { anchors } = await world.client.anchors({ limit: 1_000 })
  const anchor = anchors.findLast((one) => one.counter === counter)
  if (!anchor) throw new Error(`no anchor ${counter}`)
  const { timestamp: time } = await world.wallet.chain.getBlock({ blockNumber: anchor.blockNumber })
  return { counter, root: anchor.root, totalPaid: anchor.totalPaidWei, time }
}

test('row 26: a treasury that is short pays what it has, and the rest when it is filled', { timeout }, async () => {
  const [, , , , payee] = payees()
  const { paidWei } = await world.client.account(payee)
  await tell('anvil_setBalance', treasury, `0x${wei.toString(16)}`)
  await credits([payee], 3n * wei)
  await untilFound(['pending', 'PENDING', payee, 2n * wei])
  await world.until('not told why', async () => {
    const account = await world.client.account(payee)
    return account.paidWei === paidWei + wei && account.waitsFor?.reason === 'TREASURY_SHORT' ? true : undefined
  })
  await fillTreasury()
  await untilFound()
})

test('row 26: with the window used up a payment waits until there is room again, and says so', {
  timeout,
}, async () => {
  const [, , , , payee] = payees()
  const { paidWei } = await world.client.account(payee)
  // The cap of this deployment is 400 ETH a window: a leaky bucket of half of it.
  const room = await world.wallet.chain.readContract({ address: treasury, abi: treasuryAbi, functionName: 'room' })
  await tell('anvil_setBalance', treasury, `0x${(2n * room).toString(16)}`)
  for (const part of [room / 2n, room / 2n, 1_000n * wei]) await credits([payee], part)
  await world.until('not told why', async () => {
    const account = await world.client.account(payee)
    return account.paidWei - paidWei >= room / 2n && account.waitsFor?.reason === 'WINDOW_USED' ? true : undefined
  })
  const time = createTestClient({ mode: 'anvil', transport: http(world.rpcUrl) })
  await time.increaseTime({ seconds: 3_600 })
  await time.mine({ blocks: 1 })
  await untilFound()
})

const fillTreasury = () => tell('anvil_setBalance', treasury, `0x${parseEther('10').toString(16)}`)

test('row 20: lies about what was paid fail one ticket, and pay nobody twice', { timeout }, async () => {
  const [, payee, , , , direct] = payees()
  await credits([payee, direct])
  await untilFound()
  const before = await Promise.all([payee, direct].map(paidTo))
  const selector = toFunctionSelector(getAbiItem({ abi: treasuryAbi, name: 'paid' }))
  rpc.onCall = ({ method, params: [call] }) =>
    method === 'eth_call' && (call as { data?: Hex }).data?.startsWith(selector) ? { result: zeroHash } : undefined
  await credits([payee, direct])
  await world.until('not tried', async () => {
    const [last] = (await world.client.payouts({ payee, limit: 1 })).payouts
    const isPaid = (await world.client.account(direct)).owedWei === 0n
    return last?.status === 'failed' && isPaid ? true : undefined
  })
  Object.assign(rpc, healthy())
  await untilFound()
  expect(await Promise.all([payee, direct].map(paidTo))).toEqual(before.map((one) => one + wei))
})

const paidTo = (payee: Hex): Promise<bigint> =>
  world.wallet.chain.readContract({ address: treasury, abi: treasuryAbi, functionName: 'paid', args: [payee] })

test('row 34: redemptions that a server keeps back are missed, and found as soon as one tells of them', {
  timeout,
}, async () => {
  const [, , payee] = payees()
  const [transfer] = encodeEventTopics({ abi: brokerEventsAbi, eventName: 'WinningTicketTransfer' })
  rpc.onCall = ({ method }) =>
    method === 'eth_getLogs'
      ? { answer: (logs) => (logs as { topics: Hex[] }[]).filter(({ topics }) => topics[0] !== transfer) }
      : undefined
  await credits([payee])
  await world.until('not missed', async () => {
    const { discrepancies } = await world.reconcile()
    return discrepancies.some(({ code, payee: whose }) => code === 'TICKETS_DIFFER' && whose === payee)
      ? true
      : undefined
  })
  expect(await reconcile()).toBe(1)
  Object.assign(rpc, healthy())
  await tell('anvil_mine', '0x80')
  await untilFound()
})

test('rows 21 and 28: what a thief with the key pays cannot be explained, until an admission has taken it back', {
  timeout,
}, async () => {
  const [, payee, , direct] = payees()
  const good = await head()
  const anchor = await anchorOf(good.counter)
  const { commitment } = (await world.client.ledgerHead()).anchored as { readonly commitment: Commit['next'] }
  const core = good.committer
  const admit = (committer: Hex, from: Anchor, next: Commit['next']) =>
    admitTimelocked({ rpcUrl: world.rpcUrl, wallet: world.wallet, treasury }, [committer, good.configHash, from, next])
  const none = { counter: 0n, root: zeroHash, totalPaid: 0n, time: 0n }
  const empty = { accountsRoot: zeroHash, logRoot: zeroHash, logSize: 0n, totalEarned: 0n, configHash: zeroHash }

  // A key that is admitted and then misused signs what a leaked one could.
  const thief = createSigner(randomBytes(32), world.domain)
  await admit(thief.address, none, empty)
  const [stolen, gained] = [payeeOf(5_555), wei / 4n]
  await steal(thief, { ...commitment, accountsRoot: keccak256('0x01') }, { stolen, payee, gained })
  const unexplained = [
    ['unexplained', 'FOREIGN_COMMIT', null, 0n],
    ['unexplained', 'PAID_ABOVE_EARNED', stolen, wei],
    ['unexplained', 'PAID_ABOVE_EARNED', payee, gained],
  ]
  await untilFound(...unexplained)
  expect(await reconcile()).toBe(1)
  // Payees go on being shown the last anchor of this ledger, from which they can claim.
  expect((await world.client.account(direct)).anchored).toMatchObject({ counter: good.counter, root: good.root })

  await write(world.wallet, { address: treasury, abi: treasuryAbi, functionName: 'halt', args: [anchor] })
  await admit(core, anchor, commitment)
  await untilOpen()
  standing.push(
    ['struck', 'STRUCK_COMMIT', null, 0n],
    ['struck', 'PAID_BY_STRUCK', stolen, wei],
    ['struck', 'PAID_AND_STRUCK', null, wei + gained],
  )
  await untilFound(['struck', 'PAID_BY_STRUCK', payee, gained])
  // What it earns now is first what it has.
  await credits([payee, direct])
  await untilFound(['pending', 'PENDING', direct, wei])
  expect(await reconcile()).toBe(0)
})

/** Opens an epoch of the thief's and commits a payment on each rail. */
async function steal(
  thief: Signer,
  next: Commit['next'],
  { stolen, payee, gained }: { readonly stolen: Hex; readonly payee: Hex; readonly gained: bigint },
): Promise<void> {
  const relay = async (data: Hex): Promise<void> => {
    const hash = await world.wallet.signer.sendTransaction({ chain: null, to: treasury, data, gas: 5_000_000n })
    expect((await world.wallet.chain.waitForTransactionReceipt({ hash })).status).toBe('success')
  }
  const { epoch: before, boot: prevBoot, counter: last, root } = await head()
  const [boot, epoch, counter]: [Hex, bigint, bigint] = [`0x${randomBytes(32).toString('hex')}`, before + 1n, last + 1n]
  const { logSize, logRoot } = next
  const open = { epoch, prevBoot, counter: last, root, boot, logSize, logRoot, attestation: '0x' as Hex }
  await relay(encodeCall(['Open', open], thief.signStruct('Open', open)))

  const paid = await paidTo(payee)
  const { number, blockHash } = await round()
  const word = (to: Hex, total: bigint): Hex => `${to}${total.toString(16).padStart(24, '0')}`
  const signature = thief.signTicket({
    ...{ recipient: payee, faceValueWei: gained, senderNonce: senderNonce({ epoch, counter, index: 0 }) },
    ...{ round: number, roundBlockHash: blockHash },
  })
  const commit: Commit = {
    ...{ epoch, boot, counter, prevRoot: root, next, round: number },
    payments: [word(payee, paid + gained), word(stolen, wei)],
    ticketSigs: [signature.slice(0, 66) as Hex, `0x${signature.slice(66)}`],
  }
  await relay(encodeCall(['Commit', commit], thief.signStruct('Commit', commit)))
}

test("row 21: a transaction of the core's account and a commit that the store lost are named", {
  timeout,
}, async () => {
  const database = await openDatabase(`sqlite:${join(world.folder, 'daemon.sqlite')}`)
  await database.write(async (query) => {
    await query('DELETE FROM transactions WHERE nonce = 0')
    await query("DELETE FROM commits WHERE counter = '1'")
  })
  await database.close()
  await world.restartDaemon('SIGKILL')
  await untilOpen()
  const [, , , direct] = payees()
  standing.push(
    ['unknown_transaction', 'UNKNOWN_TRANSACTION', null, 0n],
    ['unknown_transaction', 'UNKNOWN_COMMIT', null, 0n],
  )
  await untilFound(['pending', 'PENDING', direct, wei])
  expect(await reconcile()).toBe(0)
})

test('row 36: who leaves by the exit after a freeze is found so', { timeout }, async () => {
  const [, , , payee] = payees()
  const account = await world.until('not anchored', async () => {
    const one = await world.client.account(payee)
    return one.anchored?.earnedWei === one.earnedWei ? one.anchored : undefined
  })
  const time = createTestClient({ mode: 'anvil', transport: http(world.rpcUrl) })
  await time.increaseTime({ seconds: 30 * 86_400 })
  await time.mine({ blocks: 1 })
  const contract = { address: treasury, abi: treasuryAbi }
  await write(world.wallet, { ...contract, functionName: 'freeze', args: [] })
  const { commitment, earnedWei, proof } = account
  await tell('anvil_setCode', payee, '0x')
  const args = [await anchorOf(account.counter), commitment, payee, earnedWei, proof, payee]
  await write(world.wallet, { ...contract, functionName: 'exit', args })
  await untilFound(['exited', 'EXITED', payee, wei])
  expect(await reconcile()).toBe(0)
})
