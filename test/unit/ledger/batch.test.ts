import { secp256k1 } from '@noble/curves/secp256k1.js'
import { encodeAbiParameters, keccak256, stringToBytes } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { describe, expect, test } from 'vitest'
import type { SentBatch } from '../../../client/entries.ts'
import { credit, workload } from '../../../client/events.ts'
import { checkFirstConfiguration } from '../../../ledger/config.ts'
import { authenticate, entryLeaf, fromSealed } from '../../../ledger/entry.ts'
import { leafHash } from '../../../ledger/eventLog.ts'
import { type Hex, toBytes, toHex } from '../../../ledger/hex.ts'
import { createLedger } from '../../../ledger/state.ts'
import { encodeType } from '../../../ledger/typedData.ts'
import { viemParameter, viemTypes } from './structArbitraries.ts'
import {
  configuration,
  domain,
  expectRefusal,
  expectUnchanged,
  keyOf,
  payeeOf,
  reporter,
  reporterKey,
  send,
  signed,
} from './support.ts'

const rules = checkFirstConfiguration(configuration())
const events = [
  workload({ id: 'job-1', payee: payeeOf(1), tariff: 'gpu-second', units: 12n }),
  credit({ id: 'bonus', payee: payeeOf(2), wei: 5n }),
]
const good = signed(0n, events)

/** r and s as they are, s as its other half of the order: verifies under the same key, in naive code. */
function highSTwin(signature: Hex): Hex {
  const { n } = secp256k1.Point.CURVE()
  const bytes = toBytes(signature)
  const parity = (bytes[32] as number) >> 7
  const s = BigInt(`0x${signature.slice(66)}`) & (2n ** 255n - 1n)
  const twin = (n - s) | (BigInt(1 - parity) << 255n)
  return `${signature.slice(0, 66)}${twin.toString(16).padStart(64, '0')}` as Hex
}

describe('authenticate', () => {
  test('default: the batch, with the hash of its leaf', () => {
    const batch = authenticate(rules, good)
    expect(batch).toEqual({ ...good, leaf: entryLeaf(good), leafHash: leafHash(entryLeaf(good)) })
  })

  test('behavior: takes what viem signed', async () => {
    const account = privateKeyToAccount(toHex(reporterKey))
    const full = await account.signTypedData({
      domain: { name: 'Bursar', version: '1', ...domain },
      types: viemTypes,
      primaryType: 'Batch',
      message: good.batch as unknown as Record<string, unknown>,
    })
    const parity = BigInt(`0x${full.slice(130)}`) - 27n
    const vs = BigInt(`0x${full.slice(66, 130)}`) | (parity << 255n)
    const signature = `${full.slice(0, 66)}${vs.toString(16).padStart(64, '0')}` as Hex
    expect(account.address.toLowerCase()).toBe(reporter)
    expect(signature).toBe(good.signature) // both are RFC 6979
    expect(authenticate(rules, { ...good, signature }).batch).toEqual(good.batch)
  })

  const notSigned = (change: Partial<SentBatch>) => () => authenticate(rules, { ...good, ...change })
  const altered = { ...good.batch, events: good.batch.events.map((e) => ({ ...e, value: e.value + 1n })) }

  test.each<[string, Partial<SentBatch>]>([
    ['an event altered', { batch: altered }],
    ['an event taken out', { batch: { ...good.batch, events: events.slice(1) } }],
    ['two events swapped', { batch: { ...good.batch, events: events.toReversed() } }],
    ['the sequence altered', { batch: { ...good.batch, sequence: 1n } }],
    ['signed by another', { signature: signed(0n, events, keyOf(5)).signature }],
    ['the high-s twin', { signature: highSTwin(good.signature) }],
    ['65 bytes', { signature: `${good.signature}1b` }],
    ['63 bytes', { signature: good.signature.slice(0, -2) as Hex }],
    ['no signature', { signature: '0x' }],
    ['all zeros', { signature: `0x${'00'.repeat(64)}` }],
    ['all ones', { signature: `0x${'ff'.repeat(64)}` }],
    ['the other parity', { signature: otherParity(good.signature) }],
  ])('G6: BAD_SIGNATURE: %s', (_, change) => {
    expectRefusal(notSigned(change), 'BAD_SIGNATURE', { reporter })
  })

  test('G6: BAD_SIGNATURE: in the name of another reporter', () => {
    const other = payeeOf(3)
    expectRefusal(notSigned({ batch: { ...good.batch, reporter: other } }), 'BAD_SIGNATURE', { reporter: other })
  })

  test('G6: signed for another chain or contract, and sent as if for this one', () => {
    for (const other of [{ chainId: 1n }, { verifyingContract: payeeOf(9) }]) {
      const ledger = createLedger(configuration({ ...domain, ...other }))
      expectUnchanged(ledger, () => send(ledger, { ...good, ...other }), 'BAD_SIGNATURE', { reporter })
    }
  })
})

test('entryLeaf of a batch: type hash and abi.encode(batch, signature), as viem', () => {
  const parameters = [viemParameter('Batch'), viemParameter('bytes')]
  const encoded = encodeAbiParameters(parameters, [good.batch, good.signature])
  expect(toHex(entryLeaf(good))).toBe(`${keccak256(stringToBytes(encodeType('Batch')))}${encoded.slice(2)}`)
})

test('entryLeaf of a batch: another signature of the same batch is another leaf', () => {
  expect(entryLeaf({ ...good, signature: highSTwin(good.signature) })).not.toEqual(entryLeaf(good))
})

test('entryLeaf of a configuration: type hash and abi.encode(configuration, signatures), as viem', () => {
  const signatures = [good.signature]
  const parameters = [viemParameter('Configuration'), viemParameter('bytes[]')]
  const encoded = encodeAbiParameters(parameters, [configuration(), signatures])
  const typeHash = keccak256(stringToBytes(encodeType('Configuration')))
  expect(toHex(entryLeaf({ configuration: configuration(), signatures }))).toBe(`${typeHash}${encoded.slice(2)}`)
})

test('fromSealed: the same as authenticate gave', () => {
  expect(fromSealed(good)).toEqual(authenticate(rules, good))
})

function otherParity(signature: Hex): Hex {
  const bytes = toBytes(signature)
  bytes[32] = (bytes[32] as number) ^ 0x80
  return toHex(bytes)
}
