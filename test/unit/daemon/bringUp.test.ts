import { expect, test } from 'vitest'
import { decideStep } from '../../../daemon/services/bringUp.ts'
import type { Hex } from '../../../ledger/hex.ts'

const at = (number: number, hash: Hex = `0x${'11'.repeat(32)}`) => ({ number, hash })
const other: Hex = `0x${'22'.repeat(32)}`

test.each([
  ['a core and a store that are both new', 'empty', at(0), undefined, 'create'],
  ['a core that was restarted', 'empty', at(0), at(5), 'load'],
  ['a daemon that was restarted', 'open', at(5), at(5), 'ready'],
  ['a daemon that was restarted before the open', 'closed', at(5), at(5), 'ready'],
  ['a reply that was lost', 'open', at(6), at(5), 'recover'],
  ['a disk that was lost while the core lived', 'open', at(6), undefined, 'recover'],
  ['a core that somebody gave an older state', 'closed', at(4), at(5), 'outdated'],
  ['a core on another branch', 'open', at(5, other), at(5), 'outdated'],
  ['a core that halted', 'halted', at(5), at(5), 'halted'],
] as const)('behavior: %s', (_, phase, core, stored, step) => {
  expect(decideStep(phase, core, stored)).toBe(step)
})
