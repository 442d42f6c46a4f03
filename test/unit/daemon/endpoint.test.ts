import { expect, test } from 'vitest'
import { parseEndpoint } from '../../../daemon/endpoint.ts'

test.each([
  ['unix:/run/core.sock', { path: '/run/core.sock' }],
  ['tcp:localhost:0', { host: 'localhost', port: 0 }],
  ['tcp:127.0.0.1:65535', { host: '127.0.0.1', port: 65_535 }],
  ['tcp:[::1]:5000', { host: '::1', port: 5000 }],
])('default: %s', (text, endpoint) => expect(parseEndpoint(text)).toEqual(endpoint))

test.each([
  '',
  'unix:relative',
  'unix:/',
  'tcp:localhost',
  'tcp::80',
  'tcp:localhost:65536',
  'tcp:localhost:123456',
  'tcp:a:b:1',
  'http://localhost:1',
])('error: "%s" is none', (text) => expect(() => parseEndpoint(text)).toThrow(RangeError))
