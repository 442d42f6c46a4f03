import { expect, test, vi } from 'vitest'
import { operatorStatusAnswer } from '../../../client/operatorApi.ts'
import { createWorld, creditBatch, directPayee, ticketPayee, waiting } from './support.ts'

const token = 'operator-token-of-thirty-two-chars'
const operator = { operator: { listen: '127.0.0.1:0', tokenFile: '' }, operatorToken: token }

async function startWithOperator() {
  const world = createWorld()
  const daemon = await world.startOpen(operator)
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
