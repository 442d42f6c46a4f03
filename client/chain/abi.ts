/** As much of the Ethereum ABI as the treasury needs: every answer and every event that is read is a row of 32-byte words. */
import { keccak256 } from '#primitives'
import { type Hex, toHex, utf8 } from '../../ledger/hex.ts'
import { NotChecked } from '../verdict.ts'
import { wordOf } from './rpc.ts'

type Atom = 'uint' | 'bool' | 'address' | 'bytes32'

/** Names and types of words, in their order. */
export type Words = readonly (readonly [name: string, type: Atom])[]

type ValueOf<T extends Atom> = T extends 'uint' ? bigint : T extends 'bool' ? boolean : Hex
export type Decoded<W extends Words> = { readonly [F in W[number] as F[0]]: ValueOf<F[1]> }

/** The first four bytes of calldata. */
export const selectorOf = (signature: string): Hex => toHex(keccak256(utf8(signature)).subarray(0, 4))

/** The first topic of an event. */
export const topicOf = (signature: string): Hex => toHex(keccak256(utf8(signature)))

/** Calldata of a call whose arguments are numbers and addresses. */
export const encodeCall = (signature: string, args: readonly (bigint | Hex)[]): Hex =>
  `${selectorOf(signature)}${args.map((value) => wordOf(BigInt(value)).slice(2)).join('')}`

/** @throws NotChecked `RPC_MALFORMED` where there are fewer words, as of an address without code */
export function decodeWords<const W extends Words>(words: W, data: Hex): Decoded<W> {
  const read = words.map(([name, type], i) => {
    const word = data.slice(2 + 64 * i, 66 + 64 * i)
    if (word.length !== 64) throw new NotChecked('RPC_MALFORMED', 'the node answers a call with too few bytes')
    return [name, readAtom(type, word)]
  })
  return Object.fromEntries(read)
}

function readAtom(type: Atom, word: string): bigint | boolean | Hex {
  if (type === 'uint') return BigInt(`0x${word}`)
  if (type === 'bool') return /[^0]/.test(word)
  return type === 'address' ? `0x${word.slice(24)}` : `0x${word}`
}
