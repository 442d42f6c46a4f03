/** The treasury's events, read off a node. */
import type { Hex } from '../../ledger/hex.ts'
import type { Commitment } from '../../ledger/structs.ts'
import { splitPayment } from '../paymentWord.ts'
import { type Decoded, decodeWords, topicOf, type Words } from './abi.ts'
import type { RawLog } from './rpc.ts'

interface EventForm {
  readonly signature: string
  /** Those of them that are topics come first. */
  readonly topics: number
  readonly words: Words
}

/** Held against the compiled contract by a test. */
export const eventForms = {
  Opened: {
    signature: 'Opened(uint64,bytes32,uint64,bytes32)',
    topics: 1,
    words: [
      ['epoch', 'uint'],
      ['boot', 'bytes32'],
      ['logSize', 'uint'],
      ['logRoot', 'bytes32'],
    ],
  },
  Committed: {
    signature: 'Committed(uint64,uint64,bytes32,(bytes32,bytes32,uint64,uint96,bytes32),uint96)',
    topics: 2,
    words: [
      ['epoch', 'uint'],
      ['counter', 'uint'],
      ['prevRoot', 'bytes32'],
      ['accountsRoot', 'bytes32'],
      ['logRoot', 'bytes32'],
      ['logSize', 'uint'],
      ['totalEarned', 'uint'],
      ['configHash', 'bytes32'],
      ['totalPaid', 'uint'],
    ],
  },
  Admitted: {
    signature: 'Admitted(uint64,address,bytes32,uint64,bytes32,uint96)',
    topics: 2,
    words: [
      ['epoch', 'uint'],
      ['committer', 'address'],
      ['configHash', 'bytes32'],
      ['counter', 'uint'],
      ['root', 'bytes32'],
      ['totalPaid', 'uint'],
    ],
  },
  ConfigSet: { signature: 'ConfigSet(bytes32)', topics: 0, words: [['configHash', 'bytes32']] },
  Halted: {
    signature: 'Halted(uint64,uint64)',
    topics: 1,
    words: [
      ['counter', 'uint'],
      ['until', 'uint'],
    ],
  },
  HaltEnded: { signature: 'HaltEnded()', topics: 0, words: [] },
  Frozen: { signature: 'Frozen(uint96)', topics: 0, words: [['owed', 'uint']] },
  Paid: {
    signature: 'Paid(address,uint64,uint96)',
    topics: 2,
    words: [
      ['payee', 'address'],
      ['counter', 'uint'],
      ['amount', 'uint'],
    ],
  },
  // Then, for each payment of the group, a word of payee and wei.
  TicketsPaid: {
    signature: 'TicketsPaid(uint64,bytes32[])',
    topics: 1,
    words: [
      ['counter', 'uint'],
      ['offset', 'uint'],
      ['count', 'uint'],
    ],
  },
  Claimed: {
    signature: 'Claimed(address,address,uint96,uint96)',
    topics: 1,
    words: [
      ['payee', 'address'],
      ['to', 'address'],
      ['amount', 'uint'],
      ['total', 'uint'],
    ],
  },
  PaymentFailed: {
    signature: 'PaymentFailed(address,uint64,uint96,bytes)',
    topics: 2,
    words: [
      ['payee', 'address'],
      ['counter', 'uint'],
      ['amount', 'uint'],
    ],
  },
} as const satisfies Record<string, EventForm>

export type EventName = keyof typeof eventForms

interface Place {
  readonly blockNumber: bigint
  readonly logIndex: bigint
  readonly transactionHash: Hex
}

export type TreasuryEvent<Name extends EventName = EventName> = Name extends EventName
  ? Place & { readonly name: Name; readonly args: Decoded<(typeof eventForms)[Name]['words']> }
  : never

const names = new Map(
  Object.entries(eventForms).map(([name, { signature }]) => [topicOf(signature), name as EventName]),
)

/** Undefined for an event that no check looks at. @throws NotChecked `RPC_MALFORMED` */
export function decodeEvent(log: RawLog): TreasuryEvent | undefined {
  const name = names.get(log.topics[0] as Hex)
  if (!name) return undefined
  const form: EventForm = eventForms[name]
  const { blockNumber, logIndex, transactionHash } = log
  return {
    blockNumber,
    logIndex,
    transactionHash,
    name,
    args: decodeWords(form.words, wordsOf(log, form)),
  } as TreasuryEvent
}

const wordsOf = ({ topics, data }: RawLog, form: EventForm): Hex =>
  `0x${[...topics.slice(1, 1 + form.topics), data].map((part) => part.slice(2)).join('')}`

/** One payment as the treasury made it, on either rail. */
export interface Payment extends Place {
  readonly payee: Hex
  readonly counter: bigint
  readonly amountWei: bigint
  readonly isTicket: boolean
}

/** The payments that a log tells of: one sent as ETH, or a group of tickets. */
export function paymentsIn(log: RawLog): Payment[] {
  const event = decodeEvent(log)
  if (event?.name === 'Paid') {
    const { args, name: _, ...place } = event
    return [{ ...place, payee: args.payee, counter: args.counter, amountWei: args.amount, isTicket: false }]
  }
  if (event?.name !== 'TicketsPaid') return []
  const { args, name: _, ...place } = event
  const dues = wordsOf(log, eventForms.TicketsPaid).slice(2 + 3 * 64)
  return Array.from({ length: Number(args.count) }, (_, i) => splitPayment(`0x${dues.slice(64 * i, 64 * i + 64)}`))
    .filter(({ wei }) => wei > 0n)
    .map(({ payee, wei }) => ({ ...place, payee, counter: args.counter, amountWei: wei, isTicket: true }))
}

/** What a commit anchored, out of its event. */
export const commitmentOf = ({ args }: TreasuryEvent<'Committed'>): Commitment => {
  const { accountsRoot, logRoot, logSize, totalEarned, configHash } = args
  return { accountsRoot, logRoot, logSize, totalEarned, configHash }
}
