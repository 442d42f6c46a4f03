/** The reporter's key on disk. */
import { readFileSync, statSync } from 'node:fs'
import { addressOfKey } from '../client/index.ts'
import { type Hex, toBytes } from '../ledger/hex.ts'
import { Fault } from './fault.ts'

export interface Key {
  readonly secretKey: Uint8Array
  readonly address: Hex
}

/** Reads 32 bytes of hex, with or without 0x, from a file that only its owner can read. @throws Fault, without a word of the file */
export function readKeyFile(path: string): Key {
  const { mode, text } = read(path)
  if ((mode & 0o077) !== 0)
    throw new Fault('KEY_FILE_OPEN', `others can read the key file ${path}`, {
      next: `chmod 600 ${path}, and think of a new key if others had access to this machine`,
      exitCode: 2,
    })
  const digits = text.trim().replace(/^0x/, '')
  if (!/^[0-9a-fA-F]{64}$/.test(digits)) throw badKey(path)
  const secretKey = toBytes(`0x${digits}`)
  try {
    return { secretKey, address: addressOfKey(secretKey) }
  } catch {
    throw badKey(path) // zero, or not below the order of the curve; the cause would show the key
  }
}

function read(path: string): { mode: number; text: string } {
  try {
    return { mode: statSync(path).mode, text: readFileSync(path, 'utf8') }
  } catch (cause) {
    throw new Fault('KEY_FILE_UNREADABLE', `the key file ${path} cannot be read`, {
      next: 'name a file that holds the key as 64 hex digits: --key FILE',
      exitCode: 2,
      cause,
    })
  }
}

const badKey = (path: string): Fault =>
  new Fault('KEY_FILE_MALFORMED', `the key file ${path} does not hold a secp256k1 key`, {
    next: 'the file holds 64 hex digits and nothing else; `openssl rand -hex 32` makes such a key',
    exitCode: 2,
  })
