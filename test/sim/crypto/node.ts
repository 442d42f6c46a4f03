/**
 * Node's crypto for the core, with two things that are slow. Keys are derived once from the same bytes: a disk that is
 * loaded again names the same boots. And RSA keys, which Node draws without asking the seed, are two that take turns.
 */
import * as library from 'node:crypto'
import { createMemo, keyOf } from './memo.ts'

export * from 'node:crypto'

const bytesOf = (value: string | Uint8Array): Uint8Array => (typeof value === 'string' ? Buffer.from(value) : value)

const derived = createMemo<ArrayBuffer>(10_000)
type Derivation = [digest: string, secret: Uint8Array, salt: string | Uint8Array, info: Uint8Array, length: number]

export const hkdfSync = (...given: Derivation): ArrayBuffer => {
  const [digest, secret, salt, info, length] = given
  return derived(`${digest}${length}${keyOf(secret, bytesOf(salt), info)}`, () => library.hkdfSync(...given)).slice(0)
}

const rsaKeys: unknown[] = []
const rsaKeysMax = 2
let turn = 0

export const generateKeyPairSync = ((type: 'rsa', options: { modulusLength: number }) => {
  if (type !== 'rsa') return library.generateKeyPairSync(type, options as never)
  turn = (turn + 1) % rsaKeysMax
  rsaKeys[turn] ??= library.generateKeyPairSync(type, options)
  return rsaKeys[turn]
}) as typeof library.generateKeyPairSync
