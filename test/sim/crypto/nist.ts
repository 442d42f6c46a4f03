/** P-384 as noble has it, each verification computed once: certificate chains are the same in every run. */
import { p384 as noble } from '@noble/curves/nist.js'
import { createMemo, keyOf } from './memo.ts'

type Verify = typeof noble.verify
const verified = createMemo<boolean>(1_000)

const verify: Verify = (signature, message, publicKey, options) =>
  verified(`${keyOf(signature, message, publicKey)}${JSON.stringify(options)}`, () =>
    noble.verify(signature, message, publicKey, options),
  )

export const p384 = { ...noble, verify }
