/** An anvil that does nothing by itself: every block is asked for, with its time. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { anvilBinary, asOnArbitrum } from '../../../anvil/chain.ts'
import type { Hex } from '../../../ledger/hex.ts'

export interface Node {
  /** One request. @throws Error with what the node said */
  ask(method: string, ...params: readonly unknown[]): Promise<unknown>
  /** Several requests that change nothing, in any order. */
  read(requests: readonly (readonly [method: string, ...params: readonly unknown[]])[]): Promise<unknown[]>
  stop(): void
}

interface Answer {
  readonly id: number
  readonly result?: unknown
  readonly error?: { readonly message: string }
}

const arguments_ = [
  ...['--host', '127.0.0.1', '--port', '0', '--chain-id', '31337', '--no-mining', '--auto-impersonate'],
  ...['--base-fee', '0', '--gas-price', '0', '--timestamp', '1700000000', ...asOnArbitrum],
]

export async function startNode(): Promise<Node> {
  const child = spawn(anvilBinary(), arguments_, { stdio: ['ignore', 'pipe', 'inherit'] })
  const stop = (): void => void child.kill()
  process.once('exit', stop)
  const url = await urlOf(child)
  const post = async (body: unknown): Promise<unknown> => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    return response.json()
  }
  const bodyOf = ([method, ...params]: readonly [string, ...unknown[]], id: number) => ({
    jsonrpc: '2.0',
    id,
    method,
    params,
  })
  return {
    async ask(method, ...params) {
      const { result, error } = (await post(bodyOf([method, ...params], 1))) as Answer
      if (error) throw new Error(`${method}: ${error.message}`)
      return result
    },
    async read(requests) {
      const answers = (await post(requests.map(bodyOf))) as Answer[]
      return answers
        .toSorted((a, b) => a.id - b.id)
        .map(({ result, error }) => {
          if (error) throw new Error(error.message)
          return result
        })
    },
    stop,
  }
}

async function urlOf(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error('anvil has no output')
  let url: string | undefined
  const lines = createInterface({ input: child.stdout })
  const ready = new Promise<void>((resolve, reject) => {
    lines.on('line', (line) => {
      const address = /^Listening on (.+)$/.exec(line)?.[1]
      if (!address) return
      url = `http://${address}`
      resolve()
    })
    child.once('exit', (code) => reject(new Error(`anvil ended with ${code}`)))
  })
  await ready
  return url as string
}

/** Runtime code that stops, that refuses, and that eats all gas. */
export const idleCode: Hex = '0x00'
export const refuserCode: Hex = '0x60006000fd'
export const gasEaterCode: Hex = '0x5b600056'

/** Runtime code that makes one call, whatever comes of it; only when called by `from`, if that is given. */
export function callerCode(to: Hex, data: Hex, from?: Hex): Hex {
  // CALLER, PUSH20, EQ, and on to byte 27 or STOP.
  const onlyFrom = from ? `3373${from.slice(2)}14601b57005b` : ''
  const at = (onlyFrom.length / 2 + 45).toString(16).padStart(4, '0')
  const length = ((data.length - 2) / 2).toString(16).padStart(4, '0')
  // CODECOPY the data to memory, CALL with all gas and no value, POP, STOP; then the data.
  return `0x${onlyFrom}61${length}61${at}6000396000600061${length}6000600073${to.slice(2)}5af15000${data.slice(2)}`
}
