/**
 * Every structure that is hashed, signed or written into the log, once: EIP-712 types from which the TypeScript types,
 * the hashes, the ABI encoding and the JSON form all follow. Solidity's side is `contracts/src/interfaces`.
 */
import type { Hex } from './hex.ts'

export type Field = readonly [name: string, type: string]

export const structs = {
  // What a reporter signs.
  Event: [
    ['kind', 'uint8'], // see eventKind
    ['id', 'bytes32'], // the reporter's own name for the job or session
    ['payee', 'address'],
    ['tariff', 'bytes32'],
    ['value', 'uint96'], // units, milliseconds of the reporter's clock, or wei: by kind
  ],
  Batch: [
    ['reporter', 'address'],
    ['sequence', 'uint64'],
    ['events', 'Event[]'],
  ],

  // What a payee decides.
  Preference: [
    ['payee', 'address'],
    ['number', 'uint64'], // 0, 1, 2, ...: each once, in order
    ['rail', 'uint8'],
    ['minimumWei', 'uint96'],
    ['redirect', 'address'], // who gets what is credited from now on; zero: the payee itself
  ],

  // What the operator decides.
  Reporter: [
    ['reporter', 'address'],
    ['kinds', 'uint8'], // bit n allows events of kind n
    ['tariffs', 'bytes32[]'],
    ['batchMaxWei', 'uint96'],
    ['payeeMaxWei', 'uint96'], // in one batch
    ['budgetWei', 'uint96'], // in all, for ever: the limit that needs no clock
    ['accountsMax', 'uint64'], // how many accounts its events may begin
    ['sessionsMax', 'uint64'], // how many sessions it may hold open
  ],
  Tariff: [
    ['name', 'bytes32'],
    ['weiPerUnit', 'uint96'],
    ['unitMs', 'uint64'], // 0: per unit of a workload; otherwise per so many milliseconds of a session
  ],
  Payee: [
    ['payee', 'address'],
    ['rail', 'uint8'], // see rail
    ['minimumWei', 'uint96'],
  ],
  Limits: [
    ['batchEventsMax', 'uint64'],
    ['sessionGapMs', 'uint64'], // a longer silence credits nothing
    ['sessionIdleMs', 'uint64'], // a longer one has ended the session
    ['preferencesMax', 'uint64'], // of one payee, in all
  ],
  FeeCaps: [
    ['gas', 'uint64'],
    ['maxFeePerGas', 'uint96'],
    ['maxPriorityFeePerGas', 'uint96'],
  ],
  Configuration: [
    ['version', 'uint64'],
    ['previous', 'bytes32'],
    ['chainId', 'uint64'],
    ['verifyingContract', 'address'],
    ['broker', 'address'],
    ['kmsKeys', 'bytes[]'], // SPKI DER of P-384 keys that the state key is wrapped to
    ['signers', 'address[]'], // ascending; plain keys: a core cannot ask a multisig
    ['threshold', 'uint8'], // how many of them change the configuration; 0 of none: it never changes
    ['reporters', 'Reporter[]'],
    ['tariffs', 'Tariff[]'],
    ['payeesOpen', 'bool'], // whether a payee that is not listed may be credited
    ['payees', 'Payee[]'],
    ['rail', 'uint8'], // of a payee that is not listed
    ['minimumWei', 'uint96'],
    ['limits', 'Limits'],
    ['feeCaps', 'FeeCaps'],
  ],

  // What the core signs.
  Commitment: [
    ['accountsRoot', 'bytes32'],
    ['logRoot', 'bytes32'],
    ['logSize', 'uint64'],
    ['totalEarned', 'uint96'],
    ['configHash', 'bytes32'],
  ],
  Open: [
    ['epoch', 'uint64'],
    ['prevBoot', 'bytes32'],
    ['counter', 'uint64'],
    ['root', 'bytes32'],
    ['boot', 'bytes32'],
    ['logSize', 'uint64'],
    ['logRoot', 'bytes32'],
    ['attestation', 'bytes'],
  ],
  Commit: [
    ['epoch', 'uint64'],
    ['boot', 'bytes32'],
    ['counter', 'uint64'],
    ['prevRoot', 'bytes32'],
    ['next', 'Commitment'],
    ['round', 'uint64'],
    ['payments', 'bytes32[]'], // payee and cumulative total, 20 and 12 bytes; tickets first
    ['ticketSigs', 'bytes32[]'], // r and vs (EIP-2098) of each ticket
  ],
  LogHead: [
    ['epoch', 'uint64'],
    ['boot', 'bytes32'],
    ['size', 'uint64'],
    ['root', 'bytes32'],
  ],
} as const satisfies Record<string, readonly Field[]>

export type StructName = keyof typeof structs

type Value<T> = T extends 'bool'
  ? boolean
  : T extends 'uint8'
    ? number
    : T extends `uint${number}`
      ? bigint
      : T extends 'address' | 'bytes32' | 'bytes'
        ? Hex
        : T extends `${infer Element}[]`
          ? readonly Value<Element>[]
          : T extends StructName
            ? Struct<T>
            : never

/** The TypeScript type of a struct of the table. */
export type Struct<Name extends StructName> = {
  readonly [F in (typeof structs)[Name][number] as F[0]]: Value<F[1]>
}

export const fieldsOf = (type: string): readonly Field[] | undefined =>
  Object.hasOwn(structs, type) ? structs[type as StructName] : undefined

/** `Event[]` -> `Event`; undefined for what is not an array. */
export const elementOf = (type: string): string | undefined => (type.endsWith('[]') ? type.slice(0, -2) : undefined)

export type Event = Struct<'Event'>
export type Batch = Struct<'Batch'>
export type Preference = Struct<'Preference'>
export type Reporter = Struct<'Reporter'>
export type Tariff = Struct<'Tariff'>
export type Configuration = Struct<'Configuration'>
export type Commitment = Struct<'Commitment'>
export type Open = Struct<'Open'>
export type Commit = Struct<'Commit'>
export type LogHead = Struct<'LogHead'>
export type FeeCaps = Struct<'FeeCaps'>
export type Limits = Struct<'Limits'>
