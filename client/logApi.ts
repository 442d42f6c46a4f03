/** The part of the daemon's public API that serves the log and what was anchored of it, as codecs. `docs/PROTOCOL.md` explains it. */
import { bytes, count, hex, list, nullable, object, struct, text, uint, type Value } from '../protocol/codec.ts'
import { signedLogHead } from '../protocol/messages.ts'
import { signedConfiguration } from './entries.ts'

const hash = hex(32)
const address = hex(20)
const path = list(hash, 64)

/** The most items in one answer of a list. */
export const pageMax = 1_000

/** `GET /api/log`: the log now, and the newest head that the core signed; null before the first. */
export const logAnswer = object({ size: count, root: hash, signed: nullable(signedLogHead) })

/** `GET /api/log/consistency?from=N&to=M`: that the log of N entries is a prefix of that of M. */
export const consistencyAnswer = object({ from: count, to: count, proof: path })

/** `GET /api/log/inclusion?position=N&size=M`: that an entry lies in the log of M entries. */
export const inclusionAnswer = object({ position: count, size: count, leafHash: hash, path })

const place = { transactionHash: hash, blockNumber: uint(64), at: uint(64) } // at: the block's time, unix seconds

/** One commit as the contract's event tells it. */
export const anchor = object({
  epoch: uint(64),
  counter: uint(64),
  prevRoot: hash,
  root: hash,
  commitment: struct('Commitment'),
  totalPaidWei: uint(96),
  ...place,
})

/** `GET /api/log/anchors?after=CURSOR&limit=N`, or `?last=N` for the newest; oldest first. `next` is null on the last page. */
export const anchorsAnswer = object({ anchors: list(anchor, pageMax), next: nullable(text(64)) })

/** One opened epoch; `attestation` is the document in the calldata of its `open`, null where the node has it no more. */
export const boot = object({
  epoch: uint(64),
  boot: hash,
  logSize: uint(64),
  logRoot: hash,
  attestation: nullable(bytes(16_384)),
  ...place,
})

/** `GET /api/log/boots?after=CURSOR&limit=N`, or `?last=N` for the newest; oldest first. */
export const bootsAnswer = object({ boots: list(boot, 100), next: nullable(text(64)) })

/** `GET /api/log/configurations`: every configuration there was, and where in the log it stands. */
export const configurationsAnswer = object({
  configurations: list(object({ position: count, hash, entry: signedConfiguration }), pageMax),
})

/** `GET /api/log/accounts/{counter}?from=N&limit=M`: the accounts of an anchor in the order of its tree. */
export const accountsAnswer = object({
  counter: uint(64),
  commitment: struct('Commitment'),
  total: count,
  accounts: list(object({ payee: address, earnedWei: uint(96) }), pageMax),
})

export type LogAnswer = Value<typeof logAnswer>
export type InclusionAnswer = Value<typeof inclusionAnswer>
export type Anchor = Value<typeof anchor>
export type AnchorsAnswer = Value<typeof anchorsAnswer>
export type Boot = Value<typeof boot>
export type BootsAnswer = Value<typeof bootsAnswer>
export type ConfigurationsAnswer = Value<typeof configurationsAnswer>
export type AccountsAnswer = Value<typeof accountsAnswer>
