/**
 * Writes typedData.json: EIP-712 hashes by viem, which shares no code with `ledger/typedData.ts` or with Solidity. Both are
 * checked against the file. Run it after a change of `ledger/structs.ts`: `node test/vectors/generate.ts`.
 */
import { writeFileSync } from 'node:fs'
import { hashStruct, hashTypedData } from 'viem'
import type { Hex } from '../../ledger/hex.ts'
import { type Struct, type StructName, structs } from '../../ledger/structs.ts'
import { struct } from '../../protocol/codec.ts'

const domain = { chainId: 42161n, verifyingContract: `0x${'b5'.repeat(20)}` } as const
const [uint64Max, uint96Max] = [2n ** 64n - 1n, 2n ** 96n - 1n]
const hash = (byte: number): Hex => `0x${byte.toString(16).padStart(2, '0').repeat(32)}`
const address = (byte: number): Hex => `0x${byte.toString(16).padStart(2, '0').repeat(20)}`
const payment = (payee: Hex, total: bigint): Hex => `${payee}${total.toString(16).padStart(24, '0')}`

const commitment: Struct<'Commitment'> = {
  accountsRoot: hash(0xa1),
  logRoot: hash(0xa2),
  logSize: 1234n,
  totalEarned: 5_000_000_000_000_000_001n,
  configHash: hash(0xa3),
}
const open: Struct<'Open'> = {
  epoch: 1n,
  prevBoot: hash(0),
  counter: 0n,
  root: hash(0),
  boot: hash(0xb0),
  logSize: 1n,
  logRoot: hash(0xa2),
  attestation: `0x${'8444'.repeat(50)}`,
}
const commit: Struct<'Commit'> = {
  epoch: 3n,
  boot: hash(0xb0),
  counter: 7n,
  prevRoot: hash(0xc1),
  next: commitment,
  round: 3987n,
  payments: [payment(address(0x11), 1n), payment(address(0x22), 10n ** 18n), payment(address(0x33), uint96Max)],
  ticketSigs: [hash(0xd1), hash(0xd2), hash(0xd3), hash(0xd4)],
}
const event: Struct<'Event'> = { kind: 0, id: hash(0xe1), payee: address(0x11), tariff: hash(0xe2), value: 12n }
const batch: Struct<'Batch'> = { reporter: address(0x44), sequence: 5n, events: [event] }

const types = Object.fromEntries(
  Object.entries(structs).map(([name, fields]) => [name, fields.map(([field, type]) => ({ name: field, type }))]),
)

function vector<Name extends StructName>(name: Name, value: Struct<Name>) {
  const data = value as unknown as Record<string, unknown>
  const typed = { types, primaryType: name as string, message: data }
  return {
    struct: name,
    value: struct(name).write(value),
    hashStruct: hashStruct({ data, primaryType: name, types }),
    digest: hashTypedData({ domain: { name: 'Bursar', version: '1', ...domain }, ...typed }),
  }
}

const cases = [
  vector('Commitment', commitment),
  vector('Commitment', { accountsRoot: hash(0), logRoot: hash(0), logSize: 0n, totalEarned: 0n, configHash: hash(0) }),
  vector('Commitment', { ...commitment, logSize: uint64Max, totalEarned: uint96Max }),
  vector('Open', open),
  vector('Open', { ...open, epoch: uint64Max, prevBoot: hash(0xaf), counter: 7n, root: hash(0xc1), attestation: '0x' }),
  vector('Commit', commit),
  vector('Commit', { ...commit, payments: [], ticketSigs: [] }),
  vector('Commit', { ...commit, counter: uint64Max, payments: commit.payments.slice(0, 1), ticketSigs: [] }),
  vector('LogHead', { epoch: 3n, boot: hash(0xb0), size: 1234n, root: hash(0xa2) }),
  vector('LogHead', { epoch: uint64Max, boot: hash(0xff), size: uint64Max, root: hash(0xff) }),
  vector('Batch', batch),
  vector('Batch', { ...batch, sequence: uint64Max, events: [] }),
  vector('Batch', { ...batch, events: [event, { ...event, kind: 4, tariff: hash(0), value: uint96Max }, event] }),
]

const vectors = {
  domain: { name: 'Bursar', version: '1', chainId: `${domain.chainId}`, verifyingContract: domain.verifyingContract },
  cases,
}

writeFileSync(new URL('typedData.json', import.meta.url), `${JSON.stringify(vectors, null, 2)}\n`)
