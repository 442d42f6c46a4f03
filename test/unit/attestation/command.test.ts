/** `bursar attestation` as a process: what it prints and how it exits. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fingerprint, imageOf, madeAtMs, makeDocument, rootCertificate } from './maker.ts'

let folder: string
const main = join(import.meta.dirname, '../../../cli/main.ts')
const madeAt = new Date(madeAtMs).toISOString()

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bursar-attestation-'))
  const debug = new Map([...imageOf(1)].map((_, register) => [register, new Uint8Array(48)]))
  writeFileSync(join(folder, 'good'), makeDocument({ fields: { module_id: 'i-0123\u001b[2J' } }))
  writeFileSync(join(folder, 'debug'), makeDocument({ fields: { pcrs: debug } }))
  writeFileSync(join(folder, 'root.pem'), pem(rootCertificate))
})
afterAll(() => rmSync(folder, { recursive: true }))

const pem = (der: Uint8Array): string =>
  `-----BEGIN CERTIFICATE-----\n${Buffer.from(der).toString('base64')}\n-----END CERTIFICATE-----\n`

function run(...options: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'attestation', ...options], {
    cwd: folder,
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

/** The rows `name  verdict` of the table of checks. */
const checks = (stdout: string): string[] =>
  [...stdout.matchAll(/^([a-z ]+?) {2,}(ok|rejected|not reached|not checked)\b/gm)].map((it) => `${it[1]}: ${it[2]}`)

describe('accepted', () => {
  test('default', () => {
    const { status, stdout, stderr } = run('good', '--at', madeAt, '--root', 'root.pem')
    expect([status, stderr]).toEqual([0, ''])
    expect(checks(stdout)).toEqual([
      ...['envelope', 'fields', 'certificates', 'root', 'times', 'uses', 'chain', 'signature', 'debug mode'].map(
        (name) => `${name}: ok`,
      ),
      ...['image', 'nonce', 'user data'].map((name) => `${name}: not checked`),
    ])
    expect(stdout).toContain(`${Buffer.from(fingerprint(rootCertificate)).toString('hex')}, NOT that of AWS`)
    for (const text of ['01'.repeat(48), Buffer.from('user data').toString('hex'), madeAt, 'whoever holds the key'])
      expect(stdout).toContain(text)
    expect(stdout).not.toContain('\u001b')
    expect(stdout).not.toContain('not prove')
  })

  test('behavior: its own time proves nothing, and that is said', () => {
    const { status, stdout } = run('good', '--at', 'document', '--root', 'root.pem')
    expect(status).toBe(0)
    expect(stdout).toMatch(/does not prove that it is fresh/)
  })

  test('behavior: JSON', () => {
    const { status, stdout } = run('good', '--at', '2026-01-03T21:41:07+01:00', '--root', 'root.pem', '--json')
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      verdict: 'accepted',
      isAwsRoot: false,
      at: '2026-01-03T20:41:07.000Z',
      checks: { signature: 'ok', image: 'not checked' },
      document: { timestampMs: madeAtMs, pcrs: { 0: '01'.repeat(48) }, publicKey: null, nonce: '6e6f6e6365' },
    })
  })
})

describe('rejected', () => {
  test.each([
    ['debug', madeAt, ['--root', 'root.pem'], 'DEBUG_MODE', 'debug mode'],
    ['good', '2027-01-01T00:00:00Z', ['--root', 'root.pem'], 'EXPIRED', 'times'],
    ['good', madeAt, [], 'WRONG_ROOT', 'root'],
    ['root.pem', madeAt, [], 'MALFORMED_CBOR', 'envelope'],
  ])('%s at %s with %s: %s', (file, at, options, code, check) => {
    const { status, stdout } = run(file, '--at', at, ...options, '--json')
    expect(status).toBe(1)
    const { verdict, checks, document, ...rest } = JSON.parse(stdout)
    expect([verdict, rest.code, document]).toEqual(['rejected', code, undefined])
    const verdicts = Object.values(checks)
    const place = Object.keys(checks).indexOf(check)
    expect(verdicts).toEqual(verdicts.map((_, n) => (n < place ? 'ok' : n === place ? 'rejected' : 'not reached')))
  })

  test('behavior: nothing of a rejected document is shown', () => {
    const { status, stdout } = run('debug', '--at', madeAt, '--root', 'root.pem')
    expect(status).toBe(1)
    expect(stdout).toContain('rejected: DEBUG_MODE: ')
    expect(stdout).not.toContain('i-0123')
    expect(checks(stdout).slice(8)).toEqual([
      'debug mode: rejected',
      ...['image', 'nonce', 'user data'].map((name) => `${name}: not reached`),
    ])
  })
})

test.each([
  [['none', '--at', 'document'], 'FILE_UNREADABLE'],
  [['good', '--at', 'document', '--root', 'none'], 'FILE_UNREADABLE'],
  [['good', '--at', 'document', '--root', 'good'], 'ROOT_MALFORMED'],
  [['good'], '--at'],
  [['good', '--at', 'yesterday'], '2026-01-03T20:41:00Z'],
  [['good', '--at', '2026-02-30T00:00:00Z'], '2026-01-03T20:41:00Z'],
  [['good', '--at', '2026-02-03T00:00:00'], '2026-01-03T20:41:00Z'],
])('error: %s', (options, said) => {
  const { status, stdout, stderr } = run(...options)
  expect([status, stdout]).toEqual([2, ''])
  expect(stderr).toMatch(new RegExp(said))
  expect(stderr).not.toMatch(/ at .*\.ts:/)
})
