import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { keepReceiptsIn } from '../../../cli/receiptFolder.ts'
import type { BatchAnswer } from '../../../client/api.ts'
import { addressOfKey, batchLeafHash } from '../../../client/batch.ts'
import { credit, sessionStart, workload } from '../../../client/events.ts'
import { LogTree } from '../../../client/logTree.ts'
import { receiptFile } from '../../../client/receiptFile.ts'
import { verifyReceipt } from '../../../client/verify.ts'
import type { SignedBatch } from '../../../ledger/entry.ts'
import { entryLeaf } from '../../../ledger/entry.ts'
import { leafHash } from '../../../ledger/eventLog.ts'
import { zeroAddress } from '../../../ledger/hex.ts'
import { signHash } from '../../../ledger/signature.ts'
import { digest } from '../../../ledger/typedData.ts'
import { broker, configuration, domain, keyOf, payeeOf, reporter, reporterRule, signed } from '../ledger/support.ts'
import { bytesOf, earnedOf, expectFault, newDaemon, newDirectory, run, usage, usages, worth } from './support.ts'
import { coreKey, type Mishap } from './testDaemon.ts'

const batch = 'POST /api/batches'

describe('default', () => {
  test('cuts lines into batches, sends them in order, and sums up', async () => {
    const [daemon, directory] = [await newDaemon(), newDirectory()]
    const { summary, fault } = await run(daemon, directory, { lines: usages(10) })
    expect(fault).toBeUndefined()
    expect(summary).toEqual({ reporter, events: 10, batches: 3, odd: 0, skipped: 0, lastPosition: 3 })
    expect(daemon.accepted.map(({ batch }) => batch.events.length)).toEqual([4, 4, 2])
    expect(earnedOf(daemon)).toBe(worth(10))
  })

  test('every kind of line is the event that it names', async () => {
    const [daemon, directory] = [await newDaemon(), newDirectory()]
    const payee = payeeOf(1)
    const lines = [
      { type: 'workload', id: 'j', payee, tariff: 'gpu-second', units: 12 },
      { type: 'session_start', id: 's', payee, tariff: 'stream-hour', at_ms: 0 },
      { type: 'session_heartbeat', id: 's', at_ms: 36_000 },
      { type: 'session_end', id: 's', at_ms: 72_000 },
      { type: 'credit', id: 'c', payee, wei: '79228162514264337593' },
    ]
    await run(daemon, directory, { lines: ['', ...lines.map((line) => JSON.stringify(line)), '  '] })
    expect(earnedOf(daemon)).toBe(12n * 7n + 20_000n + 79228162514264337593n)
  })

  test('odd events are named', async () => {
    const [daemon, directory] = [await newDaemon(), newDirectory()]
    const lines = ['{"type":"session_end","id":"never","at_ms":1}', usage(1)]
    const { summary, said } = await run(daemon, directory, { lines })
    expect(summary).toMatchObject({ events: 2, odd: 1 })
    expect(said).toContain('SESSION_NOT_OPEN')
  })

  test('each receipt is kept with its batch before it is acknowledged', async () => {
    const [daemon, directory] = [await newDaemon(), newDirectory()]
    const folder = join(directory, 'receipts')
    await run(daemon, directory, { lines: usages(5), keep: keepReceiptsIn(folder) })
    expect(readdirSync(folder).sort()).toEqual(['0.json', '1.json'])
    for (const [i, batch] of daemon.accepted.entries()) {
      const kept = receiptFile.read(JSON.parse(readFileSync(join(folder, `${i}.json`), 'utf8')), '')
      expect(kept.batch).toEqual({ ...domain, ...batch })
      expect(verifyReceipt(domain, addressOfKey(coreKey), kept.receipt, batchLeafHash(kept.batch))).toBe(true)
    }

    // A folder that cannot be written ends it, and the batch is sent again.
    const file = join(directory, 'file')
    writeFileSync(file, '')
    const lines = usages(7)
    expectFault(await run(daemon, directory, { lines, keep: keepReceiptsIn(file) }), 'RECEIPTS_UNWRITABLE', 75)
    await run(daemon, directory, { lines, keep: keepReceiptsIn(folder) })
    expect(readdirSync(folder).sort()).toEqual(['0.json', '1.json', '2.json'])
    expect(earnedOf(daemon)).toBe(worth(7))
  })

  test('the flush time cuts a batch that is not full', async () => {
    const [daemon, directory] = [await newDaemon(), newDirectory()]
    const stop = new AbortController()
    async function* slow() {
      yield* bytesOf(usages(2))
      await new Promise((resolve) => stop.signal.addEventListener('abort', resolve))
    }
    daemon.mishap = (name) => {
      if (name === batch) stop.abort() // the batch came though the input is still open and the batch not full
      return undefined
    }
    const { summary } = await run(daemon, directory, { input: slow(), flushMs: 1, signal: stop.signal })
    expect(summary.events).toBe(2)
  })
})

describe('the same input again', () => {
  test('sends nothing twice, and a file that grew from where it was', async () => {
    const [daemon, directory] = [await newDaemon(), newDirectory()]
    await run(daemon, directory, { lines: usages(6) })
    expect((await run(daemon, directory, { lines: usages(6) })).summary.events).toBe(0)
    expect((await run(daemon, directory, { lines: usages(9) })).summary.events).toBe(3)
    expect(earnedOf(daemon)).toBe(worth(9))
  })

  test('another input begins at its start, and the first is remembered', async () => {
    const [daemon, directory] = [await newDaemon(), newDirectory()]
    await run(daemon, directory, { lines: usages(6) })
    expect((await run(daemon, directory, { lines: usages(7).slice(6) })).summary.events).toBe(1)
    expect((await run(daemon, directory, { lines: usages(6) })).summary.events).toBe(0)
    expect(earnedOf(daemon)).toBe(worth(7))
  })

  test('INPUT_CHANGED: a line altered, or the end gone', async () => {
    const [daemon, directory] = [await newDaemon(), newDirectory()]
    await run(daemon, directory, { lines: usages(6) })
    const altered = usages(9).with(3, usage(100))
    for (const lines of [altered, usages(5)]) expectFault(await run(daemon, directory, { lines }), 'INPUT_CHANGED', 2)
    expect(earnedOf(daemon)).toBe(worth(6))
  })

  test('INPUT_CHANGED, accepted: it is taken as new', async () => {
    const [daemon, directory] = [await newDaemon(), newDirectory()]
    await run(daemon, directory, { lines: usages(6) })
    const accepted = ['INPUT_CHANGED'] as const
    expect((await run(daemon, directory, { lines: [usage(1), usage(50)], accepted })).summary.events).toBe(2)
  })
})

describe('bad lines', () => {
  test.each([
    ['no JSON', 'hello'],
    ['no object', '5'],
    ['an unknown type', '{"type":"gift","id":"x"}'],
    ['a missing member', '{"type":"session_end","id":"x"}'],
    ['a member too many', '{"type":"session_end","id":"x","at_ms":1,"payee":"0x"}'],
    ['an empty id', usage(1).replace('job-1', '')],
    ['a wrong address', usage(1).replace(payeeOf(1), '0x12')],
    ['a wrong checksum', usage(1).replace(payeeOf(1), `0xD${'a'.repeat(39)}`)],
    ['a tariff of two words', usage(1).replace('gpu-second', 'gpu second')],
    ['negative units', usage(1, '-1')],
    ['units with a fraction', usage(1, '1.5')],
    ['units above 2^96', usage(1, `${2n ** 96n}`)],
    ['time with a fraction', '{"type":"session_end","id":"x","at_ms":1.5}'],
    ['time before 1970', '{"type":"session_end","id":"x","at_ms":-1}'],
  ])('BAD_LINE: %s: nothing of its batch is sent, all before it is', async (_, bad) => {
    const [daemon, directory] = [await newDaemon(), newDirectory()]
    const lines = usages(9).with(6, bad)
    const first = await run(daemon, directory, { lines })
    expectFault(first, 'BAD_LINE', 2)
    expect(first.fault?.message).toContain('line 7:')
    expect(earnedOf(daemon)).toBe(worth(4))

    await run(daemon, directory, { lines: usages(9) })
    expect(earnedOf(daemon)).toBe(worth(9))
  })

  test('skipped where that is wanted, and counted', async () => {
    const [daemon, directory] = [await newDaemon(), newDirectory()]
    const { summary, said } = await run(daemon, directory, { lines: [...usages(5), 'x', '{}'], isSkipping: true })
    expect(summary).toMatchObject({ events: 5, skipped: 2 })
    expect(said).toContain('line 6:')
  })

  test('LINE_TOO_LONG: an endless line does not fill the memory', async () => {
    const [daemon, directory] = [await newDaemon(), newDirectory()]
    async function* endless() {
      for (;;) yield Buffer.alloc(10_000, 'x')
    }
    expectFault(await run(daemon, directory, { input: endless() }), 'LINE_TOO_LONG', 2)
  })
})

describe('a daemon that is away', () => {
  test.each<Mishap>(['unheard', 'unanswered', 'busy'])('every request is %s once: all counts once', async (mishap) => {
    const [daemon, directory] = [await newDaemon(), newDirectory()]
    const failed = new Set<string>()
    daemon.mishap = (name) => {
      const key = `${name} ${daemon.accepted.length}`
      if (failed.has(key)) return undefined
      failed.add(key)
      return mishap
    }
    const { summary, said, fault } = await run(daemon, directory, { lines: usages(10) })
    expect(fault).toBeUndefined()
    expect(summary.events).toBe(10)
    expect(earnedOf(daemon)).toBe(worth(10))
    expect(said).toContain('waiting for the daemon')
  })

  test('G7: INTERRUPTED while it is away: the batch is kept and sent first', async () => {
    const [daemon, directory] = [await newDaemon(), newDirectory()]
    const stop = new AbortController()
    daemon.mishap = (name) => {
      if (name !== batch) return undefined
      stop.abort()
      return 'unanswered'
    }
    expectFault(await run(daemon, directory, { lines: usages(10), signal: stop.signal }), 'INTERRUPTED', 75)
    daemon.mishap = () => undefined
    const { summary } = await run(daemon, directory, { lines: [] })
    expect(summary).toMatchObject({ events: 4, batches: 1 })
    expect(daemon.accepted.length).toBe(1)
  })

  test('NOT_FOUND: what is no daemon is not waited for', async () => {
    const [daemon, directory] = [await newDaemon(), newDirectory()]
    expectFault(await run(daemon, directory, { url: `${daemon.url}/elsewhere` }), 'NOT_FOUND', 1)
  })
})

describe('a signal', () => {
  test('ends the run after the batch in flight; what was read is sent', async () => {
    const [daemon, directory] = [await newDaemon(), newDirectory()]
    const stop = new AbortController()
    daemon.mishap = (name) => {
      if (name === batch) stop.abort()
      return undefined
    }
    const { summary, fault } = await run(daemon, directory, { lines: usages(10), signal: stop.signal })
    expect(fault).toBeUndefined()
    expect(summary.events).toBe(4)
    daemon.mishap = () => undefined
    await run(daemon, directory, { lines: usages(10) })
    expect(earnedOf(daemon)).toBe(worth(10))
  })
})

describe('refusals', () => {
  const withRule = (changes: Parameters<typeof reporterRule>[0]) => ({ reporters: [reporterRule(changes)] })

  test.each([
    ['BATCH_TOO_LARGE', { limits: { ...configuration().limits, batchEventsMax: 1n } }],
    ['BATCH_CAP_EXCEEDED', withRule({ batchMaxWei: 7n * 8n })],
    ['PAYEE_CAP_EXCEEDED', withRule({ payeeMaxWei: 7n * 8n })],
  ])('%s: the batch is sent in halves', async (_, changes) => {
    const [daemon, directory] = [await newDaemon(changes), newDirectory()]
    const { summary, fault } = await run(daemon, directory, { lines: usages(8) })
    expect(fault).toBeUndefined()
    expect(summary.events).toBe(8)
    expect(summary.batches).toBeGreaterThan(2)
    expect(earnedOf(daemon)).toBe(worth(8))
  })

  test('BATCH_CAP_EXCEEDED: one event alone is too much', async () => {
    const [daemon, directory] = [await newDaemon(withRule({ batchMaxWei: 20n })), newDirectory()]
    expectFault(await run(daemon, directory, { lines: usages(4) }), 'BATCH_CAP_EXCEEDED', 1)
    expect(earnedOf(daemon)).toBe(worth(2))
  })

  test('PAYEE_REFUSED: the batch is kept, and sent when it is allowed', async () => {
    const [daemon, directory] = [await newDaemon(), newDirectory()]
    const lines = [...usages(2), usage(3).replace(payeeOf(1), broker)]
    expectFault(await run(daemon, directory, { lines }), 'PAYEE_REFUSED', 1)
    expect(daemon.accepted).toEqual([])
    expectFault(await run(daemon, directory, { lines }), 'PAYEE_REFUSED', 1)
  })

  test('PAYEE_REFUSED: the event is left out where that is wanted, and the rest counts', async () => {
    const [daemon, directory] = [await newDaemon(), newDirectory()]
    const bad = [usage(3).replace(payeeOf(1), broker), usage(4).replace(payeeOf(1), zeroAddress)]
    const lines = [...usages(2), ...bad, ...usages(5).slice(4)]
    const { summary } = await run(daemon, directory, { lines, isSkipping: true })
    expect(summary).toMatchObject({ events: 3, skipped: 2 })
    expect(earnedOf(daemon)).toBe(7n * (1n + 2n + 5n))
  })

  test('BUDGET_EXCEEDED', async () => {
    const [daemon, directory] = [await newDaemon(withRule({ budgetWei: worth(4) })), newDirectory()]
    expectFault(await run(daemon, directory, { lines: usages(5) }), 'BUDGET_EXCEEDED', 1)
    expect(earnedOf(daemon)).toBe(worth(4))
  })

  test('UNKNOWN_REPORTER: before a line is read', async () => {
    const [daemon, directory] = [await newDaemon({ reporters: [] }), newDirectory()]
    expectFault(await run(daemon, directory, { lines: usages(1) }), 'UNKNOWN_REPORTER', 1)
    expect(daemon.requests).not.toContain(batch)
  })
})

describe('what the daemon says is checked', () => {
  test('RECEIPT_INVALID: signed by another key', async () => {
    const [daemon, directory] = [await newDaemon(), newDirectory()]
    daemon.alterAnswer = (answer) => {
      const { receipt } = answer
      return { ...answer, receipt: { ...receipt, head: { ...receipt.head, signature: signed(0n, []).signature } } }
    }
    expectFault(await run(daemon, directory, { lines: usages(1) }), 'RECEIPT_INVALID', 1)
  })

  test('RECEIPT_INVALID: of another place in the log', async () => {
    const [daemon, directory] = [await newDaemon(), newDirectory()]
    daemon.alterAnswer = (answer) => ({ ...answer, receipt: { ...answer.receipt, position: 0 } })
    expectFault(await run(daemon, directory, { lines: usages(1) }), 'RECEIPT_INVALID', 1)
  })

  test('G10: LEDGER_FORKED: the core accepts on a log that is no longer than one it signed before', async () => {
    const otherKey = keyOf(5)
    const reporters = [reporterRule(), reporterRule({ reporter: addressOfKey(otherKey) })]
    const [daemon, directory] = [await newDaemon({ reporters }), newDirectory()]
    for (let i = 0n; i < 3n; i++) daemon.submit(signed(i, [], otherKey))
    let isForked = false
    daemon.mishap = (name) => {
      if (name !== batch || daemon.accepted.length < 5 || isForked) return undefined
      isForked = true
      const own = daemon.accepted.slice(3)
      daemon.rollBack(0)
      for (const batch of own) daemon.submit(batch)
      return undefined
    }
    expectFault(await run(daemon, directory, { lines: usages(12) }), 'LEDGER_FORKED', 1)
  })

  /** As if the first batch had never been: the second lies in its place, in a log of the same size. */
  const replacing = (answer: BatchAnswer, batch: SignedBatch): BatchAnswer => {
    if (batch.batch.sequence === 0n) return answer
    const log = new LogTree()
    log.append(leafHash(entryLeaf({ configuration: configuration(), signatures: [] })))
    log.append(batchLeafHash(batch))
    const head = { ...answer.receipt.head, size: 2n, root: log.root() }
    const signature = signHash(digest(domain, 'LogHead', head), coreKey)
    return {
      ...answer,
      status: 'already_accepted',
      receipt: { head: { ...head, signature }, position: 1, path: log.inclusionPath(1) },
    }
  }

  test('G10: LEDGER_FORKED: two logs of one size with different roots', async () => {
    const [daemon, directory] = [await newDaemon(), newDirectory()]
    daemon.alterAnswer = replacing
    expectFault(await run(daemon, directory, { lines: usages(8) }), 'LEDGER_FORKED', 1)
  })

  test('G10: LEDGER_FORKED: told by the newest receipt, which stays when a commit covers its batch', async () => {
    const [daemon, directory] = [await newDaemon(), newDirectory()]
    await run(daemon, directory, { lines: usages(4) })
    daemon.anchoredSize = 2n
    await run(daemon, directory)
    daemon.alterAnswer = replacing
    expectFault(await run(daemon, directory, { lines: usages(8) }), 'LEDGER_FORKED', 1)
  })

  test('SEQUENCE_GAP: the ledger lost batches between two of ours', async () => {
    const [daemon, directory] = [await newDaemon(), newDirectory()]
    let isRolledBack = false
    daemon.mishap = (name) => {
      if (name === batch && daemon.accepted.length === 2 && !isRolledBack) {
        isRolledBack = true
        daemon.rollBack(1)
      }
      return undefined
    }
    expectFault(await run(daemon, directory, { lines: usages(12) }), 'SEQUENCE_GAP', 1)
    expectFault(await run(daemon, directory, { lines: usages(12) }), 'BATCHES_LOST', 1)
  })

  test('G10: BATCHES_LOST: acknowledged batches are asked for again', async () => {
    const [daemon, directory] = [await newDaemon(), newDirectory()]
    await run(daemon, directory, { lines: usages(12) })
    daemon.rollBack(1)
    expectFault(await run(daemon, directory, { lines: usages(13) }), 'BATCHES_LOST', 1)
    expect(earnedOf(daemon)).toBe(worth(4))
  })

  test('G6: BATCHES_LOST, accepted: exactly those are sent again', async () => {
    const [daemon, directory] = [await newDaemon(), newDirectory()]
    await run(daemon, directory, { lines: usages(12) })
    daemon.rollBack(1)
    const { summary } = await run(daemon, directory, { lines: usages(13), accepted: ['BATCHES_LOST'] })
    expect(summary.events).toBe(9)
    expect(earnedOf(daemon)).toBe(worth(13))
  })

  test('BATCHES_LOST: what a commit covered is forgotten and cannot come again', async () => {
    const [daemon, directory] = [await newDaemon(), newDirectory()]
    await run(daemon, directory, { lines: usages(12) })
    daemon.anchoredSize = 4n
    await run(daemon, directory, { lines: usages(12) })
    daemon.rollBack(1)
    expectFault(await run(daemon, directory, { lines: [], accepted: ['BATCHES_LOST'] }), 'BATCHES_LOST', 1)
  })

  test('STATE_LOST: a new state for a key that has reported', async () => {
    const [daemon, directory] = [await newDaemon(), newDirectory()]
    await run(daemon, directory, { lines: usages(4) })
    const fresh = newDirectory()
    expectFault(await run(daemon, fresh, { lines: usages(4) }), 'STATE_LOST', 1)
    expect(earnedOf(daemon)).toBe(worth(4))
    await run(daemon, fresh, { lines: [usage(5)], accepted: ['STATE_LOST'] })
    expect(earnedOf(daemon)).toBe(worth(5))
  })

  test.each([{ chainId: 1n }, { verifyingContract: payeeOf(9) }])('OTHER_CONTRACT: %o', async (other) => {
    const [daemon, directory] = [await newDaemon(), newDirectory()]
    await run(daemon, directory, { lines: usages(4) })
    daemon.domain = { ...domain, ...other }
    expectFault(await run(daemon, directory, { lines: usages(5), accepted: ['CORE_CHANGED'] }), 'OTHER_CONTRACT', 1)
  })

  test('CORE_CHANGED: only with the word of who read the contract', async () => {
    const [daemon, directory] = [await newDaemon(), newDirectory()]
    await run(daemon, directory, { lines: usages(4) })
    daemon.coreKey = keyOf(41)
    expectFault(await run(daemon, directory, { lines: usages(5) }), 'CORE_CHANGED', 1)
    const { fault } = await run(daemon, directory, { lines: usages(5), accepted: ['CORE_CHANGED'] })
    expect(fault).toBeUndefined()
    expect((await run(daemon, directory, { lines: usages(6) })).fault).toBeUndefined()
  })
})

describe('the state', () => {
  test('STATE_OF_OTHER_KEY', async () => {
    const [daemon, directory] = [await newDaemon(), newDirectory()]
    await run(daemon, directory, { lines: usages(1) })
    const key = { secretKey: keyOf(7), address: addressOfKey(keyOf(7)) }
    expectFault(await run(daemon, directory, { key }), 'STATE_OF_OTHER_KEY', 2)
  })

  test('STATE_IN_USE: by another run at the same time', async () => {
    const [daemon, directory] = [await newDaemon(), newDirectory()]
    let second: ReturnType<typeof run> | undefined
    async function* lines() {
      second = run(daemon, directory, { lines: usages(1) })
      await second
      yield* bytesOf(usages(1))
    }
    await run(daemon, directory, { input: lines() })
    expectFault(await (second as ReturnType<typeof run>), 'STATE_IN_USE', 1)
    expect(earnedOf(daemon)).toBe(worth(1))
  })

  test('STATE_UNREADABLE: no such directory, or a file of another kind', async () => {
    const [daemon, directory] = [await newDaemon(), newDirectory()]
    expectFault(await run(daemon, `${directory}/none`), 'STATE_UNREADABLE', 1)
    writeFileSync(join(directory, 'state'), 'no database'.repeat(1000))
    expectFault(await run(daemon, directory), 'STATE_UNREADABLE', 1)
  })
})

test('the builders of the SDK and the lines mean the same', async () => {
  const [daemon, directory] = [await newDaemon(), newDirectory()]
  const payee = payeeOf(1)
  const longId = 'an id of more than thirty-one characters'
  const lines = [
    { type: 'workload', id: longId, payee, tariff: 'gpu-second', units: '1' },
    { type: 'session_start', id: 's', payee, tariff: 'stream-hour', at_ms: 5 },
    { type: 'credit', id: 'c', payee, wei: '9' },
  ].map((line) => JSON.stringify(line))
  await run(daemon, directory, { lines })
  expect(daemon.accepted[0]?.batch.events).toEqual([
    workload({ id: longId, payee, tariff: 'gpu-second', units: 1n }),
    sessionStart({ id: 's', payee, tariff: 'stream-hour', atMs: 5 }),
    credit({ id: 'c', payee, wei: 9n }),
  ])
})
