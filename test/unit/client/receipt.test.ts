import { describe, expect, test } from 'vitest'
import { addressOfKey, batchLeafHash } from '../../../client/batch.ts'
import { nameToBytes32 } from '../../../client/ids.ts'
import { LogTree } from '../../../client/logTree.ts'
import { type Receipt, verifyReceipt } from '../../../client/receipt.ts'
import { leafHash } from '../../../ledger/eventLog.ts'
import type { Hex } from '../../../ledger/hex.ts'
import { signHash } from '../../../ledger/signature.ts'
import type { LogHead } from '../../../ledger/structs.ts'
import { type Domain, digest } from '../../../ledger/typedData.ts'
import { domain, keyOf, payeeOf, signed } from '../ledger/support.ts'

const coreKey = keyOf(40)
const core = addressOfKey(coreKey)
const leaf = batchLeafHash(signed(0n, []))
const log = new LogTree()
for (const one of [leafHash(Uint8Array.of(1)), leafHash(Uint8Array.of(2)), leaf]) log.append(one)

function receiptOf(changes: Partial<LogHead> = {}, key = coreKey, forDomain: Domain = domain): Receipt {
  const head = { epoch: 3n, boot: nameToBytes32('boot'), size: 3n, root: log.root(), ...changes }
  const signature = signHash(digest(forDomain, 'LogHead', head), key)
  return { head: { ...head, signature }, position: 2, path: log.inclusionPath(2) }
}

test('verifyReceipt: the core signed that this leaf lies there', () => {
  expect(verifyReceipt(domain, core, receiptOf(), leaf)).toBe(true)
})

describe('error', () => {
  const other = nameToBytes32('other')
  const good = receiptOf()
  const withHead = (changes: Partial<LogHead>): Receipt => ({ ...good, head: { ...good.head, ...changes } })

  test.each<[string, Receipt]>([
    ['the epoch altered', withHead({ epoch: 4n })],
    ['the boot altered', withHead({ boot: other })],
    ['the size altered', withHead({ size: 4n })],
    ['the root altered', withHead({ root: other })],
    ['signed for a root that does not hold the leaf', receiptOf({ root: other })],
    ['signed for another size', receiptOf({ size: 4n })],
    ['signed by another key', receiptOf({}, keyOf(41))],
    ['signed for another chain', receiptOf({}, coreKey, { ...domain, chainId: 1n })],
    ['signed for another contract', receiptOf({}, coreKey, { ...domain, verifyingContract: payeeOf(1) })],
    ['another position', { ...good, position: 1 }],
    ['a position outside', { ...good, position: 3 }],
    ['a shorter path', { ...good, path: good.path.slice(1) }],
    ['a longer path', { ...good, path: [...good.path, other] }],
    ['no signature', { ...good, head: { ...good.head, signature: '0x' as Hex } }],
  ])('%s', (_, receipt) => {
    expect(verifyReceipt(domain, core, receipt, leaf)).toBe(false)
  })

  test('another leaf, another core', () => {
    expect(verifyReceipt(domain, core, good, leafHash(new Uint8Array([1])))).toBe(false)
    expect(verifyReceipt(domain, payeeOf(1), good, leaf)).toBe(false)
  })
})
