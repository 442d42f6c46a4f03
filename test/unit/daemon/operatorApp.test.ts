import { expect, test, vi } from 'vitest'
import { operatorStatusAnswer, payoutPlanAnswer } from '../../../client/operatorApi.ts'
import type { LaneAndHost } from '../../../daemon/config.ts'
import { payeeOf } from '../ledger/support.ts'
import { listenTo, until } from './listen.ts'
import { createWorld, creditBatch, directPayee, ticketPayee, waiting } from './support.ts'

const token = 'operator-token-of-thirty-two-chars'
const operator = { operator: { listen: '127.0.0.1:0', tokenFile: '' }, operatorToken: token }

const otherPayee = payeeOf(902)

async function startWithOperator(change: Partial<LaneAndHost> = {}) {
  const world = createWorld()
  const daemon = await world.startOpen({ ...operator, ...change })
  const url = await vi.waitFor(() => {
    const line = daemon.log.find(({ msg }) => msg === 'listening for the operator')
    if (!line) throw new Error('not listening yet')
    return line.url as string
  }, waiting)
  const ask = (authorization: string, path = '/operator/status') => fetch(url + path, { headers: { authorization } })
  return { world, daemon, url, ask }
}

test('error: nobody without the token', async () => {
  const { daemon, url, ask } = await startWithOperator()
  for (const wrong of ['', token, `Bearer ${token}x`, `Bearer ${token.slice(1)}`, `Basic ${token}`]) {
    const answer = await ask(wrong)
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toBe('Bearer')
    expect(await answer.json()).toMatchObject({ code: 'UNAUTHORIZED' })
  }
  expect((await fetch(`${url}/operator/nothing`)).status).toBe(401)
  // Not on the public listener, token or not.
  const headers = { authorization: `Bearer ${token}` }
  expect((await fetch(`${daemon.url}/operator/status`, { headers })).status).toBe(404)
  expect(JSON.stringify(daemon.log)).not.toContain(token)
})

test('error: the token cannot be guessed at any speed', async () => {
  const { ask } = await startWithOperator()
  const answers = await Promise.all(Array.from({ length: 201 }, () => ask('Bearer guess')))
  expect(answers.filter(({ status }) => status === 429)).toHaveLength(1)
})

test('behavior: status says who waits, and why', async () => {
  const { world, daemon, ask } = await startWithOperator()
  world.chain.inactive.add(ticketPayee)
  world.chain.refusing.add(directPayee)
  await daemon.client.sendBatch(creditBatch(0n, 5n))
  await daemon.client.sendBatch(creditBatch(1n, 6n, ticketPayee))
  await vi.waitFor(async () => {
    const answer = await ask(`Bearer ${token}`)
    const status = operatorStatusAnswer.read(await answer.json(), '')
    expect(status).toMatchObject({ state: 'open', chain: { gasAccountWei: 10n ** 18n } })
    expect(status.leftOut).toEqual([
      { payee: directPayee, owedWei: 5n, reason: 'PAYEE_REFUSES', detail: 'execution reverted' },
      { payee: ticketPayee, owedWei: 6n, reason: 'ORCHESTRATOR_INACTIVE', detail: null },
    ])
  }, waiting)
})

test('behavior: a dry run shows what would be paid, and why each other payee is not, and pays nothing', async () => {
  const { world, daemon, ask } = await startWithOperator({ payIntervalMs: 3_600_000 })
  world.chain.refusing.add(directPayee)
  await daemon.client.sendBatch(creditBatch(0n, 5n))
  await daemon.client.sendBatch(creditBatch(1n, 6n, otherPayee))
  for (let i = 0; i < 2; i++) {
    const answer = await ask(`Bearer ${token}`, '/operator/payouts')
    const plan = payoutPlanAnswer.read(await answer.json(), '')
    expect(plan.payments).toEqual([{ payee: otherPayee, rail: 'direct', amountWei: 6n, totalWei: 6n }])
    expect(plan.leftOut).toEqual([
      { payee: directPayee, owedWei: 5n, reason: 'PAYEE_REFUSES', detail: 'execution reverted' },
    ])
    expect(plan).toMatchObject({ balanceWei: await world.chain.balance(), roomWei: await world.chain.room() })
    expect(plan.gas).toBeGreaterThan(0n)
  }
  expect((await daemon.client.payouts()).payouts).toEqual([])
})

test('behavior: a listener is told what is wrong, when it begins and when it is over', async () => {
  const { world, daemon, url, ask } = await startWithOperator()
  const headers = { authorization: `Bearer ${token}` }
  expect((await ask('', '/operator/stream')).status).toBe(401)
  const listener = await listenTo(`${url}/operator/stream`, headers)
  await until(listener, { event: 'concerns', data: { concerns: [] } })

  world.chain.refusing.add(directPayee)
  await daemon.client.sendBatch(creditBatch(0n, 5n))
  const refuses = { kind: 'left_out', code: 'PAYEE_REFUSES', payee: directPayee, detail: 'execution reverted' }
  await until(listener, { event: 'raised', data: refuses })
  // Whoever comes later hears of it at once.
  const late = await listenTo(`${url}/operator/stream`, headers)
  await until(late, { event: 'concerns', data: { concerns: [refuses] } })

  world.chain.refusing.delete(directPayee)
  for (const one of [listener, late]) await until(one, { event: 'cleared', data: refuses })

  world.chain.plant([{ name: 'DepositFunded', args: { sender: payeeOf(903), amount: 2n } }])
  const gift = { kind: 'discrepancy', code: 'DEPOSIT_GIFT', payee: null, detail: expect.stringMatching(/^gift: /) }
  await until(listener, { event: 'raised', data: gift })

  world.coreHost.restart()
  await until(listener, { event: 'raised', data: expect.objectContaining({ code: 'NOT_OPEN' }) })
})
