/** The operator's calls, through the timelock with all of its delay. */
import { randomBytes } from 'node:crypto'
import { createTestClient, encodeFunctionData, http, parseAbi } from 'viem'
import { treasuryAbi } from '../../abi/index.ts'
import { type Wallet, write } from '../../anvil/wallet.ts'
import { type Hex, zeroHash } from '../../ledger/hex.ts'
import type { Commit } from '../../ledger/structs.ts'

export interface Anchor {
  readonly counter: bigint
  readonly root: Hex
  readonly totalPaid: bigint
  readonly time: bigint
}

const timelockAbi = parseAbi([
  'function schedule(address, uint256, bytes, bytes32 predecessor, bytes32 salt, uint256 delay)',
  'function execute(address, uint256, bytes, bytes32 predecessor, bytes32 salt) payable',
])

export async function admitTimelocked(
  { rpcUrl, wallet, treasury }: { readonly rpcUrl: string; readonly wallet: Wallet; readonly treasury: Hex },
  args: readonly [Hex, Hex, Anchor, Commit['next']],
): Promise<void> {
  const contract = { address: treasury, abi: treasuryAbi } as const
  const time = createTestClient({ mode: 'anvil', transport: http(rpcUrl) })
  const owner = await wallet.chain.readContract({ ...contract, functionName: 'owner' })
  const data = encodeFunctionData({ ...contract, functionName: 'admit', args })
  const timelock = { address: owner, abi: timelockAbi }
  const salt: Hex = `0x${randomBytes(32).toString('hex')}`
  const operation = [treasury, 0n, data, zeroHash, salt]
  await write(wallet, { ...timelock, functionName: 'schedule', args: [...operation, 86_400n] })
  await time.increaseTime({ seconds: 86_401 })
  await time.mine({ blocks: 1 })
  await write(wallet, { ...timelock, functionName: 'execute', args: operation })
}
