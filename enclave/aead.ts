/** HKDF-SHA-256 and AES-256-GCM, as sealing and wrapping use them. */
import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import { tagBytes } from '../protocol/sealedHeader.ts'

const cipher = 'aes-256-gcm'

/** Under what something is sealed: no two things under one key share an IV. */
export interface Box {
  readonly key: KeyObject
  /** 12 bytes. */
  readonly iv: Uint8Array
  /** What is not hidden, and yet cannot be altered. */
  readonly additional: Uint8Array
}

/** A key of 32 bytes for one purpose. To make Node's object of it takes five times as long as to seal with it: keep it. */
export const deriveKey = (secret: Uint8Array, purpose: string, ...about: readonly Uint8Array[]): KeyObject =>
  createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', Buffer.concat([Buffer.from(purpose), ...about]), 32)))

/** The ciphertext, and the tag after it. */
export function lock({ key, iv, additional }: Box, plain: Uint8Array): Buffer {
  const lock = createCipheriv(cipher, key, iv).setAAD(additional)
  return Buffer.concat([lock.update(plain), lock.final(), lock.getAuthTag()])
}

/** What was locked so; undefined where it was not. Node only says that authentication failed, and nothing more can be known. */
export function unlock({ key, iv, additional }: Box, locked: Uint8Array): Uint8Array | undefined {
  try {
    const open = createDecipheriv(cipher, key, iv, { authTagLength: tagBytes })
    open.setAAD(additional).setAuthTag(locked.subarray(-tagBytes))
    return Buffer.concat([open.update(locked.subarray(0, -tagBytes)), open.final()])
  } catch {
    return undefined
  }
}
