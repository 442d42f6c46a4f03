/** Load at a steady rate: on the real daemon and core, and on one that stands still. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { expect, test, vi } from 'vitest'
import { benchLoadCommand } from '../../../cli/benchLoad.ts'
import { runLoad } from '../../../cli/load.ts'
import { ApiError } from '../../../client/index.ts'
import { toHex } from '../../../ledger/hex.ts'
import { createWorld } from '../daemon/support.ts'
import { reporterKey, reporterRule } from '../ledger/support.ts'

const never = new AbortController().signal

async function benchLoad(rule: Parameters<typeof reporterRule>[0] = {}) {
  const world = createWorld({ reporters: [reporterRule(rule)] })
  const daemon = await world.startOpen()
  const file = join(world.folder, 'reporter.key')
  writeFileSync(file, toHex(reporterKey), { mode: 0o600 })
  const out: string[] = []
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => out.push(String(text)) > 0)
  const program = new Command().exitOverride().addCommand(benchLoadCommand())
  const order = ['--key', file, '--batch', '10', '--rate', '500', '--seconds', '1', '--payees', '7', '--json']
  await program.parseAsync(['bench-load', daemon.url, ...order], { from: 'user' }).finally(() => write.mockRestore())
  const { exitCode } = process
  process.exitCode = undefined
  return { load: JSON.parse(out.join('')), exitCode, daemon }
}

test('default: what is due in the time is sent, and all of it counts in the ledger', async () => {
  const { load, exitCode, daemon } = await benchLoad()
  expect(load).toMatchObject({ batches: 50, events: 500, refused: {} })
  expect(exitCode).toBeUndefined()
  expect(load.latencyMs.p50).toBeLessThanOrEqual(load.latencyMs.max)
  expect((await daemon.client.ledgerHead()).totalEarnedWei).toBe(500n)
})

test('error: refusals are counted by their code, and are the exit code', async () => {
  const { load, exitCode } = await benchLoad({ budgetWei: 100n })
  expect(load).toMatchObject({ batches: 10, refused: { BUDGET_EXCEEDED: 40 } })
  expect(exitCode).toBe(1)
})

test('edge: a batch that waits for the one before counts its wait', async () => {
  const first = Promise.withResolvers<void>()
  setTimeout(first.resolve, 300)
  let sent = 0
  const reporters = [async () => (sent++ === 0 ? first.promise : undefined)]
  const { batches, latencyMs } = await runLoad({ reporters, batchesPerSecond: 100, seconds: 0.4 }, never)
  expect(batches).toBe(40)
  expect(latencyMs.p50).toBeGreaterThan(50)
})

test('error: what is no answer of the daemon ends it', async () => {
  const broken = async () => {
    throw new TypeError('a fault of ours')
  }
  await expect(runLoad({ reporters: [broken], batchesPerSecond: 1, seconds: 1 }, never)).rejects.toThrow(TypeError)
})

test('default: an end before the time tells what there is', async () => {
  const stop = new AbortController()
  let sent = 0
  const reporters = [
    async () => {
      if (++sent === 3) stop.abort()
      if (sent === 2) throw new ApiError('NOT_OPEN', 'not open')
    },
  ]
  const load = await runLoad({ reporters, batchesPerSecond: 1000, seconds: 60 }, stop.signal)
  expect(load).toMatchObject({ batches: 2, refused: { NOT_OPEN: 1 } })
})
