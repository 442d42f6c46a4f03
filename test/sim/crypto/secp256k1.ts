/// <reference path="../../../primitives/bindings.d.ts" />
/**
 * libsecp256k1, each public key recovered or made once: several cores are shown the same batches and commits, and most of
 * the batches are those of every run. What is remembered is the library's own answer to the very same bytes.
 */
import library from 'secp256k1/bindings.js'
import { createMemo, keyOf } from './memo.ts'

type Library = typeof library
const recovered = createMemo<Uint8Array>()
const made = createMemo<Uint8Array>(1_000)

const ecdsaRecover = ((signature: Uint8Array, parity: number, digest: Uint8Array, isCompressed = true) =>
  recovered(`${parity}${isCompressed}${keyOf(signature, digest)}`, () =>
    library.ecdsaRecover(signature, parity, digest, isCompressed),
  ).slice()) as Library['ecdsaRecover']

const publicKeyCreate = ((secretKey: Uint8Array, isCompressed = true) =>
  made(`${isCompressed}${keyOf(secretKey)}`, () =>
    library.publicKeyCreate(secretKey, isCompressed),
  ).slice()) as Library['publicKeyCreate']

export default { ...library, ecdsaRecover, publicKeyCreate }
