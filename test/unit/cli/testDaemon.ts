/** A daemon in a few lines: the public API over HTTP with the real ledger behind it, and ways to misbehave on purpose. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as api from '../../../client/api.ts'
import { addressOfKey } from '../../../client/batch.ts'
import { nameToBytes32 } from '../../../client/ids.ts'
import { LogTree } from '../../../client/logTree.ts'
import type { Receipt } from '../../../client/receipt.ts'
import { authenticate, decodeEntry, entryLeaf, type SignedBatch } from '../../../ledger/entry.ts'
import { leafHash } from '../../../ledger/eventLog.ts'
import { type Hex, zeroHash } from '../../../ledger/hex.ts'
import { Refusal } from '../../../ledger/refusal.ts'
import { signHash } from '../../../ledger/signature.ts'
import { commitmentOf, createLedger, type Ledger, rootOf } from '../../../ledger/state.ts'
import type { Configuration } from '../../../ledger/structs.ts'
import { applyEntry } from '../../../ledger/transition.ts'
import { type Domain, digest } from '../../../ledger/typedData.ts'
import type { Codec } from '../../../protocol/codec.ts'
import { domain, keyOf } from '../ledger/support.ts'

export const coreKey = keyOf(40)

/** What happens to one request instead of an answer: nothing is done, or it is done and the answer is lost. */
export type Mishap = 'unheard' | 'unanswered' | 'busy'

export interface TestDaemon {
  readonly url: string
  ledger: Ledger
  /** The batches that were accepted, in order. */
  readonly accepted: SignedBatch[]
  /** Every request so far, such as `POST /api/batches`. */
  readonly requests: string[]
  /** Asked at each request. */
  mishap: (request: string, count: number) => Mishap | undefined
  /** A chance to lie. */
  alterAnswer: (answer: api.BatchAnswer, batch: SignedBatch) => api.BatchAnswer
  anchoredSize: bigint
  coreKey: Uint8Array
  /** What it says that it serves. */
  domain: Domain
  /** Takes the ledger back to its first so many batches, as if the others had never been. */
  rollBack(batches: number): void
  /** Accepts a batch that came some other way. */
  submit(batch: SignedBatch): void
  close(): Promise<void>
}

export async function startTestDaemon(configuration: Configuration): Promise<TestDaemon> {
  let log = new LogTree()
  let boot = 1
  const server = createServer((request, response) => void answer(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  const daemon: TestDaemon = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ledger: createLedger(configuration),
    accepted: [],
    requests: [],
    mishap: () => undefined,
    alterAnswer: (answer) => answer,
    anchoredSize: 0n,
    coreKey,
    domain,
    rollBack,
    submit,
    close() {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
  rollBack(0)
  return daemon

  function rollBack(batches: number): void {
    const kept = daemon.accepted.splice(0)
    daemon.ledger = createLedger(configuration)
    log = new LogTree()
    log.append(leafHash(entryLeaf({ configuration: configuration, signatures: [] })))
    boot++
    for (const batch of kept.slice(0, batches)) submit(batch)
  }

  function submit(untrusted: SignedBatch): api.BatchAnswer {
    const batch = authenticate(daemon.ledger.rules, untrusted)
    const outcome = applyEntry(daemon.ledger, batch)
    if (outcome.status === 'accepted') {
      log.append(batch.leafHash)
      daemon.accepted.push(untrusted)
    }
    const { status, position } = outcome
    const odd = outcome.status === 'accepted' ? outcome.odd : []
    return daemon.alterAnswer({ status, odd, receipt: receiptOf(position) }, untrusted)
  }

  function receiptOf(position: number): Receipt {
    const head = { epoch: 1n, boot: nameToBytes32(`boot${boot}`), size: BigInt(log.size), root: log.root() }
    const signature = signHash(digest(domain, 'LogHead', head), daemon.coreKey)
    return { head: { ...head, signature }, position, path: log.inclusionPath(position) }
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const name = `${request.method} ${request.url}`
    daemon.requests.push(name)
    const mishap = daemon.mishap(name, daemon.requests.length)
    if (mishap === 'unheard') return void request.socket.destroy()
    const [status, body] = mishap === 'busy' ? problem(503, 'BUSY') : route(name, Buffer.concat(chunks))
    if (mishap === 'unanswered') return void request.socket.destroy()
    response.writeHead(status, { 'content-type': status === 200 ? 'application/json' : 'application/problem+json' })
    response.end(JSON.stringify(body))
  }

  function route(name: string, body: Uint8Array): [number, unknown] {
    try {
      if (name === 'POST /api/batches') return ok(api.batchAnswer, submit(decodeEntry(body) as SignedBatch))
      if (name === 'GET /api/tee/status') return ok(api.statusAnswer, status())
      if (name === 'GET /api/ledger/head') return ok(api.ledgerHeadAnswer, ledgerHead())
      if (name.startsWith('GET /api/reporters/')) return reporter(name.replace('GET /api/reporters/', '') as Hex)
      return problem(404, 'NOT_FOUND')
    } catch (error) {
      if (error instanceof Refusal) return problem(422, error.code, error.facts)
      throw error
    }
  }

  function reporter(address: Hex): [number, unknown] {
    const [state, rule] = [daemon.ledger.reporters.get(address), daemon.ledger.rules.reporters.get(address)]
    if (!state || !rule) return problem(404, 'NOT_FOUND')
    const { nextSequence, spentWei } = state
    return ok(api.reporterAnswer, { reporter: address, nextSequence, spentWei, budgetWei: rule.budgetWei })
  }

  function status(): api.StatusAnswer {
    const core = {
      phase: 'open',
      version: '1',
      address: addressOfKey(daemon.coreKey),
      configHash: daemon.ledger.rules.hash,
      epoch: 1n,
      boot: nameToBytes32(`boot${boot}`),
      counter: 0n,
      ledgerRoot: zeroHash,
      anchored: { counter: 0n, root: zeroHash },
      logSize: BigInt(log.size),
      logRoot: log.root(),
      record: { number: 0n, hash: zeroHash },
      warnings: [],
    } as const
    return { core, ...daemon.domain, head: null, isEpochOpen: true, state: 'open', nextPayoutAt: null, waitsFor: null }
  }

  function ledgerHead(): api.LedgerHeadAnswer {
    const commitment = { ...commitmentOf(daemon.ledger), logSize: daemon.anchoredSize }
    const anchored = { counter: 1n, root: rootOf(commitment), commitment, transactionHash: zeroHash, blockNumber: 1n }
    const [totalEarnedWei, totalPaidWei] = [daemon.ledger.totalEarnedWei, 0n]
    const logSize = BigInt(log.size)
    return { logSize, logRoot: log.root(), totalEarnedWei, totalPaidWei, treasuryWei: null, head: null, anchored }
  }
}

const ok = <T>(codec: Codec<T>, value: T): [number, unknown] => [200, codec.write(value)]
const problem = (status: number, code: string, facts = {}): [number, unknown] => [
  status,
  { type: 'about:blank', title: code, status, detail: `refused: ${code}`, code, facts },
]
