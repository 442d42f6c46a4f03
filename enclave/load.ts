/**
 * Loading a state: a snapshot's chunks, then the records after it, each in its place. A missing tail cannot be seen here,
 * and need not be: a core without it fails to prove the anchored root its own, or reuses a counter already spent.
 */
import { type Hex, toBytes } from '../ledger/hex.ts'
import { refuse } from '../ledger/refusal.ts'
import { readHeader, type SealedHeader, sealedHash, sealedKind } from '../protocol/sealedHeader.ts'
import type { Live } from './live.ts'
import { replayRecord } from './records.ts'
import { createSealer, createUnsealer, noRecords, type RecordPlace } from './seal.ts'
import { createSigner } from './signer.ts'
import { decodeSnapshot, type Snapshot } from './snapshot.ts'

export interface Loader {
  /** Takes the next sealed thing. @throws Refusal `STATE_FORGED`, `STATE_FOREIGN`, `STATE_GAP` naming the place */
  push(untrusted: Uint8Array): void
  /** The state that was loaded, its birth not yet judged. @throws Refusal `STATE_INCOMPLETE` */
  finish(boot: Hex): Live
}

/** A loader for what was sealed under `stateKey`, which is wiped when the loading is finished. */
export function createLoader(stateKey: Uint8Array): Loader {
  const unseal = createUnsealer(stateKey)
  const chunks: Uint8Array[] = []
  let first: SealedHeader | undefined
  let state: ReturnType<typeof restore> | undefined
  let last: RecordPlace = noRecords

  const pushChunk = (header: SealedHeader, untrusted: Uint8Array): void => {
    first ??= header
    const fits =
      header.chunk === chunks.length &&
      header.chunks === first.chunks &&
      header.boot === first.boot &&
      header.number === first.number &&
      header.iv === first.iv + BigInt(header.chunk)
    if (!fits) refuseGap(header, { number: first.number, chunk: chunks.length })
    chunks.push(unseal(header, untrusted))
    last = { number: header.number, hash: header.previous }
    if (chunks.length === header.chunks) state = restore(decodeSnapshot(chunks.splice(0)))
  }

  const pushRecord = (header: SealedHeader, untrusted: Uint8Array): void => {
    const base = state
    if (!base || header.number !== last.number + 1n || header.previous !== last.hash)
      refuseGap(header, { number: last.number + 1n, chunk: 0 })
    replayRecord(base, unseal(header, untrusted))
    last = { number: header.number, hash: sealedHash(untrusted) }
  }

  return {
    push(untrusted) {
      const header = readHeader(untrusted)
      if (first && (header.chainId !== first.chainId || header.verifyingContract !== first.verifyingContract))
        refuse('STATE_FOREIGN', 'this was sealed for another deployment', {
          number: `${header.number}`,
          chainId: `${header.chainId}`,
          verifyingContract: header.verifyingContract,
        })
      if (header.kind === sealedKind.snapshot && !state) pushChunk(header, untrusted)
      else pushRecord(header, untrusted)
    },
    finish(boot) {
      if (!state) return refuse('STATE_INCOMPLETE', 'the snapshot is not whole', { chunks: chunks.length })
      const { key, bornUnder, certificate, ...rest } = state
      const { domain } = state.ledger.rules
      const signer = createSigner(key, domain)
      const birth = { address: signer.address, configHash: bornUnder, certificate }
      const sealer = createSealer(stateKey, boot, domain, last)
      stateKey.fill(0)
      return { ...rest, signer, birth, sealer }
    },
  }
}

function restore({ identity: { key, birthB64: certificate, ...rest }, ledger }: Snapshot) {
  return { ...rest, key: toBytes(key), certificate, ledger }
}

function refuseGap(header: SealedHeader, expected: { number: bigint; chunk: number }): never {
  refuse('STATE_GAP', 'sealed things are missing, repeated or out of order', {
    expected_number: `${expected.number}`,
    expected_chunk: expected.chunk,
    number: `${header.number}`,
    chunk: header.chunk,
  })
}
