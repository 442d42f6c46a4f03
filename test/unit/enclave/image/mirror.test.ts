import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findMirror } from '../../../../enclave/image/mirror.ts'

const [archive, security] = ['http://mirror.example/debian', 'http://mirror.example/debian-security']

/** A folder like /etc/apt with these files in it. */
function apt(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'bursar-apt-'))
  mkdirSync(join(folder, 'sources.list.d'))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}

test('default: the URLs of one-line sources', () => {
  const list = [
    '# deb http://old.example/debian bookworm main',
    'deb http://other.example/tools stable main',
    `deb [arch=amd64 signed-by=/a/b.gpg] ${archive}/ bookworm main contrib`,
    `deb ${security} bookworm-security main`,
  ]
  expect(findMirror({}, apt({ 'sources.list': list.join('\n') }))).toEqual({ archive, security })
})

test('default: the URLs of stanzas', () => {
  const text = [
    `Types: deb deb-src\n# http://old.example/debian\nURIs: ${archive}\nSuites: bookworm`,
    `Types: deb\nURIs:\n ${security}\nSuites: bookworm-security`,
  ]
  const files = { 'sources.list.d/debian.sources': text.join('\n\n') }
  expect(findMirror({}, apt(files))).toEqual({ archive, security })
})

test('behavior: what is switched off, of sources alone, or in a file that apt does not read is no mirror', () => {
  const files = {
    'sources.list': `deb-src ${archive} bookworm main`,
    'sources.list.d/off.sources': `Enabled: no\nTypes: deb\nURIs: ${archive}\nSuites: bookworm`,
    'sources.list.d/source.sources': `Types: deb-src\nURIs: ${archive}\nSuites: bookworm`,
    'sources.list.d/old.list.disabled': `deb ${archive} bookworm main`,
  }
  expect(() => findMirror({}, apt(files))).toThrow('BURSAR_DEBIAN')
})

test('behavior: a machine without security updates has a mirror nevertheless', () => {
  expect(findMirror({}, apt({ 'sources.list': `deb ${archive} bookworm main` }))).toEqual({ archive })
})

test('behavior: the environment goes before what the machine has', () => {
  const folder = apt({ 'sources.list': 'deb http://other.example/debian bookworm main' })
  expect(findMirror({ BURSAR_DEBIAN: 'http://mirror.example/' }, folder)).toEqual({ archive, security })
})
