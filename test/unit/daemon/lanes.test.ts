import { describe, expect, test, vi } from 'vitest'
import { createClient } from '../../../client/client.ts'
import { fetchAccounts } from '../../../client/lanes.ts'
import { operatorStatusAnswer } from '../../../client/operatorApi.ts'
import { Fatal } from '../../../daemon/errors.ts'
import { StoreError } from '../../../daemon/store/database.ts'
import type { Store } from '../../../daemon/store/store.ts'
import { usePostgres } from './engines.ts'
import { batchOf, createTestLane, type LanesDaemon, openLane, startLanes, type TestLane, token } from './lanesWorld.ts'
import { directPayee, waiting } from './support.ts'

const createTestLanes = (): [TestLane, TestLane, TestLane] => [
  createTestLane('north'),
  createTestLane('south'),
  createTestLane('west'),
]

const untilPaid = (daemon: LanesDaemon, { name }: TestLane, wei: bigint): Promise<void> =>
  vi.waitFor(async () => expect((await daemon.client(name).account(directPayee)).paidWei).toBe(wei), waiting)

const stateOf = async (daemon: LanesDaemon, lane: TestLane): Promise<string | undefined> =>
  (await createClient(daemon).lanes()).lanes.find(({ name }) => name === lane.name)?.state

const untilState = (daemon: LanesDaemon, lane: TestLane, state: string): Promise<void> =>
  vi.waitFor(async () => expect(await stateOf(daemon, lane)).toBe(state), waiting)

test('default: each lane takes batches and pays for itself, and one list has them all', async () => {
  const lanes = createTestLanes()
  const daemon = await startLanes(lanes)
  for (const [i, lane] of lanes.entries()) {
    await openLane(daemon, lane)
    const { receipt } = await daemon.client(lane.name).sendBatch(batchOf(lane, 0n, BigInt(i + 1)))
    expect(receipt.position).toBe(1)
  }
  for (const [i, lane] of lanes.entries()) await untilPaid(daemon, lane, BigInt(i + 1))
  const { lanes: shown } = await createClient(daemon).lanes()
  expect(shown).toEqual(
    lanes.map(({ name, world }, i) => ({
      name,
      path: `/lanes/${name}`,
      ...world.config.rules.domain,
      state: 'open',
      earnedWei: BigInt(i + 1),
      paidWei: BigInt(i + 1),
      owedWei: 0n,
    })),
  )
  // What is signed for one contract is nothing to another.
  await expect(daemon.client('south').sendBatch(batchOf(lanes[0], 1n, 1n))).rejects.toMatchObject({
    code: 'BAD_SIGNATURE',
  })
})

test('behavior: numbers have the lane as a label, and each its own place', async () => {
  const lanes = createTestLanes()
  const daemon = await startLanes(lanes)
  await openLane(daemon, lanes[0])
  await daemon.client('north').sendBatch(batchOf(lanes[0], 0n, 5n))
  const text = await (await fetch(`${daemon.url}/metrics`)).text()
  expect(text).toMatch(/^bursar_open\{lane="north"\} 1$/m)
  expect(text).toMatch(/^bursar_open\{lane="south"\} 0$/m)
  expect(text).toMatch(/^bursar_batches_total\{outcome="accepted",lane="north"\} 1$/m)
  expect(text).toMatch(/^bursar_http_request_seconds_count\{.*route="\/api\/batches".*lane="north".*\} 1$/m)
  expect(text.match(/^# TYPE bursar_open /gm)).toHaveLength(1)

  expect((await fetch(`${daemon.url}/lanes/north/checkpoint`)).status).toBe(200)
  expect((await fetch(`${daemon.url}/lanes/north/`)).headers.get('content-type')).toMatch(/html|problem/)
  for (const path of ['/lanes/east/api/log', '/api/log', '/lanes/north/api/lanes', '/lanes/north', '/lanes//api/log'])
    expect((await fetch(daemon.url + path)).status, path).toBe(404)
  const headers = { authorization: `Bearer ${token}` }
  const own = await fetch(`${daemon.operatorUrl}/lanes/north/operator/status`, { headers })
  expect(operatorStatusAnswer.read(await own.json(), '')).toMatchObject({ state: 'open' })
  expect((await fetch(`${daemon.operatorUrl}/lanes/north/operator/status`)).status).toBe(401)
  expect((await fetch(`${daemon.url}/lanes/north/operator/status`, { headers })).status).toBe(404)
})

test('behavior: a lane whose store fails begins anew, and the others do not notice', async () => {
  const lanes = createTestLanes()
  const [north, south] = lanes
  const { open } = north
  let isFull = false
  const unreachable = new StoreError('STORE_UNREACHABLE', 'nobody there')
  north.open = async () => {
    if (isFull) throw unreachable
    const store = await open()
    const saveAccepted: Store['saveAccepted'] = (accepted) =>
      isFull ? Promise.reject(new StoreError('STORE_FULL', 'no space left')) : store.saveAccepted(accepted)
    return { ...store, saveAccepted }
  }
  const daemon = await startLanes(lanes)
  for (const lane of lanes) await openLane(daemon, lane)
  await daemon.client('north').sendBatch(batchOf(north, 0n, 1n))
  const { head: before } = await daemon.client('south').status()
  const line = await fetch(`${daemon.url}/lanes/north/api/stream`)

  isFull = true
  // What was not made durable is not acknowledged, and the line to who listens ends with the lane.
  const sent = daemon.client('north').sendBatch(batchOf(north, 1n, 2n))
  await expect(sent).rejects.toMatchObject({ code: 'STORE_FAILED', facts: { reason: 'STORE_FULL' } })
  await line.text()
  await untilState(daemon, north, 'down')
  await expect(daemon.client('north').ledgerHead()).rejects.toMatchObject({
    code: 'NOT_OPEN',
    facts: { state: 'down' },
  })
  expect((await fetch(`${daemon.url}/lanes/north/healthz`)).status).toBe(503)
  expect(await (await fetch(`${daemon.url}/metrics`)).text()).toMatch(/^bursar_open\{lane="north"\} 0$/m)
  const levels = daemon.log.filter(({ msg }) => msg === 'the lane begins anew')
  expect(levels[0]).toMatchObject({ level: 60, lane: 'north', code: 'STORE_FULL' })
  // A sum of which a part is not known is not told.
  const { sum, lanes: found } = await fetchAccounts({ url: daemon.url }, directPayee)
  expect(sum).toBeNull()
  expect(found.map(({ account, error }) => error?.code ?? account)).toEqual(['NOT_OPEN', null, null])
  // The others go on, in the epoch that they had.
  expect(await (await fetch(`${daemon.url}/healthz`)).json()).toMatchObject({
    ok: true,
    lanes: { north: { ok: false } },
  })
  expect(await daemon.client('south').sendBatch(batchOf(south, 0n, 7n))).toMatchObject({ status: 'accepted' })

  isFull = false
  await openLane(daemon, north)
  // The core had it: it was recovered from the intent, and counts once.
  const again = await daemon.client('north').sendBatch(batchOf(north, 1n, 2n))
  expect(again).toMatchObject({ status: 'already_accepted', receipt: { position: 2 } })
  await untilPaid(daemon, north, 3n)
  await untilPaid(daemon, south, 7n)
  const { sum: whole } = await fetchAccounts({ url: daemon.url }, directPayee)
  expect(whole).toEqual({ earnedWei: 10n, paidWei: 10n, owedWei: 0n })
  expect((await daemon.client('south').status()).head).toMatchObject({ epoch: before?.epoch, boot: before?.boot })
})

test('behavior: a lane that starting again does not help stays down, and the process ends when none is left', async () => {
  const lanes = createTestLanes()
  const [north, south, west] = lanes
  const foreign = new Fatal('the store belongs to another', 1)
  north.open = () => Promise.reject(foreign)
  const daemon = await startLanes(lanes)
  await openLane(daemon, south)
  expect(await stateOf(daemon, north)).toBe('failed')
  expect(daemon.log).toContainEqual(expect.objectContaining({ level: 60, lane: 'north', msg: 'the lane cannot go on' }))
  expect(await daemon.client('south').sendBatch(batchOf(south, 0n, 1n))).toMatchObject({ status: 'accepted' })
  await daemon.stop()
  expect(await daemon.ended).toBeUndefined()

  for (const lane of [south, west]) lane.open = () => Promise.reject(foreign)
  await expect(startLanes(lanes, { isListening: false }).then(({ ended }) => ended)).rejects.toBe(foreign)
})

describe('PostgreSQL', () => {
  const postgres = usePostgres()

  test('behavior: each lane is led for itself, so that daemons share the lanes', async () => {
    const north = createTestLane('north', await postgres.server.createDatabase('lane_north'))
    const south = createTestLane('south', await postgres.server.createDatabase('lane_south'))
    const first = await startLanes([north])
    await openLane(first, north)
    const second = await startLanes([south])
    await openLane(second, south)
    const both = await startLanes([north, south])
    for (const lane of [north, south]) await untilState(both, lane, 'following')
    expect((await fetch(`${both.url}/healthz`)).status).toBe(200)

    await first.stop()
    await untilState(both, north, 'open')
    expect(await both.client('north').sendBatch(batchOf(north, 0n, 1n))).toMatchObject({ status: 'accepted' })
    // The other lane is led by its daemon as before, and read here.
    expect(await second.client('south').sendBatch(batchOf(south, 0n, 2n))).toMatchObject({ status: 'accepted' })
    await untilPaid(both, south, 2n)
    expect(await stateOf(both, south)).toBe('following')
    await expect(both.client('south').sendBatch(batchOf(south, 1n, 2n))).rejects.toMatchObject({ code: 'NOT_OPEN' })
  })
})
