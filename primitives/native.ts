/**
 * The primitives under Node: Bitcoin Core's libsecp256k1, OpenSSL's SHA-256, a Keccak in WebAssembly. Each signature of
 * a batch is checked with them, so they bound how much work a core takes in; in JavaScript it is a thirtieth.
 *
 * The package's own entry falls back silently to another implementation; its `bindings.js` is libsecp256k1 or an error.
 */
import { hash, randomBytes } from 'node:crypto'
import { createKeccak } from 'hash-wasm'
import secp256k1 from 'secp256k1/bindings.js'
import type * as portable from './portable.ts'

const keccak = await createKeccak(256)
secp256k1.contextRandomize(randomBytes(32)) // blinds the arithmetic on secret keys against what a neighbour can time

export const keccak256: typeof portable.keccak256 = (bytes) => keccak.init().update(withBuffer(bytes)).digest('binary')

const room = new Uint8Array(new ArrayBuffer(64))

/** V8 keeps arrays of up to 64 bytes without the buffer that the package asks for; to have it made takes longer than to copy them. */
function withBuffer(bytes: Uint8Array): Uint8Array {
  if (bytes.length > room.length) return bytes
  room.set(bytes)
  return room.subarray(0, bytes.length)
}

/** By way of a string: for what is as short as a node of the log, Node makes a buffer of its own in twice the time. */
export const sha256: typeof portable.sha256 = (bytes) =>
  new Uint8Array(Buffer.from(hash('sha256', bytes, 'binary'), 'binary'))

export const isSecretKey: typeof portable.isSecretKey = (bytes) =>
  bytes.length === 32 && secp256k1.privateKeyVerify(bytes)

export const publicKeyOf: typeof portable.publicKeyOf = (secretKey) => secp256k1.publicKeyCreate(secretKey, false)

export const sign: typeof portable.sign = (digest, secretKey) => {
  const { signature, recid } = secp256k1.ecdsaSign(digest, secretKey)
  return { rs: signature, parity: recid }
}

export const recoverPublicKey: typeof portable.recoverPublicKey = (digest, { rs, parity }) => {
  try {
    return secp256k1.ecdsaRecover(rs, parity, digest, false)
  } catch {
    return undefined // said by exception: that is the answer here
  }
}

export const toBase64: typeof portable.toBase64 = (bytes) => bufferOf(bytes).toString('base64')

/** Of what is no base64 it makes something: the caller compares what it becomes when written again. */
export const fromBase64: typeof portable.fromBase64 = (text) => plain(Buffer.from(text, 'base64'))

export const hexDigits: typeof portable.hexDigits = (bytes, start, end) => bufferOf(bytes).toString('hex', start, end)

/** Node stops reading at what is no digit, and then has fewer bytes. */
export const parseHexDigits: typeof portable.parseHexDigits = (digits) => {
  const bytes = Buffer.from(digits, 'hex')
  return 2 * bytes.length === digits.length ? plain(bytes) : undefined
}

const plain = ({ buffer, byteOffset, length }: Buffer): Uint8Array => new Uint8Array(buffer, byteOffset, length)

/** The same bytes, not copied. */
const bufferOf = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
