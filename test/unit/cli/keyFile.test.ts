import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Fault } from '../../../cli/fault.ts'
import { readKeyFile } from '../../../cli/keyFile.ts'
import { toHex } from '../../../ledger/hex.ts'
import { reporter, reporterKey } from '../ledger/support.ts'
import { newDirectory } from './support.ts'

const secret = 'ab'.repeat(32)

function keyFile(text: string, mode = 0o600): string {
  const path = join(newDirectory(), 'key')
  writeFileSync(path, text)
  chmodSync(path, mode)
  return path
}

function faultOf(path: string): Fault {
  try {
    readKeyFile(path)
  } catch (error) {
    if (error instanceof Fault) return error
    throw error
  }
  throw new Error('expected a fault')
}

test.each([toHex(reporterKey), toHex(reporterKey).slice(2), `${toHex(reporterKey).toUpperCase().replace('X', 'x')}\n`])(
  'default: the key and its address, from %s',
  (text) => expect(readKeyFile(keyFile(text))).toEqual({ secretKey: reporterKey, address: reporter }),
)

test.each([0o400, 0o600, 0o700])('behavior: mode %o is its owner’s alone', (mode) => {
  expect(readKeyFile(keyFile(secret, mode)).secretKey).toHaveLength(32)
})

test.each([0o640, 0o604, 0o660, 0o620, 0o610, 0o601, 0o644])('KEY_FILE_OPEN: mode %o', (mode) => {
  const path = keyFile(secret, mode)
  const fault = faultOf(path)
  expect(fault).toMatchObject({ code: 'KEY_FILE_OPEN', exitCode: 2 })
  expect(fault.next).toContain(`chmod 600 ${path}`)
})

test.each([
  ['too short', secret.slice(2)],
  ['too long', `${secret}ab`],
  ['no hex', 'xy'.repeat(32)],
  ['zero', '00'.repeat(32)],
  ['above the order of the curve', 'ff'.repeat(32)],
  ['empty', ''],
  ['two keys', `${secret}\n${secret}`],
])('KEY_FILE_MALFORMED: %s, without a word of it', (_, text) => {
  const fault = faultOf(keyFile(text))
  expect(fault).toMatchObject({ code: 'KEY_FILE_MALFORMED', exitCode: 2 })
  const said = `${fault.message} ${fault.next} ${String(fault.cause)}`
  if (text !== '') expect(said).not.toContain(text.slice(0, 20))
})

test('KEY_FILE_UNREADABLE: none there, or a directory', () => {
  const directory = newDirectory()
  expect(faultOf(join(directory, 'none'))).toMatchObject({ code: 'KEY_FILE_UNREADABLE', exitCode: 2 })
  chmodSync(directory, 0o700)
  expect(faultOf(directory)).toMatchObject({ code: 'KEY_FILE_UNREADABLE', exitCode: 2 })
})
