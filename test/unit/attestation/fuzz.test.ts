/** Spoiled documents by the thousand; fuzz.ts judges a million. */
import { expect, test, vi } from 'vitest'
import { isTrue } from '../../../anvil/der.ts'
import { rejectionCodes } from '../../../attestation/rejection.ts'
import { runCampaign, specimens } from './campaign.ts'
import {
  certSign,
  constraints,
  fingerprint,
  keys,
  madeAtMs,
  makeCertificate,
  makeDocument,
  rootCertificate,
  spkiOf,
  verdict,
} from './maker.ts'
import { asked } from './openssl.ts'

vi.mock('../../../attestation/signature.ts', () => import('./openssl.ts'))

const seed = Date.now() % 2 ** 32

test(`no spoiled document is accepted, none ends in anything but a rejection (seed ${seed})`, () => {
  const good = specimens()
  expect(good.map(({ document, expected }) => verdict(document, expected))).toEqual(good.map(() => 'accepted'))
  const { verdicts } = runCampaign({ seed, count: 20_000, specimens: good, judge: verdict })
  expect([...rejectionCodes, 'accepted']).toEqual(expect.arrayContaining(Object.keys(verdicts)))
  for (const code of ['MALFORMED_CBOR', 'MALFORMED_CERTIFICATE', 'COSE_SIGNATURE', 'BROKEN_CHAIN'])
    expect(verdicts[code]).toBeGreaterThan(20)
}, 120_000)

test('a long bundle of a stranger costs one verification', () => {
  const stranger = makeCertificate('regional', {
    signer: keys.stranger,
    key: spkiOf(keys.stranger),
    extensions: [constraints(isTrue), certSign],
  })
  const document = makeDocument({ fields: { cabundle: [rootCertificate, ...new Array(30).fill(stranger)] } })
  const before = asked.times
  expect(verdict(document, { root: fingerprint(rootCertificate), at: madeAtMs })).toBe('BROKEN_CHAIN')
  expect(asked.times - before).toBe(1)
})
