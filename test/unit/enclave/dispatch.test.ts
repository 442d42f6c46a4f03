import { expect, test } from 'vitest'
import { workload } from '../../../client/events.ts'
import { createCore } from '../../../enclave/core.ts'
import { dispatch, legalPhases } from '../../../enclave/dispatch.ts'
import { entryLeaf } from '../../../ledger/entry.ts'
import { invariant } from '../../../ledger/invariant.ts'
import { struct } from '../../../protocol/codec.ts'
import { entriesBytesMax, methods, type Phase } from '../../../protocol/messages.ts'
import { configuration, payeeOf, signed } from '../ledger/support.ts'
import { apply, ask, call, expectRefused, firstHead, hints, host, open, round, testPlatform } from './support.ts'

const say = (request: unknown) => dispatch(createCore(testPlatform()), request, () => undefined)

test('behavior: a reply carries the id of its request', () => {
  expect(say({ id: 7, method: 'status', params: {} })).toMatchObject({ id: 7, result: { phase: 'empty' } })
})

test('behavior: a request without id is answered without', () => {
  expect(say({ method: 'status' })).not.toHaveProperty('id')
})

test.each([
  ['a string', 'status', 'BAD_PARAMS'],
  ['null', null, 'BAD_PARAMS'],
  ['a list', [], 'BAD_PARAMS'],
  ['no method', { id: 1 }, 'BAD_PARAMS'],
  ['an unknown member', { id: 1, method: 'status', params: {}, extra: 1 }, 'BAD_PARAMS'],
  ['an id that is no number', { id: 'x', method: 'status' }, 'BAD_PARAMS'],
  ['an unknown method', { id: 1, method: 'sign_anything' }, 'UNKNOWN_METHOD'],
  ['a method of every object', { id: 1, method: 'constructor' }, 'UNKNOWN_METHOD'],
  ['an unknown field of the params', { id: 1, method: 'status', params: { verbose: true } }, 'BAD_PARAMS'],
  ['a missing field of the params', { id: 1, method: 'genesis', params: {} }, 'BAD_PARAMS'],
])('error: %s', (_, request, code) => {
  expect(say(request).error?.code).toBe(code)
})

test('row 31: a list in the place of a request is refused unread, however long it is', () => {
  const unread = new Proxy([], {
    ownKeys: () => {
      throw new Error('its members were asked for')
    },
  })
  expect(say(unread).error).toMatchObject({ code: 'BAD_PARAMS', facts: { path: '' } })
})

test('error: a refusal names the path of what is wrong', () => {
  const wrong = { ...(struct('Configuration').write(configuration()) as object), chain_id: 31337 }
  const { error } = say({ id: 1, method: 'genesis', params: { configuration: wrong } })
  expect(error).toMatchObject({ code: 'BAD_PARAMS', facts: { path: 'params.configuration.chain_id' } })
})

const valid = {
  status: {},
  attestation: { nonce: null },
  genesis: { configuration: configuration(), logBegins: null },
  unwrap_request: {},
  load_state: { key: null, sealed: [], isLast: false },
  export_state: { chunk: 0 },
  open_epoch: { head: firstHead(), hints },
  apply_event: { entries: [] },
  prepare_payouts: { head: firstHead(), round, payments: [], hints },
} as const

const inPhase: Record<Phase, () => ReturnType<typeof createCore>> = {
  empty: () => {
    const platform = testPlatform()
    platform.stateKey.save(new Uint8Array(32))
    return createCore(platform)
  },
  closed: () => host().core,
  open: () => {
    const hosted = host()
    open(hosted)
    return hosted.core
  },
  halted: () => ({ ...host().core, phase: 'halted' }),
}

for (const phase of Object.keys(inPhase) as Phase[]) {
  for (const method of Object.keys(valid) as (keyof typeof valid)[]) {
    const isLegal = legalPhases[method].includes(phase)
    test(`row 2: ${method} in phase ${phase} is ${isLegal ? 'answered' : 'refused'}`, () => {
      const { error } = ask(inPhase[phase](), method, valid[method] as never)
      const expected = isLegal ? undefined : phase === 'halted' ? 'HALTED' : 'WRONG_PHASE'
      expect(error?.code).toBe(expected)
    })
  }
}

test('behavior: the phase table names every method', () => {
  expect(Object.keys(legalPhases)).toEqual(Object.keys(methods))
})

test('behavior: a fault of our own halts the core, which still answers status and attestation and signs nothing', () => {
  const hosted = host()
  open(hosted)
  const faults: unknown[] = []
  const { live } = hosted.core
  if (!live) throw new Error('no state')
  live.ledger.totalEarnedWei = 2n ** 97n // as if memory had been hit
  const event = workload({ id: 'a', payee: payeeOf(0), tariff: 'gpu-second', units: 1n })
  const batch = { entries: [entryLeaf(signed(0n, [event]))] }
  const request = { id: 1, method: 'apply_event', params: methods.apply_event.params.write(batch) }
  live.ledger.reporters.clear()
  Object.defineProperty(live.sealer, 'sealRecord', {
    value: () => {
      throw new Error('secret words of a stack')
    },
  })
  const sealing = { id: 2, method: 'open_epoch', params: methods.open_epoch.params.write({ head: firstHead(), hints }) }
  expect(dispatch(hosted.core, sealing, (fault) => faults.push(fault)).error).toEqual({
    code: 'HALTED',
    message: 'the core has halted: restart it from its sealed state',
    facts: {},
  })
  expect(faults).toHaveLength(1)
  expect(dispatch(hosted.core, request, () => undefined).error?.code).toBe('HALTED')
  expect(dispatch(hosted.core, { id: 3, method: 'status' }, () => undefined).result).toMatchObject({ phase: 'halted' })
  const attestation = { id: 4, method: 'attestation', params: { nonce: null } }
  expect(dispatch(hosted.core, attestation, () => undefined).error).toBeUndefined()
})

test('behavior: batches of one request are judged each alone, in order', () => {
  const hosted = host()
  open(hosted)
  const event = workload({ id: 'a', payee: payeeOf(0), tariff: 'gpu-second', units: 1n })
  const batches = [signed(0n, [event]), signed(2n, [event]), signed(1n, [event]), signed(1n, [event])]
  const { results, logSize } = call(hosted.core, 'apply_event', { entries: batches.map(entryLeaf) })
  expect(results.map((r) => [r.status, r.position, r.problem?.code])).toEqual([
    ['accepted', 1, undefined],
    ['refused', null, 'SEQUENCE_GAP'],
    ['accepted', 2, undefined],
    ['already_accepted', 2, undefined],
  ])
  expect(logSize).toBe(3n)
})

test('behavior: an invariant that breaks at an entry halts the core: it is no refusal of that entry', () => {
  const hosted = host()
  open(hosted)
  Object.defineProperty(hosted.core.live?.ledger.accounts, 'setBalance', {
    value: () => invariant(false, 'as if memory had been hit'),
  })
  const event = workload({ id: 'a', payee: payeeOf(0), tariff: 'gpu-second', units: 1n })
  const request = { entries: [entryLeaf(signed(0n, [event]))] }
  expect(ask(hosted.core, 'apply_event', request).error?.code).toBe('HALTED')
  expect(call(hosted.core, 'status', {}).phase).toBe('halted')
})

test('error: the bytes of no entry, alone or behind good ones', () => {
  const hosted = host()
  open(hosted)
  const good = entryLeaf(signed(0n, []))
  for (const [i, entries] of [[good.subarray(1)], [good, good.subarray(0, -1)], [good, new Uint8Array()]].entries())
    expectRefused(hosted.core, 'apply_event', { entries }, 'BAD_PARAMS', { path: `params.entries[${i === 0 ? 0 : 1}]` })
})

test('behavior: a request that accepts nothing seals nothing', () => {
  const hosted = host()
  open(hosted)
  apply(hosted, signed(0n, []))
  const before = call(hosted.core, 'status', {})
  for (const sequence of [0n, 5n])
    expect(call(hosted.core, 'apply_event', { entries: [signed(sequence, [])].map(entryLeaf) }).record).toBeNull()
  expect(call(hosted.core, 'status', {})).toEqual(before)
})

test('behavior: in closed there are no receipts', () => {
  const hosted = host()
  expect(apply(hosted, signed(0n, [])).head).toBeNull()
})

test('error: too many bytes in one request', () => {
  const hosted = host()
  open(hosted)
  const event = workload({ id: 'a', payee: payeeOf(0), tariff: 'gpu-second', units: 1n })
  const large = entryLeaf({ ...signed(0n, new Array(1000).fill(event)), signature: signed(1n, []).signature })
  const most = Math.floor(entriesBytesMax / large.length)
  expect(ask(hosted.core, 'apply_event', { entries: new Array(most).fill(large) }).error).toBeUndefined()
  expectRefused(hosted.core, 'apply_event', { entries: new Array(most + 1).fill(large) }, 'BAD_PARAMS', {
    path: 'params.entries',
    expected: entriesBytesMax,
  })
  const halves = new Array(2).fill(new Uint8Array(entriesBytesMax / 2))
  expectRefused(hosted.core, 'apply_event', { entries: halves }, 'BAD_PARAMS', { path: 'params.entries[0]' })
})
