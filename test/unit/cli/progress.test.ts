import { expect, test } from 'vitest'
import { Fault } from '../../../cli/fault.ts'
import { createProgress } from '../../../cli/progress.ts'
import { zeroHash } from '../../../ledger/hex.ts'
import { reporter } from '../ledger/support.ts'

const receipt = {
  head: { epoch: 1n, boot: zeroHash, size: 8n, root: zeroHash, signature: '0x' },
  position: 7,
  path: [],
} as const

function screen(isTTY: boolean) {
  const written: string[] = []
  const progress = createProgress({ terminal: { isTTY, write: (text) => written.push(text) }, reporter })
  return { progress, text: () => written.join('') }
}

test('default: counts what was delivered and left out', () => {
  const { progress } = screen(false)
  progress.delivered({ events: 5, odd: [], receipt })
  progress.delivered({
    events: 3,
    odd: [{ index: 0, reason: 'SESSION_NOT_OPEN' }],
    receipt: { ...receipt, position: 9 },
  })
  progress.skipped(new Fault('BAD_LINE', 'line 3: not JSON', { next: '' }))
  expect(progress.end()).toEqual({ reporter, events: 8, batches: 2, odd: 1, skipped: 1, lastPosition: 9 })
})

test('behavior: on a terminal one line is written over, and a notice stands above it', () => {
  const { progress, text } = screen(true)
  progress.delivered({ events: 5, odd: [], receipt })
  progress.notice('waiting')
  const line = '\r\x1b[K5 events in 1 batches acknowledged, last at position 7'
  expect(text()).toBe(`${line}\r\x1b[Kwaiting\n${line}`)
})

test('behavior: elsewhere only notices are written', () => {
  const { progress, text } = screen(false)
  progress.delivered({ events: 5, odd: [], receipt })
  progress.notice('waiting')
  progress.end()
  expect(text()).toBe('waiting\n')
})
