/** What no daemon and core of this design can do without: the hashes that EIP-712 asks for, one signature check and one hash of the log a batch, and for each group of batches a seal, a frame and one forced write. */
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

const [wordBytes, eventWords, wordsBeside] = [32, 5, 10]

/** As many bytes in as many pieces as EIP-712 hashes of such a batch: each event with its type, then all of these hashes, then the batch and its domain. */
function digestLike(leaf: Uint8Array): Uint8Array {
  const events = (leaf.length / wordBytes - wordsBeside) / eventWords
  const hashes = new Uint8Array(wordBytes * events)
  for (let i = 0; i < events; i++) {
    const at = i * eventWords * wordBytes
    hashes.set(keccak256(leaf.subarray(at, at + (1 + eventWords) * wordBytes)), i * wordBytes)
  }
  keccak256(keccak256(hashes))
  return keccak256(leaf.subarray(0, 4 * wordBytes))
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
        recoverPublicKey(digestLike(leaf), { rs, parity })
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
