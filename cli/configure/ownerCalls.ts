/** What the owner of the contract has to send, so that it names the configuration that the ledger has. */
import { type Abi, encodeFunctionData, parseAbi } from 'viem'
import { treasuryAbi } from '../../abi/index.ts'
import { type Hex, zeroHash } from '../../ledger/hex.ts'

const timelockAbi = parseAbi([
  'function schedule(address target, uint256 value, bytes data, bytes32 predecessor, bytes32 salt, uint256 delay)',
  'function execute(address target, uint256 value, bytes payload, bytes32 predecessor, bytes32 salt) payable',
])

export interface OwnerCalls {
  /** To the contract, by its owner. */
  readonly setConfig: Hex
  /** To the timelock, by who may propose; undefined where its delay was not told. */
  readonly schedule: Hex | undefined
  /** To the timelock when the delay is over, by anyone. */
  readonly execute: Hex
}

/** Calldata of the calls. The hash of the configuration is the salt: each change is an operation of its own. */
export function ownerCalls(contract: Hex, configHash: Hex, delaySeconds: bigint | undefined): OwnerCalls {
  const setConfig = encodeFunctionData({ abi: treasuryAbi as Abi, functionName: 'setConfig', args: [configHash] })
  const operation = [contract, 0n, setConfig, zeroHash, configHash] as const
  const encode = { abi: timelockAbi }
  return {
    setConfig,
    schedule:
      delaySeconds === undefined
        ? undefined
        : encodeFunctionData({ ...encode, functionName: 'schedule', args: [...operation, delaySeconds] }),
    execute: encodeFunctionData({ ...encode, functionName: 'execute', args: operation }),
  }
}
