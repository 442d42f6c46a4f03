/** How the ordinary words of a reporter become the fixed-size values of an event. */
import { keccak256 } from '#primitives'
import { concat, type Hex, toHex, utf8 } from '../ledger/hex.ts'

/** A name of at most 31 ASCII characters as a `bytes32`, zeros on the right, as Solidity writes a short literal. */
export function nameToBytes32(name: string): Hex {
  if (!/^[\x21-\x7e]{1,31}$/.test(name))
    throw new RangeError('a name is 1 to 31 printable ASCII characters without spaces')
  return toHex(concat(utf8(name), new Uint8Array(32 - name.length)))
}

/**
 * The `bytes32` of a job's or session's own name: up to 31 printable ASCII characters without spaces are kept readable,
 * zeros on the right; anything else is the keccak256 of its UTF-8. @throws RangeError where it is empty
 */
export function idToBytes32(id: string): Hex {
  if (id === '') throw new RangeError('an id has at least one character')
  return /^[\x21-\x7e]{1,31}$/.test(id) ? nameToBytes32(id) : toHex(keccak256(utf8(id)))
}

/**
 * An Ethereum address in lower case, the only form in which the ledger holds one. Mixed case is a checksum (EIP-55) and
 * must be right: it is there to catch a mistyped digit before money follows it. @throws RangeError
 */
export function parseAddress(text: string): Hex {
  if (!/^0x[0-9a-fA-F]{40}$/.test(text)) throw new RangeError('an address is 0x and 40 hex digits')
  const digits = text.slice(2)
  const address = digits.toLowerCase()
  const isMixed = digits !== address && digits !== digits.toUpperCase()
  if (isMixed && digits !== withChecksum(address)) throw new RangeError('the checksum of this address is wrong')
  return `0x${address}`
}

/** EIP-55: a letter is upper case where the hash of the lower-case digits has a digit of 8 or more. */
function withChecksum(digits: string): string {
  const hash = toHex(keccak256(utf8(digits))).slice(2)
  return [...digits]
    .map((digit, i) => (Number.parseInt(hash[i] as string, 16) >= 8 ? digit.toUpperCase() : digit))
    .join('')
}
