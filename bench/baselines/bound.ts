/** What no daemon and core of this design can do without: one signature check and two hashes a batch, and for each group of batches a seal, a frame and one forced write. */
import { createCipheriv, randomBytes } from 'node:crypto'
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SentBatch } from '../../client/entries.ts'
import { entryLeaf } from '../../ledger/entry.ts'
import { leafHash } from '../../ledger/eventLog.ts'
import { toBytes } from '../../ledger/hex.ts'
import { keccak256, recoverPublicKey, sha256 } from '../../primitives/native.ts'

/** A group as the bytes that it is in the end: nothing is parsed or encoded here. */
interface Prepared {
  readonly leaves: readonly Uint8Array[]
  readonly signatures: readonly { readonly rs: Uint8Array; readonly parity: number }[]
}

export function prepare(batches: readonly SentBatch[]): Prepared {
  return {
    leaves: batches.map(entryLeaf),
    signatures: batches.map(({ signature }) => {
      const rs = toBytes(signature)
      const parity = (rs[32] as number) >> 7
      rs[32] = (rs[32] as number) & 0x7f
      return { rs, parity }
    }),
  }
}

/** Does for each group what must be done. */
export function createBound(): { take(group: Prepared): void; close(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'bursar-bound-'))
  const file = openSync(join(folder, 'log'), 'a')
  const key = randomBytes(32)
  return {
    take({ leaves, signatures }) {
      leaves.forEach((leaf, i) => {
        const { rs, parity } = signatures[i] as Prepared['signatures'][number]
        recoverPublicKey(keccak256(leaf), { rs, parity }) // the digest of typed data hashes no fewer bytes than this
        leafHash(leaf)
      })
      const cipher = createCipheriv('aes-256-gcm', key, randomBytes(12))
      const sealed = Buffer.concat([...leaves.map((leaf) => cipher.update(leaf)), cipher.final(), cipher.getAuthTag()])
      const frame = Buffer.concat([Buffer.alloc(4), sealed])
      sha256(sealed)
      writeSync(file, frame)
      fdatasyncSync(file)
    },
    close() {
      closeSync(file)
      rmSync(folder, { recursive: true })
    },
  }
}
