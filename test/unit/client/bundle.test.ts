/** The SDK as a browser gets it. */
import { expect, test } from 'vitest'
import { bundleSdk } from '../../../tools/bundleSdk.js'

/** What only Node has. The codec of base64 names Buffer, behind a question whether the browser's own is there. */
const nodeOnly = /(?:from|import)\s*\(?["'](?:node:|secp256k1|hash-wasm)|\brequire\(|\bprocess\./

test('default: nothing of Node is in what a browser loads, and what is not used is left out', {
  timeout: 120_000,
}, async () => {
  const whole = await bundleSdk()
  expect(whole).not.toMatch(nodeOnly)
  const proofs = await bundleSdk(['verifyInclusion', 'verifyConsistency'])
  expect(proofs).not.toMatch(nodeOnly)
  expect(proofs.length).toBeLessThan(whole.length / 3)

  // It runs as a module of its own, out of the bundle alone.
  const module = await import(`data:text/javascript;base64,${Buffer.from(whole).toString('base64')}`)
  const secretKey = new Uint8Array(32).fill(1)
  const domain = { chainId: 1n, verifyingContract: `0x${'11'.repeat(20)}` }
  const batch = module.signBatch({ domain, secretKey, sequence: 0n, events: [] })
  expect(batch.batch.reporter).toBe(module.addressOfKey(secretKey))
})
