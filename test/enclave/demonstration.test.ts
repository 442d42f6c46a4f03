/** `npm start -- --enclave --once`: the whole product, its core in an emulated enclave that is killed in the middle. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'

const start = join(import.meta.dirname, '../../anvil/start.ts')

test('default: everything is paid and all books agree', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bursar-demonstration-'))
  const run = spawn(process.execPath, [start, '--enclave', '--once', '--json', '--dir', folder])
  const ended = new Promise((resolve) => run.once('close', resolve))
  const [stdout, stderr, code] = await Promise.all([text(run.stdout), text(run.stderr), ended])
  expect(code, stderr).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ events: 2_000, discrepancies: 0, owedWei: '0' })
  rmSync(folder, { recursive: true })
})
