/** The two calls that the core makes, as calldata and as raw EIP-1559 transactions. */
import { keccak256 } from '#primitives'
import { concat, type Hex, toBytes, toHex, utf8 } from '../ledger/hex.ts'
import { refuse } from '../ledger/refusal.ts'
import type { Commit, FeeCaps, Open } from '../ledger/structs.ts'
import { abiEncode, tupleOf } from '../ledger/typedData.ts'
import type { TransactionHints } from '../protocol/messages.ts'

/** What the contract is called with: its function is the struct's name in lower case. */
export type Call = readonly ['Open', Open] | readonly ['Commit', Commit]

/** `open(Open,bytes32,bytes32)` or `commit(Commit,bytes32,bytes32)` with the core's signature. */
export function encodeCall([type, value]: Call, signature: Hex): Hex {
  const selector = keccak256(utf8(`${type.toLowerCase()}(${tupleOf(type)},bytes32,bytes32)`)).subarray(0, 4)
  const [r, vs] = [signature.slice(0, 66) as Hex, `0x${signature.slice(66)}` as Hex]
  return toHex(concat(selector, abiEncode([type, 'bytes32', 'bytes32'], [value, r, vs])))
}

/** A call to the contract, without value. */
export interface Transaction extends TransactionHints {
  readonly chainId: bigint
  readonly to: Hex
  readonly data: Hex
}

type Item = Uint8Array | readonly Item[]

/** Recursive Length Prefix (Yellow Paper, appendix B). */
export function rlp(item: Item): Uint8Array {
  if (!(item instanceof Uint8Array)) {
    const body = concat(...item.map(rlp))
    return concat(rlpLength(0xc0, body.length), body)
  }
  if (item.length === 1 && (item[0] as number) < 0x80) return item
  return concat(rlpLength(0x80, item.length), item)
}

function rlpLength(base: number, length: number): Uint8Array {
  if (length < 56) return new Uint8Array([base + length])
  const digits = integer(BigInt(length))
  return concat(new Uint8Array([base + 55 + digits.length]), digits)
}

/** Big-endian without leading zeros; zero is empty. */
function integer(value: bigint): Uint8Array {
  if (value === 0n) return new Uint8Array()
  const digits = value.toString(16)
  return toBytes(`0x${digits.length % 2 ? '0' : ''}${digits}`)
}

const fieldsOfTransaction = (tx: Transaction): Item[] => [
  integer(tx.chainId),
  integer(tx.nonce),
  integer(tx.maxPriorityFeePerGas),
  integer(tx.maxFeePerGas),
  integer(tx.gas),
  toBytes(tx.to),
  integer(0n),
  toBytes(tx.data),
  [],
]

const envelope = (fields: Item[]): Uint8Array => concat(new Uint8Array([2]), rlp(fields))

/** What is signed: keccak256 of `0x02 || rlp([chain_id, nonce, ..., access_list])` (EIP-1559). */
export const transactionHash = (tx: Transaction): Uint8Array => keccak256(envelope(fieldsOfTransaction(tx)))

/** The raw transaction around a signature of {@link transactionHash}, 64 bytes (EIP-2098). */
export function encodeTransaction(tx: Transaction, signature: Hex): Hex {
  const bytes = toBytes(signature)
  const parity = BigInt((bytes[32] as number) >> 7)
  bytes[32] = (bytes[32] as number) & 0x7f
  const [r, s] = [bytes.subarray(0, 32), bytes.subarray(32)].map((half) => integer(BigInt(toHex(half)))) as [Item, Item]
  return toHex(envelope([...fieldsOfTransaction(tx), integer(parity), r, s]))
}

/** Holds the host's wishes to the caps of the configuration: a lie about fees costs at most these. @throws Refusal `FEE_ABOVE_CAP` */
export function checkFees(hints: TransactionHints, caps: FeeCaps): void {
  for (const name of ['gas', 'maxFeePerGas', 'maxPriorityFeePerGas'] as const) {
    if (hints[name] > caps[name])
      refuse('FEE_ABOVE_CAP', `${name} is above the cap of the configuration`, {
        name,
        max: `${caps[name]}`,
        got: `${hints[name]}`,
      })
  }
}
