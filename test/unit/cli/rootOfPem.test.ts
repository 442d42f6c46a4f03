import { expect, test } from 'vitest'
import { awsNitroRoot } from '../../../attestation/roots.ts'
import { rootOfPem } from '../../../cli/rootOfPem.ts'
import { fingerprint, rootCertificate } from '../attestation/maker.ts'

const pem = (der: Uint8Array): string =>
  `-----BEGIN CERTIFICATE-----\n${Buffer.from(der).toString('base64').replaceAll(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`

test('default: the name of a root is its fingerprint', () => {
  expect(Buffer.from(rootOfPem(pem(rootCertificate)))).toEqual(fingerprint(rootCertificate))
  expect(Buffer.from(awsNitroRoot).toString('hex')).toMatch(/^641a0321a3e244ef[0-9a-f]{32}9893f3c68f79bb5b$/)
})

test('error: no certificate, or more than one', () => {
  const one = pem(rootCertificate)
  for (const text of [
    '',
    'text',
    one + one,
    `${one}more`,
    one.replaceAll('CERTIFICATE', 'PUBLIC KEY'),
    pem(new Uint8Array()),
    one.replace('MII', 'M*I'),
    one.replace('MII', 'M=I'),
  ])
    expect(() => rootOfPem(text)).toThrow(RangeError)
})
