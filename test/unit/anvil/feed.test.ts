import { expect, test } from 'vitest'
import { startFeed } from '../../../anvil/feed.ts'
import type { Reporter } from '../../../anvil/reporter.ts'
import type { World } from '../../../anvil/world.ts'
import { payeeOf } from '../ledger/support.ts'

test('error: a reporter that is down for good ends the run, it is not waited for', async () => {
  const stop = new AbortController()
  const asked = Promise.withResolvers<void>()
  const reporter: Reporter = {
    send: () => undefined,
    finish() {
      asked.resolve()
      return new Promise(() => undefined)
    },
    stop: async () => undefined,
  }
  const world: Pick<World, 'reporters' | 'payees' | 'startReporter'> = {
    reporters: [{ name: 'gateway', keyPath: '', address: payeeOf(1), hasCredits: false }],
    payees: [{ name: 'node-1', address: payeeOf(2), isOrchestrator: false }],
    startReporter: () => reporter,
  }
  const run = startFeed(world as World).runExactly(10, 1_000, async () => undefined, stop.signal)
  void asked.promise.then(() => stop.abort(new Error('the gateway ended with 1')))
  await expect(run).rejects.toThrow('the gateway ended with 1')
})
