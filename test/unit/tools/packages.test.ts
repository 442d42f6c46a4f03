import { expect, test } from 'vitest'
import { packageFaults } from '../../../tools/packages.js'

const good = { version: '1.0.0', integrity: 'sha512-x', license: 'MIT' }
const faultsOf = (change: object) => packageFaults({ packages: { '': {}, 'node_modules/one': { ...good, ...change } } })

test('the lockfile: every package is known by its hash and its licence', () => {
  expect(packageFaults()).toEqual([])
})

test.each([
  ['no hash', { integrity: undefined }],
  ['a weak hash', { integrity: 'sha1-x' }],
  ['another place', { resolved: 'https://example.org/one.tgz' }],
  ['a licence that does not go with ours', { license: 'AGPL-3.0' }],
  ['no licence', { license: undefined }],
  ['a licence for tools only', { license: 'MPL-2.0' }],
  ['a link to another folder', { link: true, resolved: 'elsewhere', integrity: undefined }],
])('error: %s', (_, change) => expect(faultsOf(change)).not.toEqual([]))
