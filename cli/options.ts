/** What the values of options must look like, for those that several commands have. */
import { InvalidArgumentError } from 'commander'
import { parseAddress } from '../client/index.ts'
import type { Hex } from '../ledger/hex.ts'

/** An http or https URL. @throws InvalidArgumentError */
export function httpUrl(text: string): string {
  if (URL.canParse(text) && /^https?:/.test(text)) return text
  throw new InvalidArgumentError('Write it as http://host:port.')
}

/** An address in any case, its checksum right. @throws InvalidArgumentError */
export function address(text: string): Hex {
  try {
    return parseAddress(text)
  } catch (error) {
    throw new InvalidArgumentError(`${(error as RangeError).message}.`)
  }
}

/** Reads a whole number within bounds. @throws InvalidArgumentError */
export const wholeNumber =
  (least: number, most: number) =>
  (text: string): number => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
    if (value >= least && value <= most) return value
    throw new InvalidArgumentError(`It is a whole number from ${least} to ${most}.`)
  }
