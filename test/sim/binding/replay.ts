/** Plays what the model saw on the real contracts, and compares after every transaction: outcome, events, registers. */
import {
  type Abi,
  decodeErrorResult,
  decodeFunctionResult,
  encodeFunctionData,
  getContractAddress,
  type Log,
  parseAbi,
  parseEventLogs,
} from 'viem'
import { treasuryAbi } from '../../../abi/index.ts'
import type { Hex } from '../../../ledger/hex.ts'
import type { Outcome, Registers, Traced } from '../chain.ts'
import { broker, mole, payees, thief, treasury } from '../constants.ts'
import { get, outOfGas } from '../model/state.ts'
import { transactionOf } from './calls.ts'
import { callerCode, type Node, startNode } from './node.ts'
import { deployTreasury, deployWorld, mine, setRound } from './world.ts'

const brokerAbi = parseAbi([
  'function getSenderInfo(address) view returns ((uint256 deposit, uint256 withdrawRound) sender, (uint256 fundsRemaining, uint256 claimedInCurrentRound) reserve)',
])
/** Made by the treasury's constructor before anything else. */
const owner = getContractAddress({ from: treasury, nonce: 1n }).toLowerCase() as Hex
const everyone = [...payees, thief].map(({ address }) => address)

export interface Difference {
  readonly at: number
  readonly call: string
  readonly what: string
  readonly model: string
  readonly contract: string
}

export interface Compared {
  /** Transactions that were compared. */
  readonly compared: number
  readonly difference?: Difference
}

export interface Binding {
  replay(trace: readonly Traced[]): Promise<Compared>
  stop(): void
}

/** One node for many runs: each begins on the same chain. */
export async function createBinding(): Promise<Binding> {
  const node = await startNode()
  await deployWorld(node)
  let base = await node.ask('evm_snapshot')
  return {
    async replay(trace) {
      await node.ask('evm_revert', base)
      base = await node.ask('evm_snapshot')
      return replayTrace(node, trace)
    },
    stop: node.stop,
  }
}

async function replayTrace(node: Node, trace: readonly Traced[]): Promise<Compared> {
  const first = trace.find((one) => one.what === 'begin')
  if (!first) return { compared: 0 }
  await deployTreasury(node, first.committer, first.configHash)
  const snapshots: unknown[] = []
  let compared = 0
  let round = { round: 1n, startedRound: 1n }
  let moleCode: Hex | undefined
  for (const [at, one] of trace.entries()) {
    if (one.what === 'round') {
      round = { round: one.round, startedRound: one.isStarted ? one.round : round.startedRound }
      await setRound(node, one.round, one.isStarted)
    } else if (one.what === 'tell') {
      const { to, data } = transactionOf(one.call, owner)
      moleCode = callerCode(to as Hex, data as Hex, one.call.fn === 'redeem' ? undefined : treasury)
      await node.ask('anvil_setCode', mole.address, moleCode)
    } else if (one.what === 'reorg') {
      const to = snapshots.splice(-one.back)[0]
      await node.ask('evm_revert', to)
      // Rounds are counted elsewhere and stay, as does what the mole knows.
      for (let past = 1n; past <= round.round; past++)
        await setRound(node, past, past <= round.startedRound && one.started.includes(past))
      if (moleCode) await node.ask('anvil_setCode', mole.address, moleCode)
    } else if (one.what === 'call') {
      snapshots.push(await node.ask('evm_snapshot'))
      const hash = await mine(node, one.time, transactionOf(one.call, owner))
      const difference = (await compareOutcome(node, hash, one.outcome)) ?? (await compareRegisters(node, one.after))
      if (difference) return { compared, difference: { at, call: one.call.fn, ...difference } }
      compared++
    }
  }
  return { compared }
}

type Told = Pick<Difference, 'what' | 'model' | 'contract'>

async function compareOutcome(
  node: Node,
  hash: Hex | undefined,
  { revert, events }: Outcome,
): Promise<Told | undefined> {
  if (!hash) return differ('outcome', revert?.error ?? 'success', outOfGas)
  const receipt = (await node.ask('eth_getTransactionReceipt', hash)) as { status: Hex; logs: readonly Log[] } | null
  if (!receipt) {
    // Less gas than the calldata alone costs: the node takes it, and no block does.
    await node.ask('anvil_dropTransaction', hash)
    return differ('outcome', revert?.error ?? 'success', outOfGas)
  }
  if (receipt.status === '0x0') {
    if (revert?.error === outOfGas) return undefined
    return differ('revert', revert ? told(revert.error, revert.args) : 'success', await reasonOf(node, hash))
  }
  const ours = receipt.logs.filter(({ address }) => address.toLowerCase() === treasury)
  const real = parseEventLogs({ abi: treasuryAbi as Abi, logs: ours as Log[] }).map(({ eventName, args }) =>
    told(eventName, argumentsOf(eventName, args as unknown as Record<string, unknown>)),
  )
  return (
    differ('outcome', revert ? told(revert.error, revert.args) : 'success', 'success') ??
    differ('events', events.map(({ name, args }) => told(name, args)).join('; '), real.join('; '))
  )
}

function argumentsOf(name: string, args: Record<string, unknown>): readonly unknown[] {
  const event = (treasuryAbi as Abi).find((one) => one.type === 'event' && one.name === name)
  return event?.type === 'event' ? event.inputs.map((input) => args[input.name ?? '']) : []
}

async function reasonOf(node: Node, hash: Hex): Promise<string> {
  const { output } = (await node.ask('debug_traceTransaction', hash, { tracer: 'callTracer' })) as { output?: Hex }
  if (!output || output === '0x') return outOfGas
  const errors = [...(treasuryAbi as Abi), ...parseAbi(['error Error(string)'])]
  const { errorName, args = [] } = decodeErrorResult({ abi: errors, data: output })
  return errorName === 'Error' ? told(`${args[0]}`, []) : told(errorName, args)
}

async function compareRegisters(node: Node, { state: s, surplus, silentAt }: Registers): Promise<Told | undefined> {
  const expected: readonly (readonly [string, readonly unknown[], unknown])[] = [
    [
      'head',
      [],
      {
        epoch: s.epoch,
        boot: s.boot,
        counter: s.counter,
        root: s.root,
        committer: s.committer,
        configHash: s.configHash,
        committedAt: s.committedAt,
        logSize: s.logSize,
        totalEarned: s.totalEarned,
      },
    ],
    ['totalPaid', [], s.totalPaid],
    ['frozen', [], s.frozen],
    ['haltEnd', [], s.haltEnd],
    ['silentAt', [], silentAt],
    ['cap', [], s.cap],
    ['owed', [], s.owed],
    ['totalExited', [], s.totalExited],
    ['surplus', [], surplus],
    ...everyone.map((payee) => ['paid', [payee], get(s.paid, payee)] as const),
    ...everyone.map((payee) => ['exited', [payee], get(s.exited, payee)] as const),
  ]
  const requests = expected.map(([functionName, args]) => {
    const data = encodeFunctionData({ abi: treasuryAbi, functionName, args } as never)
    return ['eth_call', { to: treasury, data }, 'latest'] as const
  })
  const data = encodeFunctionData({ abi: brokerAbi, functionName: 'getSenderInfo', args: [s.committer] })
  const [funds, sender, ...results] = await node.read([
    ['eth_getBalance', treasury, 'latest'],
    ['eth_call', { to: broker, data }, 'latest'],
    ...requests,
  ])
  const [{ deposit }] = decodeFunctionResult({ abi: brokerAbi, functionName: 'getSenderInfo', data: sender as Hex })
  for (const [i, [functionName, args, value]] of expected.entries()) {
    const real = decodeFunctionResult({ abi: treasuryAbi, functionName, data: results[i] } as never)
    const difference = differ(`${functionName}(${args})`, plain(value), plain(real))
    if (difference) return difference
  }
  return (
    differ('balance', `${get(s.balances, treasury)}`, `${BigInt(funds as Hex)}`) ??
    differ('deposit at the broker', `${get(s.deposits, s.committer)}`, `${deposit}`)
  )
}

const differ = (what: string, model: string, contract: string): Told | undefined =>
  model === contract ? undefined : { what, model, contract }

const told = (name: string, args: readonly unknown[]): string => `${name}(${args.map(plain).join(', ')})`

/** Numbers, hex and structs in one spelling. */
function plain(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(plain).join(',')}]`
  if (typeof value === 'object' && value !== null)
    return `{${Object.entries(value)
      .map(([name, member]) => `${name}:${plain(member)}`)
      .sort()
      .join(',')}}`
  return String(value).toLowerCase()
}
