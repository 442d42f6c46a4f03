import { expect, test } from 'vitest'
import { waitFor } from '../../../anvil/waiting.ts'

const { signal } = new AbortController()
const wait = { what: 'nothing comes', timeoutMs: 1_000, signal }

test('default: the first answer, however often there was none or an error before', async () => {
  const answers = [undefined, new Error('not yet'), 'here', 'too late']
  const ask = async () => {
    const answer = answers.shift()
    if (answer instanceof Error) throw answer
    return answer
  }
  expect(await waitFor(wait, ask)).toBe('here')
})

test('error: the time is up; the last error is its cause', async () => {
  const cause = new Error('refused')
  const asked = waitFor({ ...wait, timeoutMs: 120 }, () => Promise.reject(cause))
  await expect(asked).rejects.toMatchObject({ message: 'nothing comes: waited 0.12 s in vain', cause })
})

test('error: the signal ends it with its reason', async () => {
  const stop = new AbortController()
  const asked = waitFor({ ...wait, timeoutMs: 60_000, signal: stop.signal }, async () => undefined)
  stop.abort(new Error('enough'))
  await expect(asked).rejects.toThrow('enough')
})
