/**
 * Checkpoints in the form of other transparency logs (C2SP tlog-checkpoint, signed-note), under an Ed25519 key of this daemon.
 * The authority is the core's own signature over the same size and root: a second line carries it, for whoever knows it.
 */
import { createHash, createPrivateKey, createPublicKey, type KeyObject, randomBytes, sign } from 'node:crypto'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import type { SignedLogHead } from '../../client/receipt.ts'
import { type Hex, toBytes } from '../../ledger/hex.ts'
import { abiEncode, type Domain } from '../../ledger/typedData.ts'
import { Fatal } from '../errors.ts'

export interface Notary {
  /** `name+hash+key`: what a client or witness is configured with. */
  readonly verifierKey: string
  /** A signed note over a head that the core signed. */
  note(head: SignedLogHead): string
}

/** Signature types of signed-note: Ed25519, and one of nobody else's, which names itself. */
const ed25519Type = Buffer.from([0x01])
const coreType = Buffer.concat([Buffer.from([0xff]), Buffer.from('bursar LogHead')])
/** What comes before the 32 bytes of an Ed25519 key in PKCS #8 (RFC 8410). */
const pkcs8 = Buffer.from('302e020100300506032b657004220420', 'hex')

/** The name of a log: one for each contract. It has no space and no plus. */
export const originOf = ({ chainId, verifyingContract }: Domain): string =>
  `bursar/eip155/${chainId}/${verifyingContract}`

/** Reads the key, or makes one where there is none. @throws Fatal 1 */
export function openNotary(path: string, domain: Domain): Notary {
  const origin = originOf(domain)
  const key = readKey(path)
  const publicKey = Buffer.from(createPublicKey(key).export({ format: 'jwk' }).x as string, 'base64url')
  const id = keyId(origin, ed25519Type, publicKey)
  return {
    verifierKey: `${origin}+${id.toString('hex')}+${Buffer.concat([ed25519Type, publicKey]).toString('base64')}`,
    note(head) {
      const text = `${origin}\n${head.size}\n${base64(head.root)}\n`
      const own = Buffer.concat([id, sign(null, Buffer.from(text), key)])
      const core = Buffer.concat([keyId(origin, coreType, Buffer.alloc(0)), coreSignature(head)])
      return `${text}\n${lineOf(origin, own)}${lineOf(origin, core)}`
    },
  }
}

/** Epoch and boot, which the note does not name, and the signature over both with size and root. */
const coreSignature = ({ epoch, boot, signature }: SignedLogHead): Uint8Array =>
  Buffer.concat([abiEncode(['uint64', 'bytes32'], [epoch, boot]), toBytes(signature)])

/** The first four bytes of SHA-256(name, newline, type, key): tells whose line it is. */
const keyId = (name: string, type: Uint8Array, key: Uint8Array): Buffer =>
  createHash('sha256').update(`${name}\n`).update(type).update(key).digest().subarray(0, 4)

const lineOf = (name: string, signature: Uint8Array): string =>
  `\u2014 ${name} ${Buffer.from(signature).toString('base64')}\n`

const base64 = (hex: Hex): string => Buffer.from(toBytes(hex)).toString('base64')

function readKey(path: string): KeyObject {
  if (!existsSync(path)) writeFileSync(path, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 })
  if ((statSync(path).mode & 0o077) !== 0) throw new Fatal(`others can read ${path}: chmod 600 it`, 1)
  const digits = readFileSync(path, 'utf8').trim()
  if (!/^[0-9a-f]{64}$/.test(digits)) throw new Fatal(`${path} does not hold a key: 64 hex digits`, 1)
  return createPrivateKey({ key: Buffer.concat([pkcs8, Buffer.from(digits, 'hex')]), format: 'der', type: 'pkcs8' })
}
