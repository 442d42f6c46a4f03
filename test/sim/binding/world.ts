/** The real contracts on a node, at the addresses that the model names, with the people of `constants.ts` around them. */
import { type Abi, encodeAbiParameters, encodeDeployData, encodeFunctionData, keccak256, parseAbi, toHex } from 'viem'
import { deployedContracts } from '../../../anvil/deployment.ts'
import { buildContracts, loadArtifact } from '../../../contracts/script/artifacts.ts'
import type { Hex } from '../../../ledger/hex.ts'
import * as known from '../constants.ts'
import { genesisTime, roundHash } from '../model/state.ts'
import { gasEaterCode, idleCode, type Node, refuserCode } from './node.ts'

const word = (value: bigint | number): Hex => toHex(value, { size: 32 })
/** Slots of the stand-in's RoundsManager. */
const slots = { startedRound: word(4), round: word(5), hashes: 7n }
/** So long that no round ends by itself. */
const roundLength = 10n ** 15n
const rich = toHex(10n ** 30n)
const allGas = toHex(30_000_000n)
const standIn = parseAbi(['function activate(address[] orchestrators, uint256 stake, uint256 feeShare)'])

export const stakeWei = 10n ** 21n
export const feeShare = 300_000n

export interface Transaction {
  readonly from: Hex
  readonly to?: Hex
  readonly data?: Hex
  readonly value?: bigint
  readonly gas?: bigint
}

/** A transaction in a block of its own. @returns its hash, or undefined where the node would not even take it */
export async function mine(
  node: Node,
  time: bigint,
  { from, to, data, value, gas }: Transaction,
): Promise<Hex | undefined> {
  await node.ask('evm_setNextBlockTimestamp', Number(time))
  let hash: Hex | undefined
  try {
    hash = (await node.ask('eth_sendTransaction', {
      from,
      gasPrice: '0x0',
      gas: gas === undefined ? allGas : toHex(gas),
      ...(to ? { to } : {}),
      ...(data ? { data } : {}),
      ...(value ? { value: toHex(value) } : {}),
    })) as Hex
  } catch (error) {
    // Less gas than the calldata alone costs: no block would hold it.
    if (gas === undefined) throw error
  }
  await node.ask('evm_mine')
  return hash
}

/** Sets what round it is, whether somebody started it, and its hash. */
export async function setRound(node: Node, round: bigint, isStarted: boolean): Promise<void> {
  const set = (slot: Hex, value: Hex) => node.ask('anvil_setStorageAt', known.roundsManager, slot, value)
  await set(slots.round, word(round))
  if (!isStarted) return
  await set(slots.startedRound, word(round))
  const place = encodeAbiParameters([{ type: 'uint256' }, { type: 'uint256' }], [round, slots.hashes])
  await set(keccak256(place), roundHash(round))
}

/** Everything that is the same in every run. @throws Error where an address is another than the model's */
export async function deployWorld(node: Node): Promise<void> {
  buildContracts(deployedContracts)
  for (const who of [known.deployer, known.stranger]) await node.ask('anvil_setBalance', who, rich)
  const { abi, bytecode } = loadArtifact('BrokerWorld')
  await mine(node, genesisTime - 1000n, {
    from: known.deployer,
    data: encodeDeployData({ abi, bytecode, args: [roundLength] }),
  })
  const code = await node.read(
    [known.brokerWorld, known.broker, known.roundsManager].map((at) => ['eth_getCode', at, 'latest']),
  )
  if (code.some((bytes) => bytes === '0x')) throw new Error('the stand-in is not where the model looks for it')
  await setRound(node, 1n, true)
  const orchestrators = known.orchestrators.map(({ address }) => address)
  const data = encodeFunctionData({ abi: standIn, functionName: 'activate', args: [orchestrators, stakeWei, feeShare] })
  await mine(node, genesisTime - 999n, { from: known.relayer, to: known.brokerWorld, data })
  for (const { address, kind } of known.payees) {
    const runtime = {
      refuser: refuserCode,
      gasEater: gasEaterCode,
      mole: idleCode,
      person: undefined,
      orchestrator: undefined,
    }[kind]
    if (runtime) await node.ask('anvil_setCode', address, runtime)
  }
}

/** The treasury of one run, full. */
export async function deployTreasury(node: Node, committer: Hex, configHash: Hex): Promise<Abi> {
  const { abi, bytecode } = loadArtifact('Treasury')
  const { treasury, broker, roundsManager, operator, guardian, terms } = known
  const clocks = Object.fromEntries(Object.entries(terms).map(([name, value]) => [name, value]))
  const args = [{ committer, configHash, broker, roundsManager, operator, guardian, ...clocks }]
  await mine(node, genesisTime - 500n, { from: known.deployer, data: encodeDeployData({ abi, bytecode, args }) })
  if ((await node.ask('eth_getCode', treasury, 'latest')) === '0x')
    throw new Error('the treasury is not where the model looks for it')
  await node.ask('anvil_setBalance', treasury, toHex(known.funds))
  return abi
}
