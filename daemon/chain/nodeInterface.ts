/** Arbitrum's view of its own gas. Not a contract on the chain: its nodes answer in its place, and only there. */
import { type Address, parseAbi } from 'viem'

export const nodeInterface: Address = '0x00000000000000000000000000000000000000C8'

export const nodeInterfaceAbi = parseAbi([
  'function gasEstimateL1Component(address to, bool contractCreation, bytes data) view returns (uint64 gasEstimateForL1, uint256 baseFee, uint256 l1BaseFeeEstimate)',
])
