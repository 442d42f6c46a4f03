/** Server-sent events: in order, by payee, resumed, taken back, and only so many. */
import { expect, test, vi } from 'vitest'
import { listenTo, type Told, until } from './listen.ts'
import { createWorld, creditBatch, directPayee, type TestDaemon, ticketPayee, waiting } from './support.ts'

const listen = ({ url }: TestDaemon, query = '', headers = {}) => listenTo(`${url}/api/stream${query}`, headers)

const paid = (payee: string, wei: string) => ({
  event: 'payout',
  data: expect.objectContaining({ payee, status: 'paid', amount_wei: wei }),
})

test('behavior: payouts and anchors as they happen, for all or for one payee', async () => {
  const daemon = await createWorld().startOpen()
  const [all, mine] = [await listen(daemon), await listen(daemon, `?payee=${directPayee}`)]
  await vi.waitFor(() => expect(all.firstId).toMatch(/^\d+\.\d+$/), waiting)
  await daemon.client.sendBatch(creditBatch(0n, 5n))
  await daemon.client.sendBatch(creditBatch(1n, 6n, ticketPayee))
  await until(all, paid(directPayee, '5'))
  await until(all, paid(ticketPayee, '6'))
  await until(all, { event: 'anchor' })
  await until(mine, paid(directPayee, '5'))
  expect(mine.told.filter(({ data }) => data.payee === ticketPayee)).toEqual([])
})

test('behavior: whoever comes back hears what it missed, once', async () => {
  const daemon = await createWorld().startOpen()
  const first = await listen(daemon)
  await daemon.client.sendBatch(creditBatch(0n, 5n))
  await until(first, paid(directPayee, '5'))
  const last = first.told.find(({ event }) => event === 'payout') as Told
  first.stop()
  await daemon.client.sendBatch(creditBatch(1n, 7n))
  const again = await listen(daemon, '', { 'last-event-id': last.id })
  await until(again, paid(directPayee, '7'))
  expect(again.told.filter(({ event }) => event === 'payout')).toHaveLength(1)
  expect(again.told.map(({ id }) => id)).not.toContain(last.id)
  const refused = await fetch(`${daemon.url}/api/stream?after=x`)
  expect(await refused.json()).toMatchObject({ code: 'BAD_PARAMS', facts: { path: 'after' } })
})

test('behavior: what the chain takes back is told, and what it says then', async () => {
  const world = createWorld()
  const daemon = await world.startOpen()
  const listener = await listen(daemon)
  await daemon.client.sendBatch(creditBatch(0n, 5n))
  await until(listener, paid(directPayee, '5'))
  const { number } = await world.chain.block()
  world.chain.reorganise(number - 1, true)
  await until(listener, { event: 'rewind', data: { block: 0 } })
  const at = listener.told.findIndex(({ event }) => event === 'rewind')
  await vi.waitFor(
    () => expect(listener.told.slice(at)).toContainEqual(expect.objectContaining(paid(directPayee, '5'))),
    waiting,
  )
})

test('error: only so many listen, and a place is given back', async () => {
  const limits = { addressPerSecond: 1_000, reporterPerSecond: 1_000, streams: 2, requestMs: 30_000 }
  const daemon = await createWorld().startDaemon({ limits })
  const [one] = [await listen(daemon), await listen(daemon)]
  expect((await fetch(`${daemon.url}/api/stream`)).status).toBe(429)
  const metrics = await (await fetch(`${daemon.url}/metrics`)).text()
  expect(metrics).toContain('bursar_streams 2')
  expect(metrics).toContain('bursar_rate_limited_total{by="streams"} 1')
  one.stop()
  await vi.waitFor(async () => expect((await listen(daemon)).status).toBe(200), waiting)
})
