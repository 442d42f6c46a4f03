/** What the daemon uses of Livepeer's contracts. They are not ours: only the signatures below are relied upon. */
import { parseAbi } from 'viem'

export const brokerEventsAbi = parseAbi([
  'event DepositFunded(address indexed sender, uint256 amount)',
  'event ReserveFunded(address indexed reserveHolder, uint256 amount)',
  'event WinningTicketTransfer(address indexed sender, address indexed recipient, uint256 amount)',
  'event WinningTicketRedeemed(address indexed sender, address indexed recipient, uint256 faceValue, uint256 winProb, uint256 senderNonce, uint256 recipientRand, bytes auxData)',
])

export const roundsManagerAbi = parseAbi([
  'function lastInitializedRound() view returns (uint256)',
  'function currentRoundInitialized() view returns (bool)',
  'function blockHashForRound(uint256 round) view returns (bytes32)',
])

export const bondingManagerAbi = parseAbi([
  'function isActiveTranscoder(address transcoder) view returns (bool)',
  'function updateTranscoderWithFees(address transcoder, uint256 fees, uint256 round)',
])
