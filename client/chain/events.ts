/** The treasury's events, read off a node. */
import type { Hex } from '../../ledger/hex.ts'
import type { Commitment } from '../../ledger/structs.ts'
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
    signature: 'Paid(address,uint64,uint96,uint96,bool)',
    topics: 2,
    words: [
      ['payee', 'address'],
      ['counter', 'uint'],
      ['amount', 'uint'],
      ['total', 'uint'],
      ['ticket', 'bool'],
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
export function decodeEvent({ topics, data, ...place }: RawLog): TreasuryEvent | undefined {
  const name = names.get(topics[0] as Hex)
  if (!name) return undefined
  const form: EventForm = eventForms[name]
  const words = [...topics.slice(1, 1 + form.topics), data].map((part) => part.slice(2)).join('')
  return { ...place, name, args: decodeWords(form.words, `0x${words}`) } as TreasuryEvent
}

/** What a commit anchored, out of its event. */
export const commitmentOf = ({ args }: TreasuryEvent<'Committed'>): Commitment => {
  const { accountsRoot, logRoot, logSize, totalEarned, configHash } = args
  return { accountsRoot, logRoot, logSize, totalEarned, configHash }
}
