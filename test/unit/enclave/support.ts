/** A core to test: the real one, on a platform whose state key outlives it. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { createLocalPlatform, type LocalPlatformOptions } from '../../../anvil/localPlatform.ts'
import { workload } from '../../../client/events.ts'
import { LogTree } from '../../../client/logTree.ts'
import { type Core, createCore } from '../../../enclave/core.ts'
import { dispatch, type Reply } from '../../../enclave/dispatch.ts'
import type { Platform } from '../../../enclave/platform.ts'
import type { Identity } from '../../../enclave/snapshot.ts'
import { type Entry, entryLeaf, fromSealed } from '../../../ledger/entry.ts'
import { leafHash } from '../../../ledger/eventLog.ts'
import { type Hex, zeroHash } from '../../../ledger/hex.ts'
import type { Facts } from '../../../ledger/refusal.ts'
import type { Commit, Configuration } from '../../../ledger/structs.ts'
import type { Codec } from '../../../protocol/codec.ts'
import { decodeBody, encodeBody } from '../../../protocol/frame.ts'
import { type HeadProof, type Method, methods, type Params, type Result } from '../../../protocol/messages.ts'
import { configuration, payeeOf, signed } from '../ledger/support.ts'

export interface TestPlatform extends Platform {
  readonly stateKey: NonNullable<Platform['stateKey']>
  stateKeyNow(): Uint8Array | undefined
}

/** One throw-away authority for all platforms of a test file. */
const folder = mkdtempSync(join(tmpdir(), 'bursar-core-'))
process.once('exit', () => rmSync(folder, { recursive: true }))

export function testPlatform(options: Partial<LocalPlatformOptions> = {}): TestPlatform {
  let key: Uint8Array | undefined
  return {
    ...createLocalPlatform({ folder, ...options }),
    stateKey: {
      load: () => key && Uint8Array.from(key),
      save: (saved) => {
        key = Uint8Array.from(saved)
      },
    },
    stateKeyNow: () => key && Uint8Array.from(key),
    warnings: ['for tests'],
  }
}

/** Says a request as the wire does: everything through the codecs and through JSON. */
export function ask<M extends Method>(core: Core, method: M, params: Params<M>): Reply {
  const codec = methods[method].params as Codec<Params<M>>
  const request = decodeBody(encodeBody({ id: 1, method, params: codec.write(params) }))
  return decodeBody(encodeBody(dispatch(core, request, () => undefined))) as Reply
}

export function call<M extends Method>(core: Core, method: M, params: Params<M>): Result<M> {
  const { result, error } = ask(core, method, params)
  if (error) throw new Error(`${method}: ${error.code} ${error.message} ${JSON.stringify(error.facts)}`)
  return (methods[method].result as Codec<Result<M>>).read(result, 'result')
}

/** The request is refused with this code and, where given, these facts, and leaves the core as it was. */
export function expectRefused<M extends Method>(
  core: Core,
  method: M,
  params: Params<M>,
  code: string,
  facts?: Facts,
): void {
  const before = call(core, 'status', {})
  const { error } = ask(core, method, params)
  expect(error?.code).toBe(code)
  if (facts) expect(error?.facts).toEqual(facts)
  expect(call(core, 'status', {})).toEqual(before)
}

export const hints = { nonce: 0n, gas: 10_000_000n, maxFeePerGas: 10n ** 9n, maxPriorityFeePerGas: 10n ** 6n }
export const round = { number: 7n, blockHash: `0x${'77'.repeat(32)}` as Hex }
export const ticketPayee = payeeOf(900)

/** A batch of one workload. */
export const work = (sequence: bigint, units = 5n, payee = payeeOf(1)) =>
  signed(sequence, [workload({ id: 'job', payee, tariff: 'gpu-second', units })])

/** The head of a contract that saw no commit. */
export const firstHead = (epoch = 0n, boot: Hex = zeroHash): HeadProof => ({
  epoch,
  boot,
  counter: 0n,
  root: zeroHash,
  made: null,
  consistency: [],
})

/** What a core would know that somebody made up, key and all. */
export const identityOfStranger = (epoch: bigint): Identity => ({
  key: `0x${'01'.repeat(32)}`,
  bornUnder: zeroHash,
  birthB64: new Uint8Array(),
  wrappedKeys: [],
  epoch,
  own: { counter: 0n, root: zeroHash },
  anchored: { counter: 0n, root: zeroHash },
  pending: null,
  replayed: [],
})

/** A core after genesis, with all that the host around it would have stored. */
export interface Hosted {
  core: Core
  readonly platform: TestPlatform
  readonly sealed: Uint8Array[]
  readonly log: LogTree
  readonly address: Hex
}

export function host(changes: Partial<Configuration> = {}): Hosted {
  const platform = testPlatform()
  const core = createCore(platform)
  const payees = [{ payee: ticketPayee, rail: 1, minimumWei: 0n }]
  const settings = configuration({ payees, ...changes })
  const { sealed, address } = call(core, 'genesis', { configuration: settings, logBegins: null })
  const log = new LogTree()
  log.append(leafHash(entryLeaf({ configuration: settings, signatures: [] })))
  return { core, platform, sealed: [...sealed], log, address }
}

/** Opens an epoch on a head and keeps the record. */
export function open(hosted: Hosted, head: HeadProof = firstHead()): Result<'open_epoch'> {
  const result = call(hosted.core, 'open_epoch', { head, hints })
  hosted.sealed.push(result.record)
  return result
}

/** Sends entries, all of which must be accepted, and keeps record and leaves. */
export function apply(hosted: Hosted, ...entries: readonly Entry[]): Result<'apply_event'> {
  const result = call(hosted.core, 'apply_event', { entries: entries.map(entryLeaf) })
  expect(result.results.map((r) => r.status)).toEqual(entries.map(() => 'accepted'))
  for (const entry of entries) hosted.log.append(fromSealed(entry).leafHash)
  if (result.record) hosted.sealed.push(result.record)
  return result
}

type Wanted = Params<'prepare_payouts'>['payments']

export function prepare(hosted: Hosted, head: HeadProof, payments: Wanted = []): Result<'prepare_payouts'> {
  const result = call(hosted.core, 'prepare_payouts', { head, round, payments, hints })
  hosted.sealed.push(result.record)
  return result
}

/** The head that a landed commit leaves, proved by the host's copy of the log. */
export const headAfter = (
  hosted: Hosted,
  { commit, signature }: { commit: Commit; signature: Hex },
  root: Hex,
): HeadProof => ({
  epoch: commit.epoch,
  boot: commit.boot,
  counter: commit.counter,
  root,
  made: { commit, signature },
  consistency: hosted.log.consistencyProof(Number(commit.next.logSize)),
})

/** A new process over what was stored. */
export function restart(hosted: Hosted, sealed: readonly Uint8Array[] = hosted.sealed): Core {
  const core = createCore(hosted.platform)
  call(core, 'load_state', { key: null, sealed: sealed, isLast: true })
  return core
}
