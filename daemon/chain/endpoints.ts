/**
 * Several servers of one chain as one. Questions of one moment go together to the server in use; where it fails, is on
 * another chain, or has fallen behind the others, the next one is asked. Transactions go to all of them.
 */
import type { Logger } from 'pino'
import { type CustomTransport, custom, RpcRequestError } from 'viem'
import { type Complain, createComplaints } from '../complaints.ts'
import { type Batch, createEndpoint, type Endpoint, type Question, type Reply, RpcFault } from './endpoint.ts'

/** A server that is more blocks behind what was seen elsewhere has stopped, or was rewound. */
const behindMax = 100
/** What public servers take in one batch. */
const questionsMax = 50

interface EndpointsOptions {
  /** The first is the one of choice. */
  readonly urls: readonly string[]
  readonly chainId: bigint
  readonly timeoutMs: number
  readonly log: Logger
}

interface Asked {
  readonly question: Question
  readonly resolve: (result: unknown) => void
  readonly reject: (error: unknown) => void
}

/** As a transport of viem. Its requests throw RpcFault where no server can be used, RpcRequestError where one says no. */
export function createEndpoints({ urls, chainId, timeoutMs, log }: EndpointsOptions): CustomTransport {
  const endpoints = urls.map((url) => createEndpoint({ url, chainId, timeoutMs }))
  const pool = createPool(endpoints, createComplaints(log))
  const waiting: Asked[] = []

  const flush = async (): Promise<void> => {
    const asked = waiting.splice(0, questionsMax)
    if (waiting.length > 0) void flush()
    try {
      const { replies, name } = await pool.ask(asked.map(({ question }) => question))
      for (const [i, one] of asked.entries()) settle(one, replies[i] as Reply, name)
    } catch (error) {
      for (const { reject } of asked) reject(error)
    }
  }
  const ask = (question: Question): Promise<unknown> =>
    new Promise((resolve, reject) => {
      waiting.push({ question, resolve, reject })
      if (waiting.length === 1) setImmediate(() => void flush())
    })
  const request = (question: Question) =>
    question.method === 'eth_sendRawTransaction' ? sendToAll(endpoints, question) : ask(question)
  return custom({ request }, { retryCount: 0 })
}

function settle({ question, resolve, reject }: Asked, reply: Reply, name: string): void {
  if ('result' in reply) resolve(reply.result)
  else reject(errorOf(question, reply, name))
}

const errorOf = (question: Question, { error }: Extract<Reply, { error: unknown }>, name: string): RpcRequestError =>
  new RpcRequestError({ body: { method: question.method }, error, url: `http://${name}` })

function createPool(endpoints: readonly Endpoint[], complain: Complain) {
  let inUse = 0
  /** The newest block that was believed. */
  let newestSeen = 0

  const use = (index: number, batch: Batch) => {
    inUse = index
    newestSeen = batch.newest
    return { replies: batch.replies, name: (endpoints[index] as Endpoint).name }
  }
  return {
    /** The answer of the first server that can be used; of the least behind, where all are. @throws RpcFault of the first */
    async ask(questions: readonly Question[]) {
      let fault: unknown
      let best: { readonly index: number; readonly batch: Batch } | undefined
      for (let turn = 0; turn < endpoints.length; turn++) {
        const index = (inUse + turn) % endpoints.length
        const { name, ask } = endpoints[index] as Endpoint
        try {
          const batch = await ask(questions)
          if (batch.newest + behindMax >= newestSeen)
            return use(index, { ...batch, newest: Math.max(batch.newest, newestSeen) })
          if (!best || batch.newest > best.batch.newest) best = { index, batch }
          complain('a server of the chain is behind', new RpcFault('RPC_BEHIND', `${name} is at block ${batch.newest}`))
        } catch (error) {
          if (!(error instanceof RpcFault)) throw error
          fault ??= error
          complain('a server of the chain cannot be used', error, { code: error.code })
        }
      }
      // Where every server went back, the chain did.
      if (best) return use(best.index, best.batch)
      throw fault
    },
  }
}

/** One that takes it is enough; where none does, what the first said counts. */
async function sendToAll(endpoints: readonly Endpoint[], question: Question): Promise<unknown> {
  const answers = await Promise.allSettled(
    endpoints.map(async ({ ask, name }) => {
      const [reply] = (await ask([question])).replies as [Reply]
      if ('error' in reply) throw errorOf(question, reply, name)
      return reply.result
    }),
  )
  const taken = answers.find((answer) => answer.status === 'fulfilled')
  if (taken) return taken.value
  throw (answers[0] as PromiseRejectedResult).reason
}
