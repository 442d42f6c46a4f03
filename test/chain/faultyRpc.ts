/** A server of the chain that lies, is late, forgets or dies, as it is told: a proxy in front of a real one. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

interface Call {
  readonly id: number
  readonly method: string
  readonly params: readonly unknown[]
}

/**
 * What becomes of one call:
 * - undefined: it is passed on and answered
 * - `result`, `error`: it is answered so, and not passed on
 * - `answer`: it is passed on, and its answer changed
 */
type CallFault =
  | undefined
  | { readonly result: unknown }
  | { readonly error: { readonly code: number; readonly message: string; readonly data?: unknown } }
  | { readonly answer: (result: unknown) => unknown }

/**
 * What becomes of a request as a whole: answered, cut before or after the chain saw it, answered with nonsense, or held
 * until the caller gives up, before or after the chain saw it; or answered when a promise resolves.
 */
type RequestFault =
  | 'pass'
  | 'cut'
  | 'cut_after'
  | 'nonsense'
  | 'hold'
  | 'hold_after'
  | 'refuse'
  | { readonly late: Promise<unknown> }

/** Takes what is to be done when nobody needs a thing any more. */
export type AtEnd = (clean: () => void | Promise<void>) => void

export interface FaultyRpc {
  readonly url: string
  onCall: (call: Call) => CallFault
  onRequest: (calls: readonly Call[]) => RequestFault
  /** Ends what is held. */
  hangUp(): void
  /** Methods of all calls that came, in order. */
  readonly asked: string[]
}

/** Ends with the test, unless `atEnd` says otherwise. Healthy until told. */
export async function startFaultyRpc(target: string, atEnd: AtEnd = onTestFinished): Promise<FaultyRpc> {
  const proxy = { url: '', asked: [] as string[], hangUp: () => server.closeAllConnections(), ...healthy() }
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const calls = JSON.parse(Buffer.concat(chunks).toString()) as Call[]
    proxy.asked.push(...calls.map(({ method }) => method))
    const fate = proxy.onRequest(calls)
    if (fate === 'hold') return // until the caller hangs up
    if (fate === 'cut') return void request.socket.destroy()
    if (fate === 'refuse') return void response.writeHead(503).end('no: key=SECRET')
    const replies = await answer(target, calls, proxy.onCall)
    if (fate === 'cut_after') return void request.socket.destroy()
    if (fate === 'hold_after') return
    if (typeof fate === 'object') await fate.late
    response.end(fate === 'nonsense' ? '<html>SECRET</html>' : JSON.stringify(replies))
  }
  // The chain behind it may be gone too: then there is nothing to say.
  const server: Server = createServer((request, response) => {
    serve(request, response).catch(() => request.socket.destroy())
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  proxy.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  atEnd(() => {
    server.closeAllConnections()
    server.close()
  })
  return proxy
}

/** Nothing is wrong. */
export const healthy = (): Pick<FaultyRpc, 'onCall' | 'onRequest'> => ({
  onCall: () => undefined,
  onRequest: () => 'pass',
})

async function answer(target: string, calls: readonly Call[], onCall: FaultyRpc['onCall']): Promise<unknown[]> {
  const faults = calls.map((call) => onCall(call))
  const passed = calls.filter((_, i) => faults[i] === undefined || 'answer' in (faults[i] as object))
  // Of an empty batch a node makes an error, not a list.
  const replies = passed.length === 0 ? [] : await ask(target, passed)
  return calls.map(({ id }, i) => {
    const fault = faults[i]
    const reply = replies.find((one) => one.id === id)
    if (fault && !('answer' in fault)) return { jsonrpc: '2.0', id, ...fault }
    return fault && reply && 'result' in reply ? { ...reply, result: fault.answer(reply.result) } : reply
  })
}

async function ask(target: string, calls: readonly Call[]): Promise<{ id: number; result?: unknown }[]> {
  const response = await fetch(target, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(calls),
  })
  return (await response.json()) as { id: number; result?: unknown }[]
}
