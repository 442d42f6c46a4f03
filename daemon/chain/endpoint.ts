/** One server of the chain: batches of JSON-RPC over HTTP, with the answers judged before anyone sees them. */
import { BaseError } from 'viem'

/** Why a server cannot be used just now. */
type EndpointFault = 'RPC_UNREACHABLE' | 'RPC_MALFORMED' | 'RPC_WRONG_CHAIN' | 'RPC_BEHIND'

/** No server can be used. Of viem's own kind, so that viem passes it on as it is. */
export class RpcFault extends BaseError {
  readonly code: EndpointFault

  constructor(code: EndpointFault, message: string, cause?: Error) {
    super(message, { name: 'RpcFault', ...(cause ? { cause } : {}) })
    this.code = code
  }
}

export interface Question {
  readonly method: string
  readonly params?: unknown
}

export type Reply =
  | { readonly result: unknown }
  | { readonly error: { readonly code: number; readonly message: string; readonly data?: unknown } }

/** What a server said, and what it said of itself in the same breath. */
export interface Batch {
  readonly replies: readonly Reply[]
  readonly newest: number
}

export interface Endpoint {
  /** The host alone: keys of providers stand in path, query and user. */
  readonly name: string
  /** Asks all at once. @throws RpcFault */
  ask(questions: readonly Question[]): Promise<Batch>
}

interface EndpointOptions {
  readonly url: string
  readonly chainId: bigint
  readonly timeoutMs: number
}

/**
 * Every batch also asks which chain this is and how far it has come: so no answer is taken from a server that is on
 * another chain at that moment.
 */
export function createEndpoint({ url, chainId, timeoutMs }: EndpointOptions): Endpoint {
  const { host, username, password } = new URL(url)
  const bare = new URL(url)
  bare.username = ''
  bare.password = ''
  const authorization = username
    ? { authorization: `Basic ${btoa(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`)}` }
    : {}

  const post = async (body: string): Promise<unknown> => {
    try {
      const response = await fetch(bare, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...authorization },
        body,
        signal: AbortSignal.timeout(timeoutMs),
      })
      if (!response.ok) throw new Error(`status ${response.status}`)
      return JSON.parse(await response.text())
    } catch (cause) {
      // What fetch and the parser say may quote the URL or what was sent: only the kind of it is passed on.
      const isMalformed = cause instanceof SyntaxError
      throw new RpcFault(isMalformed ? 'RPC_MALFORMED' : 'RPC_UNREACHABLE', `${host} ${reasonOf(cause, timeoutMs)}`)
    }
  }
  return {
    name: host,
    async ask(questions) {
      const all = [{ method: 'eth_chainId' }, { method: 'eth_blockNumber' }, ...questions]
      const body = all.map(({ method, params }: Question, id) => ({ jsonrpc: '2.0', id, method, params: params ?? [] }))
      const replies = inOrder(await post(JSON.stringify(body)), all.length)
      const [chain, newest] = replies.slice(0, 2).map(quantity)
      if (!replies.length || chain === undefined || newest === undefined)
        throw new RpcFault('RPC_MALFORMED', `${host} does not answer in JSON-RPC`)
      if (replies.some(isRateLimit)) throw new RpcFault('RPC_UNREACHABLE', `${host} wants fewer requests`)
      if (chain !== chainId) throw new RpcFault('RPC_WRONG_CHAIN', `${host} serves chain ${chain}, not ${chainId}`)
      return { replies: replies.slice(2), newest: Number(newest) }
    },
  }
}

function reasonOf(cause: unknown, timeoutMs: number): string {
  if (cause instanceof SyntaxError) return 'does not answer in JSON'
  const { name, message } = cause as Error
  if (name === 'TimeoutError') return `does not answer within ${timeoutMs} ms`
  return message.startsWith('status ') ? `answers with ${message}` : 'cannot be reached'
}

/** Replies by their number; none if any is missing, or is no reply. */
function inOrder(untrusted: unknown, count: number): Reply[] {
  if (!Array.isArray(untrusted)) return []
  const replies = new Map<unknown, Reply>()
  for (const one of untrusted) if (isReply(one)) replies.set(one.id, one)
  const found = Array.from({ length: count }, (_, id) => replies.get(id))
  return found.every((reply) => reply !== undefined) ? found : []
}

function isReply(untrusted: unknown): untrusted is Reply & { readonly id: unknown } {
  if (typeof untrusted !== 'object' || untrusted === null || !('id' in untrusted)) return false
  if (!('error' in untrusted)) return 'result' in untrusted
  const { error } = untrusted
  return typeof error === 'object' && error !== null && 'message' in error && 'code' in error
}

/** Providers' ways to say "too many", which another server may not say. */
const rateLimitCodes = [429, -32005, -32007, -32016]
const isRateLimit = (reply: Reply): boolean => 'error' in reply && rateLimitCodes.includes(reply.error.code)

function quantity(reply: Reply | undefined): bigint | undefined {
  const text = reply && 'result' in reply ? reply.result : undefined
  return typeof text === 'string' && /^0x[0-9a-f]{1,16}$/i.test(text) ? BigInt(text) : undefined
}
