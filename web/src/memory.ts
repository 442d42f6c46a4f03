/** What this browser remembers between visits: which node the visitor trusts, and how the log looked the last time. */

import type { LogMemory } from '../../client/steps/known.ts'
import type { Hex } from '../../ledger/hex.ts'
import { hex, int, object } from '../../protocol/codec.ts'

const sight = object({ contract: hex(20), size: int(2 ** 31), root: hex(32) })
const nameOf = (what: string): string => `bursar ${what}`

export const remember = (what: 'rpc' | 'trust', text: string): void => localStorage.setItem(nameOf(what), text)
export const remembered = (what: 'rpc' | 'trust'): string | null => localStorage.getItem(nameOf(what))

/** How the log of this contract looked at the last visit, if there was one. */
export function readMemory(contract: Hex): LogMemory | undefined {
  const text = localStorage.getItem(nameOf(contract))
  return text === null ? undefined : sight.read(JSON.parse(text), 'memory')
}

export const keepMemory = (memory: LogMemory): void =>
  localStorage.setItem(nameOf(memory.contract), JSON.stringify(sight.write(memory)))
