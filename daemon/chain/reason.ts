/** Why a call failed, in words. */
import { type Abi, type Hex as AnyHex, BaseError, decodeErrorResult, hexToString, RpcRequestError } from 'viem'
import { treasuryAbi } from '../../abi/index.ts'
import type { Hex } from '../../ledger/hex.ts'

const panics: Readonly<Record<string, string>> = {
  '1': 'an assertion failed',
  '17': 'arithmetic overflow or underflow',
  '18': 'division by zero',
  '50': 'an index out of bounds',
}

/** The reason in revert data, or the text that the contract took out of it: its words if it has any, otherwise its bytes. */
export function wordsOf(reason: Hex): string {
  if (reason === '0x') return 'no reason was given'
  const text = hexToString(reason)
  if (/^[\x20-\x7e]+$/.test(text)) return text
  return decoded(reason) ?? reason
}

/** Undefined where it is no error that is known, or one that was cut. */
function decoded(data: Hex): string | undefined {
  try {
    const { errorName, args = [] } = decodeErrorResult({ abi: treasuryAbi as Abi, data })
    if (errorName === 'Error') return `${args[0]}`
    if (errorName === 'Panic') return panics[`${args[0]}`] ?? `panic ${args[0]}`
    return `${errorName}(${args.join(', ')})`
  } catch {
    return undefined // the bytes speak for themselves
  }
}

/** What a node says against a call that it tried. @throws the error itself where it is none of that kind: nothing was tried then */
export function refusalOf(error: unknown): string {
  const said = error instanceof BaseError ? error.walk((cause) => cause instanceof RpcRequestError) : undefined
  if (!(said instanceof RpcRequestError)) throw error
  const data = said.data as AnyHex | undefined
  return typeof data === 'string' && data !== '0x' ? wordsOf(data) : said.details
}
