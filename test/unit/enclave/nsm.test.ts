import { expect, test } from 'vitest'
import { encodeCbor } from '../../../anvil/cbor.ts'
import { type NsmDevice, nsmAttest, nsmRandom } from '../../../enclave/nsm.ts'

const answers =
  (answer: Parameters<typeof encodeCbor>[0]): NsmDevice =>
  () =>
    encodeCbor(answer)
const map = <V>(entries: Record<string, V>) => new Map(Object.entries(entries))

/** What the module is asked, and the document that it gives. */
function attest(request: Parameters<typeof nsmAttest>[1]) {
  let asked: Uint8Array = new Uint8Array()
  const document = nsmAttest((bytes) => {
    asked = bytes
    return encodeCbor(map({ Attestation: map({ document: new Uint8Array([1, 2]) }) }))
  }, request)
  return { asked: Buffer.from(asked), document }
}

test.for([0, 1, 23, 24, 255, 256, 512])('behavior: a request with %i bytes is in shortest form', (length) => {
  const userData = new Uint8Array(length).fill(5)
  const { asked, document } = attest({ userData, nonce: userData })
  const members = map({ user_data: userData, nonce: userData, public_key: null })
  expect(asked).toEqual(Buffer.from(encodeCbor(map({ Attestation: members }))))
  expect(Buffer.from(document)).toEqual(Buffer.from([1, 2]))
})

test('behavior: a key to encrypt to goes with the request', () => {
  const publicKey = new Uint8Array(294).fill(6)
  const members = map({ user_data: new Uint8Array(), nonce: null, public_key: publicKey })
  expect(attest({ userData: new Uint8Array(), publicKey }).asked).toEqual(
    Buffer.from(encodeCbor(map({ Attestation: members }))),
  )
})

test('behavior: randomness is what the module gives', () => {
  const random = new Uint8Array(256).fill(9)
  expect(Buffer.from(nsmRandom(answers(map({ GetRandom: map({ random }) }))))).toEqual(Buffer.from(random))
})

test("error: the module's own code is named", () => {
  expect(() => nsmRandom(answers(map({ Error: 'InternalError' })))).toThrow('InternalError')
})

test.for([
  ['of another kind', map({ Attestation: map({ document: new Uint8Array() }) })],
  ['without the member', map({ GetRandom: map({ other: new Uint8Array() }) })],
  ['with another type', map({ GetRandom: map({ random: 'text' }) })],
  ['with more in it', map({ GetRandom: map<Uint8Array>({ random: new Uint8Array(), more: new Uint8Array() }) })],
  ['with more beside it', new Map([...map({ GetRandom: map({ random: new Uint8Array() }) }), ...map({ x: null })])],
  ['that is no map', 'GetRandom'],
] as [string, Parameters<typeof encodeCbor>[0]][])('error: an answer %s', ([, answer]) => {
  expect(() => nsmRandom(answers(answer))).toThrow(
    /^the secure module('s answer does not hold random| answers GetRandom with something else)$/,
  )
})
