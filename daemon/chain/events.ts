/** The events that the daemon keeps books by: those of the treasury, and those of the broker about our tickets. */
import type { Hex } from '../../ledger/hex.ts'
import { bool, bytes, type Codec, hex, object, struct, uint, type Value } from '../../protocol/codec.ts'

const address = hex(20)
const hash = hex(32)

/** Arguments of each event, as they are stored; members in the names of the contracts. */
export const eventArgs = {
  Opened: object({ epoch: uint(64), boot: hash, logSize: uint(64), logRoot: hash }),
  Committed: object({
    epoch: uint(64),
    counter: uint(64),
    prevRoot: hash,
    next: struct('Commitment'),
    totalPaid: uint(96),
  }),
  // The first is that of the deployment.
  Admitted: object({
    epoch: uint(64),
    committer: address,
    configHash: hash,
    counter: uint(64),
    root: hash,
    totalPaid: uint(96),
  }),
  // On either rail: each word of a `TicketsPaid` is one of these here.
  Paid: object({ payee: address, counter: uint(64), amount: uint(96), ticket: bool }),
  Claimed: object({ payee: address, to: address, amount: uint(96), total: uint(96) }),
  Exited: object({ payee: address, to: address, amount: uint(256), total: uint(256) }),
  PaymentFailed: object({ payee: address, counter: uint(64), amount: uint(96), reason: bytes(4096) }),
  DepositFunded: object({ sender: address, amount: uint(256) }),
  ReserveFunded: object({ reserveHolder: address, amount: uint(256) }),
  WinningTicketTransfer: object({ sender: address, recipient: address, amount: uint(256) }),
  WinningTicketRedeemed: object({
    sender: address,
    recipient: address,
    faceValue: uint(256),
    winProb: uint(256),
    senderNonce: uint(256),
    recipientRand: uint(256),
    auxData: bytes(4096),
  }),
} as const

export type EventName = keyof typeof eventArgs
export type EventArgs<Name extends EventName> = Value<(typeof eventArgs)[Name]>

interface Place {
  readonly blockNumber: number
  readonly blockHash: Hex
  /** Of the block, unix seconds. */
  readonly blockTime: number
  /** Orders the events of a block. */
  readonly position: number
  readonly transactionHash: Hex
}

/** One event, where it is, and what it says. */
export type ChainEvent<Name extends EventName = EventName> = Name extends EventName
  ? Place & { readonly name: Name; readonly args: EventArgs<Name> }
  : never

/** The codec of an event's arguments. */
export const argsCodec = (name: EventName): Codec<unknown> => eventArgs[name] as unknown as Codec<unknown>

export const isEventName = (name: string): name is EventName => Object.hasOwn(eventArgs, name)
