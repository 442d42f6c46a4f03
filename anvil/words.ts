/** Amounts and names as people read them. */
import { join } from 'node:path'
import { ether as exactEther } from '../client/ether.ts'
import type { Hex } from '../ledger/hex.ts'
import { operatorTokenName } from './services.ts'
import type { Payee } from './settings.ts'

/** Wei as ETH with nine decimals, cut off. */
export function ether(wei: bigint): string {
  const [whole, fraction = ''] = exactEther(wei).split('.')
  return `${whole}.${fraction.padEnd(9, '0').slice(0, 9)}`
}

/** The name of a payee of the demonstration, or its address. */
export const nameOf = (payees: readonly Payee[], address: Hex): string =>
  payees.find((payee) => payee.address === address)?.name ?? address

/** A hash or address of which only the ends are shown. */
export const shorten = (hex: Hex, digits: number): string =>
  hex.length <= 2 * digits + 5 ? hex : `${hex.slice(0, digits + 2)}…${hex.slice(-digits)}`

/** The page for payees, with the node of this run proposed for its checks. */
export const pageLink = ({ url, rpcUrl }: { readonly url: string; readonly rpcUrl: string }): string =>
  `${url}/#/payee?rpc=${encodeURIComponent(rpcUrl)}`

/** Where the operator's view is, and what it asks for. */
export const operatorLink = ({
  operatorUrl,
  folder,
}: {
  readonly operatorUrl: string
  readonly folder: string
}): string => `${operatorUrl}/#/operator, token in ${join(folder, operatorTokenName)}`
