/** Hashes by which inputs of the image are named. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** SHA-256, lower-case hex. */
export const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex')

/** SHA-256 of a file, lower-case hex. */
export const sha256File = (path: string): string => sha256(readFileSync(path))
