/**
 * The only file that sees the core's key. It signs what is listed here, each built from its parts inside, and nothing
 * else: no function takes a hash.
 */
import { publicKeyOf } from '#primitives'
import type { Hex } from '../ledger/hex.ts'
import { addressOf, signHash } from '../ledger/signature.ts'
import type { Struct } from '../ledger/structs.ts'
import { type Domain, digest } from '../ledger/typedData.ts'
import { type Ticket, ticketDigest } from './tickets.ts'
import { encodeTransaction, type Transaction, transactionHash } from './transactions.ts'

type Signed = 'Open' | 'Commit' | 'LogHead'

export interface Signer {
  readonly address: Hex
  /** EIP-712, for this contract and chain. 64 bytes (EIP-2098). */
  signStruct<Name extends Signed>(name: Name, value: Struct<Name>): Hex
  /** A ticket whose sender is this key, and no other. */
  signTicket(ticket: Omit<Ticket, 'sender'>): Hex
  /** A raw transaction to the contract. */
  signTransaction(transaction: Omit<Transaction, 'chainId' | 'to'>): Hex
  /** For the sealed snapshot, the one place where the key leaves this file. */
  exportKey(): Uint8Array
}

export function createSigner(key: Uint8Array, domain: Domain): Signer {
  const address = addressOf(publicKeyOf(key))
  return {
    address,
    signStruct: (name, value) => signHash(digest(domain, name, value), key),
    signTicket: (ticket) => signHash(ticketDigest({ ...ticket, sender: address }), key),
    signTransaction(parts) {
      const transaction = { ...parts, chainId: domain.chainId, to: domain.verifyingContract }
      return encodeTransaction(transaction, signHash(transactionHash(transaction), key))
    },
    exportKey: () => key,
  }
}
