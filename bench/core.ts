/** A core in this process, without disk and network: every request still goes through the codecs and through JSON. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLocalPlatform } from '../anvil/localPlatform.ts'
import { type Core, createCore } from '../enclave/core.ts'
import { dispatch } from '../enclave/dispatch.ts'
import type { Platform } from '../enclave/platform.ts'
import { type Hex, zeroHash } from '../ledger/hex.ts'
import type { Configuration } from '../ledger/structs.ts'
import type { Codec } from '../protocol/codec.ts'
import { decodeBody, encodeFrame } from '../protocol/frame.ts'
import { type HeadProof, type Method, methods, type Params, type Result } from '../protocol/messages.ts'
import { payeeOf } from './ledger.ts'

const lengthBytes = 4

const codecsOf = <M extends Method>(method: M) =>
  methods[method] as unknown as { params: Codec<Params<M>>; result: Codec<Result<M>> }

/** A request as its host sends it. */
export const request = <M extends Method>(method: M, params: Params<M>): Uint8Array =>
  encodeFrame({ id: 1, method, params: codecsOf(method).params.write(params) })

/** All that a core does for a request, from frame to frame. */
export const serve = (core: Core, frame: Uint8Array): Uint8Array =>
  encodeFrame(dispatch(core, decodeBody(frame.subarray(lengthBytes)), console.error))

/** Asks as a host does, frame for frame. @throws Error with the refusal */
export function ask<M extends Method>(core: Core, method: M, params: Params<M>): Result<M> {
  const reply = serve(core, request(method, params))
  const { result, error } = decodeBody(reply.subarray(lengthBytes)) as { result?: unknown; error?: unknown }
  if (error) throw new Error(`${method}: ${JSON.stringify(error)}`)
  return codecsOf(method).result.read(result, 'result')
}

/** The head of a contract that saw nothing but its deployment. */
export const firstHead = (epoch = 0n, boot: Hex = zeroHash): HeadProof => ({
  epoch,
  boot,
  counter: 0n,
  root: zeroHash,
  made: null,
  consistency: [],
})

export const hints = { nonce: 0n, gas: 30_000_000n, maxFeePerGas: 10n ** 9n, maxPriorityFeePerGas: 10n ** 6n }

/** A platform whose state key lives as long as this process. */
export function createPlatform(): Platform {
  const folder = mkdtempSync(join(tmpdir(), 'bursar-bench-'))
  process.once('exit', () => rmSync(folder, { recursive: true }))
  return createLocalPlatform({ folder })
}

/** A core with an open epoch and so many accounts. */
export function openCore(configuration: Configuration, accounts: number, platform: Platform = createPlatform()): Core {
  const core = createCore(platform)
  ask(core, 'genesis', { configuration, logBegins: null })
  ask(core, 'open_epoch', { head: firstHead(), hints })
  const { ledger } = core.live ?? {}
  if (!ledger) throw new Error('a core without a ledger')
  for (let n = 0; n < accounts; n++) ledger.accounts.setBalance(payeeOf(n), { earnedWei: 1n, debtWei: 0n })
  ledger.totalEarnedWei = BigInt(accounts)
  return core
}
