/**
 * Which request is legal in which phase, and what comes of it. One request at a time, each whole: it is refused and
 * nothing has changed, or it is done and sealed before it is answered, or an invariant broke and the core halts.
 */

import { Refusal, refuse } from '../ledger/refusal.ts'
import { type Codec, int, nullable, object, text } from '../protocol/codec.ts'
import { type Method, methods, type Params, type Phase, type Result } from '../protocol/messages.ts'
import type { Core } from './core.ts'
import { handlers } from './handlers.ts'

/** PROTOCOL.md shows this table; a test holds the two against each other. */
export const legalPhases: Readonly<Record<Method, readonly Phase[]>> = {
  status: ['empty', 'closed', 'open', 'halted'],
  attestation: ['closed', 'open', 'halted'],
  genesis: ['empty'],
  unwrap_request: ['empty', 'closed', 'open'],
  load_state: ['empty'],
  export_state: ['closed', 'open'],
  open_epoch: ['closed', 'open'],
  apply_event: ['closed', 'open'],
  prepare_payouts: ['open'],
  sign_transaction: ['closed', 'open'],
  confirm_payout: ['closed', 'open'],
}

const envelope = object({ id: nullable(int(Number.MAX_SAFE_INTEGER)), method: text(64), params: object({}) })

export interface Reply {
  readonly id?: number
  readonly result?: unknown
  readonly error?: { readonly code: string; readonly message: string; readonly facts: unknown }
}

/** Answers one request. Never throws. `logFault` hears of what is our own fault, without its state. */
export function dispatch(core: Core, untrusted: unknown, logFault: (fault: unknown) => void): Reply {
  const id = idOf(untrusted)
  try {
    return { ...id, result: perform(core, untrusted) }
  } catch (error) {
    return { ...id, error: answerTo(core, error, logFault) }
  }
}

function perform(core: Core, untrusted: unknown): unknown {
  const { method, params } = readEnvelope(untrusted)
  const codecs = methods[method] as { params: Codec<Params<Method>>; result: Codec<Result<Method>> }
  const legal = legalPhases[method]
  if (!legal.includes(core.phase)) {
    const facts = { method, phase: core.phase, legal: legal.join(', ') }
    if (core.phase === 'halted') refuse('HALTED', 'the core has halted: restart it from its sealed state', facts)
    refuse('WRONG_PHASE', `${method} is not legal in phase ${core.phase}`, facts)
  }
  const handle = handlers[method] as (core: Core, params: Params<Method>) => Result<Method>
  return codecs.result.write(handle(core, codecs.params.read(params, 'params')))
}

function readEnvelope(untrusted: unknown): { method: Method; params: unknown } {
  if (typeof untrusted !== 'object' || untrusted === null || Array.isArray(untrusted))
    refuse('BAD_PARAMS', 'a request is an object', { path: '' }) // the members of a long list would be copied one by one
  const { params = {} } = untrusted as { params?: unknown }
  const { method } = envelope.read({ id: null, ...untrusted, params: {} }, '')
  if (!Object.hasOwn(methods, method)) refuse('UNKNOWN_METHOD', 'no such method', { method })
  return { method: method as Method, params }
}

function idOf(untrusted: unknown): { id: number } | Record<string, never> {
  const id: unknown =
    typeof untrusted === 'object' && untrusted !== null && 'id' in untrusted ? untrusted.id : undefined
  return Number.isSafeInteger(id) ? { id: id as number } : {}
}

function answerTo(core: Core, error: unknown, logFault: (fault: unknown) => void): NonNullable<Reply['error']> {
  if (error instanceof Refusal) return { code: error.code, message: error.message, facts: error.facts }
  // Whatever else went wrong, the state may no longer be what the records say: nothing is signed from here on.
  core.phase = 'halted'
  logFault(error)
  return { code: 'HALTED', message: 'the core has halted: restart it from its sealed state', facts: {} }
}
