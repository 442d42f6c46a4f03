import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openLogFile } from '../../../cli/logFile.ts'
import type { SentBatch } from '../../../client/entries.ts'
import { LogTree } from '../../../client/logTree.ts'
import { receiptFile } from '../../../client/receiptFile.ts'
import { entryLeaf } from '../../../ledger/entry.ts'
import { leafHash } from '../../../ledger/eventLog.ts'
import { zeroHash } from '../../../ledger/hex.ts'
import { signHash } from '../../../ledger/signature.ts'
import { digest } from '../../../ledger/typedData.ts'
import { domain, keyOf, signed } from '../ledger/support.ts'

const main = join(import.meta.dirname, '../../../cli/main.ts')
const folder = mkdtempSync(join(tmpdir(), 'bursar-evidence-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** The receipt for the last of these entries. */
function writeReceipt(name: string, ...entries: readonly SentBatch[]): string {
  const tree = new LogTree()
  for (const entry of entries) tree.append(leafHash(entryLeaf(entry)))
  const head = { epoch: 1n, boot: zeroHash, size: BigInt(tree.size), root: tree.root() }
  const signature = signHash(digest(domain, 'LogHead', head), keyOf(40))
  const path = join(folder, name)
  const position = tree.size - 1
  const receipt = { head: { ...head, signature }, position, path: tree.inclusionPath(position) }
  writeFileSync(path, JSON.stringify(receiptFile.write({ batch: entries[position] as SentBatch, receipt })))
  return path
}

/** A copy of a log as `bursar audit` keeps it. */
function writeLog(name: string, ...entries: readonly SentBatch[]): string {
  const path = join(folder, name)
  const file = openLogFile(path)
  file.append(entries.map(entryLeaf))
  file.close()
  return path
}

const bursar = (...args: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'evidence', ...args], { encoding: 'utf8' })
  return { status, stdout, stderr }
}

test('G10: a fork is proved, written down, and proved again from the file alone', () => {
  const [a, b] = [writeReceipt('a', signed(0n, [])), writeReceipt('b', signed(1n, []))]
  const out = join(folder, 'proof.json')
  const found = bursar(a, b, '--out', out, '--json')
  expect(found.status).toBe(1)
  expect(JSON.parse(found.stdout)).toMatchObject({ verdict: 'lie', code: 'FORK' })
  const again = bursar('--check', out, '--json')
  expect([again.status, JSON.parse(again.stdout)]).toEqual([1, JSON.parse(found.stdout)])
  expect(Object.keys(JSON.parse(readFileSync(out, 'utf8')))).toEqual(['first', 'second', 'prefix'])
})

test('G10: with a copy of the log a fork shows between logs of two sizes, and its proof needs no copy', () => {
  const [b0, b1, b2] = [signed(0n, []), signed(1n, []), signed(2n, [])]
  const [a, larger] = [writeReceipt('small', b0), writeReceipt('large', b1, b2)]
  expect(bursar(a, larger)).toMatchObject({ status: 0, stdout: expect.stringMatching(/^CONSISTENT/) })
  const out = join(folder, 'larger.json')
  const found = bursar(a, larger, '--log', writeLog('log', b1, b2), '--out', out)
  expect(found).toMatchObject({ status: 1, stdout: expect.stringMatching(/^FORK/) })
  expect(bursar('--check', out)).toEqual(found)
  expect(bursar(a, larger, '--log', writeLog('short', b1))).toMatchObject({
    status: 2,
    stdout: expect.stringMatching(/^NOT_PROVED/),
  })
  const absent = join(folder, 'absent')
  expect(bursar(a, larger, '--log', absent)).toMatchObject({ status: 2 })
  expect(existsSync(absent)).toBe(false)
})

test('behavior: where nothing is proved nothing is written; one receipt alone cannot be told', () => {
  const a = writeReceipt('c', signed(0n, []))
  const out = join(folder, 'none.json')
  expect(bursar(a, a, '--out', out)).toMatchObject({ status: 0 })
  expect(existsSync(out)).toBe(false)
  expect(bursar(a)).toMatchObject({ status: 2 })
  expect(bursar('--check', a)).toMatchObject({ status: 2 })
  expect(bursar(a, '--rpc', 'http://127.0.0.1:1', '--json')).toMatchObject({ status: 2 })
})
