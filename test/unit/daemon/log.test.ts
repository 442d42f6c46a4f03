import { expect, test } from 'vitest'
import { createLog } from '../../../daemon/log.ts'

test('behavior: of a URL only scheme and host reach the log', () => {
  const lines: string[] = []
  const log = createLog('info', { write: (line) => lines.push(line) })
  log.info(
    { err: new Error('no answer: https://user:secret@rpc.example/v2/secret?key=secret') },
    'http://127.0.0.1:8545/secret',
  )
  log.info({ store: 'postgres://bursar:secret@db.example/secret?password=secret' }, 'opening')
  log.info({ url: 'http://127.0.0.1:8080', epoch: 2n ** 60n }, 'listening')
  expect(lines.join('')).not.toContain('secret')
  expect(JSON.parse(lines[0] as string)).toMatchObject({
    msg: 'http://127.0.0.1:8545',
    err: { message: 'no answer: https://rpc.example' },
  })
  expect(lines[1]).toContain('"store":"postgres://db.example"')
  expect(lines[2]).toContain('"url":"http://127.0.0.1:8080","epoch":1152921504606846976')
})
