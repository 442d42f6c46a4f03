/**
 * Livepeer tickets (MixinTicketBrokerCore). The contract builds each one again from its own `paid` register, so all that
 * a wrong belief can do here is make a signature that fits no ticket.
 */
import { keccak256 } from '#primitives'
import { concat, type Hex, toBytes, utf8 } from '../ledger/hex.ts'
import { abiEncode } from '../ledger/typedData.ts'

export interface Ticket {
  readonly recipient: Hex
  readonly sender: Hex
  readonly faceValueWei: bigint
  /** {@link senderNonce}: the broker does not check it, it makes tickets distinct. */
  readonly senderNonce: bigint
  readonly round: bigint
  readonly roundBlockHash: Hex
}

/** Always wins: `keccak256(sig || rand) < 2^256 - 1`. */
const winProb = 2n ** 256n - 1n

/** keccak256 of the recipientRand 0: with a ticket that always wins the secret has no role. */
const recipientRandHash = keccak256(new Uint8Array(32))

/** Where a ticket stands: no two of one committer share it. */
export const senderNonce = (at: { epoch: bigint; counter: bigint; index: number }): bigint =>
  (at.epoch << 128n) | (at.counter << 64n) | BigInt(at.index)

/** keccak256 of the packed ticket, auxData being round and block hash; 232 bytes. */
export function ticketHash(ticket: Ticket): Uint8Array {
  const numbers = abiEncode(['uint256', 'uint256', 'uint256'], [ticket.faceValueWei, winProb, ticket.senderNonce])
  const auxData = abiEncode(['uint256', 'bytes32'], [ticket.round, ticket.roundBlockHash])
  return keccak256(concat(toBytes(ticket.recipient), toBytes(ticket.sender), numbers, recipientRandHash, auxData))
}

/** What the sender signs (EIP-191, version 0x45). It names neither chain nor broker: only tickets may ever be signed so. */
export const ticketDigest = (ticket: Ticket): Uint8Array =>
  keccak256(concat(utf8('\x19Ethereum Signed Message:\n32'), ticketHash(ticket)))
