/** The few questions that checks put to an Ethereum node of the caller's own choice, over JSON-RPC. */
import type { Hex } from '../../ledger/hex.ts'
import { NotChecked } from '../verdict.ts'

const timeoutMsDefault = 30_000

export interface RpcOptions {
  readonly url: string
  readonly fetch?: typeof globalThis.fetch
  readonly timeoutMs?: number
}

/** A node. Every method throws {@link NotChecked} `RPC_UNREACHABLE`, `RPC_ERROR` or `RPC_MALFORMED`. */
export interface Rpc {
  chainId(): Promise<bigint>
  /** The newest block, or that of this number. */
  block(number?: bigint): Promise<Block>
  code(address: Hex, atBlock?: bigint): Promise<Hex>
  balance(address: Hex, atBlock?: bigint): Promise<bigint>
  call(to: Hex, data: Hex, atBlock?: bigint): Promise<Hex>
  logs(filter: LogFilter): Promise<readonly RawLog[]>
  /** The calldata of a mined transaction; undefined where the node does not have it. */
  calldata(hash: Hex): Promise<Hex | undefined>
}

export interface Block {
  readonly number: bigint
  readonly hash: Hex
  /** Unix seconds. */
  readonly timestamp: bigint
}

export interface LogFilter {
  readonly address: Hex
  readonly topics: readonly (Hex | null)[]
  readonly from: bigint
  readonly to: bigint
}

export interface RawLog {
  readonly topics: readonly Hex[]
  readonly data: Hex
  readonly blockNumber: bigint
  readonly logIndex: bigint
  readonly transactionHash: Hex
}

export function createRpc({ url, fetch = globalThis.fetch, timeoutMs = timeoutMsDefault }: RpcOptions): Rpc {
  const ask = async (method: string, ...params: readonly unknown[]): Promise<unknown> => {
    const body = await post(method, params)
    if (typeof body !== 'object' || body === null) throw malformed(method)
    const { error, result } = body as { error?: { message?: unknown }; result?: unknown }
    if (error !== undefined && error !== null)
      throw new NotChecked('RPC_ERROR', `the node refuses ${method}: ${String(error.message).slice(0, 200)}`)
    return result
  }
  const post = async (method: string, params: readonly unknown[]): Promise<unknown> => {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
        signal: AbortSignal.timeout(timeoutMs),
      })
      return await response.json()
    } catch (cause) {
      throw new NotChecked('RPC_UNREACHABLE', 'the node cannot be reached, or does not speak JSON-RPC', { cause })
    }
  }
  const number = async (method: string, ...params: readonly unknown[]): Promise<bigint> =>
    toNumber(method, await ask(method, ...params))
  const bytes = async (method: string, ...params: readonly unknown[]): Promise<Hex> =>
    toData(method, await ask(method, ...params))

  return {
    chainId: () => number('eth_chainId'),
    async block(at) {
      const block = members('eth_getBlockByNumber', await ask('eth_getBlockByNumber', tag(at), false))
      return {
        number: toNumber('eth_getBlockByNumber', block.number),
        hash: toData('eth_getBlockByNumber', block.hash),
        timestamp: toNumber('eth_getBlockByNumber', block.timestamp),
      }
    },
    code: (address, at) => bytes('eth_getCode', address, tag(at)),
    balance: (address, at) => number('eth_getBalance', address, tag(at)),
    call: (to, data, at) => bytes('eth_call', { to, data }, tag(at)),
    async logs({ address, topics, from, to }) {
      const found = await ask('eth_getLogs', { address, topics, fromBlock: tag(from), toBlock: tag(to) })
      if (!Array.isArray(found)) throw malformed('eth_getLogs')
      return found.map(toLog)
    },
    async calldata(hash) {
      const transaction = await ask('eth_getTransactionByHash', hash)
      if (transaction === null) return undefined
      return toData('eth_getTransactionByHash', members('eth_getTransactionByHash', transaction).input)
    },
  }
}

const tag = (block: bigint | undefined): string => (block === undefined ? 'latest' : `0x${block.toString(16)}`)

function toLog(untrusted: unknown): RawLog {
  const log = members('eth_getLogs', untrusted)
  if (!Array.isArray(log.topics)) throw malformed('eth_getLogs')
  return {
    topics: log.topics.map((topic) => toData('eth_getLogs', topic)),
    data: toData('eth_getLogs', log.data),
    blockNumber: toNumber('eth_getLogs', log.blockNumber),
    logIndex: toNumber('eth_getLogs', log.logIndex),
    transactionHash: toData('eth_getLogs', log.transactionHash),
  }
}

function members(method: string, untrusted: unknown): Record<string, unknown> {
  if (typeof untrusted === 'object' && untrusted !== null) return untrusted as Record<string, unknown>
  throw malformed(method)
}

function toNumber(method: string, untrusted: unknown): bigint {
  if (typeof untrusted === 'string' && /^0x[0-9a-f]{1,64}$/i.test(untrusted)) return BigInt(untrusted)
  throw malformed(method)
}

function toData(method: string, untrusted: unknown): Hex {
  if (typeof untrusted === 'string' && /^0x([0-9a-f]{2})*$/i.test(untrusted)) return untrusted.toLowerCase() as Hex
  throw malformed(method)
}

const malformed = (method: string): NotChecked =>
  new NotChecked('RPC_MALFORMED', `the node answers ${method} with something else than is asked for`)

/** 32 bytes of a number, as topics and arguments hold it. */
export const wordOf = (value: bigint): Hex => `0x${value.toString(16).padStart(64, '0')}`
