/**
 * Sealing: what leaves the core for the host's disk, so that the host can neither read nor alter nor rearrange it.
 *
 * Each boot seals with a key of its own, HKDF-SHA-256(state key, boot), and an IV that counts every sealed thing of that
 * boot: two cores that run from one state never share key and IV. The header is the additional data of AES-256-GCM, so a
 * record says in clear, and cannot lie about, which deployment it is of, which number it has and which record it follows.
 */
import type { KeyObject } from 'node:crypto'
import { type Hex, toBytes, zeroHash } from '../ledger/hex.ts'
import { refuse } from '../ledger/refusal.ts'
import type { Domain } from '../ledger/typedData.ts'
import { encodeHeader, headerBytes, type SealedHeader, sealedHash, sealedKind } from '../protocol/sealedHeader.ts'
import { deriveKey, lock, unlock } from './aead.ts'

const bootKey = (stateKey: Uint8Array, boot: Hex): KeyObject => deriveKey(stateKey, 'bursar seal', toBytes(boot))

const ivOf = (count: bigint): Buffer => {
  const iv = Buffer.alloc(12)
  iv.writeBigUInt64BE(count, 4)
  return iv
}

/** Opens what boots of this deployment sealed, deriving the key of each but once. @throws Refusal `STATE_FORGED` naming the place */
export function createUnsealer(stateKey: Uint8Array): (header: SealedHeader, sealed: Uint8Array) => Uint8Array {
  const keys = new Map<Hex, KeyObject>()
  return (header, sealed) => {
    const key = keys.get(header.boot) ?? bootKey(stateKey, header.boot)
    keys.set(header.boot, key)
    const additional = sealed.subarray(0, headerBytes)
    const plain = unlock({ key, iv: ivOf(header.iv), additional }, sealed.subarray(headerBytes))
    const place = { number: `${header.number}`, chunk: header.chunk }
    return plain ?? refuse('STATE_FORGED', 'this was not sealed by this core, or was altered', place)
  }
}

/** How far the chain of records has come. */
export interface RecordPlace {
  readonly number: bigint
  readonly hash: Hex
}

export const noRecords: RecordPlace = { number: 0n, hash: zeroHash }

export interface Sealer {
  /** The last record sealed. */
  readonly last: RecordPlace
  /** Seals the next record of the chain. */
  sealRecord(plain: Uint8Array): Uint8Array
  /** Seals the present state, which stands for all records so far, as chunks. */
  sealSnapshot(chunks: readonly Uint8Array[]): Uint8Array[]
}

/** The sealer of one boot, going on from the last record that the state it loaded has seen. */
export function createSealer(stateKey: Uint8Array, boot: Hex, domain: Domain, after: RecordPlace): Sealer {
  const key = bootKey(stateKey, boot)
  let last = after
  let iv = 0n

  const seal = (header: Omit<SealedHeader, 'iv' | 'boot' | keyof Domain>, plain: Uint8Array): Uint8Array => {
    iv += 1n
    const additional = encodeHeader({ ...header, ...domain, boot, iv })
    return Buffer.concat([additional, lock({ key, iv: ivOf(iv), additional }, plain)])
  }

  return {
    get last() {
      return last
    },
    sealRecord(plain) {
      const number = last.number + 1n
      const sealed = seal({ kind: sealedKind.record, number, previous: last.hash, chunk: 0, chunks: 1 }, plain)
      last = { number, hash: sealedHash(sealed) }
      return sealed
    },
    sealSnapshot: (chunks) =>
      chunks.map((plain, chunk) =>
        seal(
          { kind: sealedKind.snapshot, number: last.number, previous: last.hash, chunk, chunks: chunks.length },
          plain,
        ),
      ),
  }
}
