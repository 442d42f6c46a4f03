/** The log and what was anchored of it: enough for anyone to compute everything again without believing this daemon. */

import type Router from '@koa/router'
import type { Context } from 'koa'
import {
  type Anchor,
  accountsAnswer,
  anchorsAnswer,
  type Boot,
  bootsAnswer,
  configurationsAnswer,
  consistencyAnswer,
  inclusionAnswer,
  logAnswer,
  pageMax,
} from '../../client/logApi.ts'
import { entryLeaf } from '../../ledger/entry.ts'
import { concat, toHex } from '../../ledger/hex.ts'
import { rootOf } from '../../ledger/state.ts'
import { hashStruct } from '../../ledger/typedData.ts'
import { decodeCall } from '../chain/calls.ts'
import type { ChainEvent } from '../chain/events.ts'
import { Problem } from '../problem.ts'
import { publicSize } from './publicSize.ts'
import { placeMax, readCursor, readNumber, writeCursor } from './query.ts'
import { answer, type Services } from './services.ts'

/** An answer with entries ends after the one with which it reaches this size. */
const entriesBytesMax = 1024 * 1024
const entriesPerAnswerMax = 1_000
const bootsPerAnswerMax = 100

/** What never changes: an entry, a proof between two sizes, the accounts of an anchor. A year is as good as for ever. */
export const setImmutableCache = (context: Context): void =>
  context.set('Cache-Control', 'public, max-age=31536000, immutable')

export function addLogRoutes(router: Router, services: Services): void {
  const { mirror, store } = services

  router.get('/api/log', async (context) => {
    const signed = (await store.lastLogHead()) ?? null
    const size = await publicSize(services)
    answer(context, logAnswer, { size, root: mirror.tree.root(size), signed })
  })

  // Each entry as its exact bytes, after their length in four bytes, big-endian.
  router.get('/api/log/entries', async (context) => {
    const size = await publicSize(services)
    const from = readNumber(context.query.from, 'from', { least: 0, most: size })
    const limit = readNumber(context.query.limit, 'limit', { least: 1, most: entriesPerAnswerMax, otherwise: 100 })
    const leaves = await fetchLeaves(services, from, Math.min(limit, size - from))
    const isEndOfLog = from + leaves.length === size && leaves.length < limit
    if (!isEndOfLog) setImmutableCache(context)
    context.type = 'application/octet-stream'
    context.body = Buffer.from(concat(...leaves.flatMap((leaf) => [lengthOf(leaf), leaf])))
  })

  router.get('/api/log/consistency', async (context) => {
    const { tree } = mirror
    const most = await publicSize(services)
    const to = readNumber(context.query.to, 'to', { least: 0, most, otherwise: most })
    const from = readNumber(context.query.from, 'from', { least: 0, most: to })
    if (context.query.to !== undefined) setImmutableCache(context)
    answer(context, consistencyAnswer, { from, to, proof: tree.consistencyProof(from, to) })
  })

  router.get('/api/log/inclusion', async (context) => {
    const { tree } = mirror
    const most = await publicSize(services)
    const size = readNumber(context.query.size, 'size', { least: 1, most, otherwise: most })
    const position = readNumber(context.query.position, 'position', { least: 0, most: size - 1 })
    if (context.query.size !== undefined) setImmutableCache(context)
    const path = tree.inclusionPath(position, size)
    answer(context, inclusionAnswer, { position, size, leafHash: toHex(tree.leafHash(position)), path })
  })

  router.get('/api/log/anchors', async (context) => {
    const { events, next } = await fetchPage(services, context, 'Committed', pageMax)
    answer(context, anchorsAnswer, { anchors: events.map(anchorOf), next })
  })

  router.get('/api/log/boots', async (context) => {
    const { events, next } = await fetchPage(services, context, 'Opened', bootsPerAnswerMax)
    answer(context, bootsAnswer, { boots: await Promise.all(events.map((event) => bootOf(services, event))), next })
  })

  router.get('/api/log/configurations', async (context) => {
    const { configuration, hash } = services.rules
    const later = await store.configurations()
    answer(context, configurationsAnswer, {
      configurations: [
        { position: 0, hash, entry: { configuration, signatures: [] } },
        ...later.map(({ position, signed: entry }) => {
          return { position, hash: hashStruct('Configuration', entry.configuration), entry }
        }),
      ],
    })
  })

  router.get('/api/log/accounts/:counter', async (context) => {
    const counter = readNumber(context.params.counter, 'counter', { least: 1, most: placeMax })
    const commitment = await commitmentAt(services, BigInt(counter))
    const view = await mirror.viewAt(commitment)
    const from = readNumber(context.query.from, 'from', { least: 0, most: view.size, otherwise: 0 })
    const limit = readNumber(context.query.limit, 'limit', { least: 1, most: pageMax, otherwise: pageMax })
    const accounts = view.list(from, limit)
    setImmutableCache(context)
    answer(context, accountsAnswer, { counter: BigInt(counter), commitment, total: view.size, accounts })
  })
}

/** So many entries as bytes, fewer where they are large. Position 0 is the configuration that the log began with. */
async function fetchLeaves({ rules, store }: Services, from: number, count: number): Promise<Uint8Array[]> {
  const leaves: Uint8Array[] = []
  let bytes = 0
  const add = (leaf: Uint8Array): void => {
    leaves.push(leaf)
    bytes += leaf.length
  }
  if (from === 0 && count > 0) add(entryLeaf({ configuration: rules.configuration, signatures: [] }))
  while (leaves.length < count && bytes < entriesBytesMax) {
    const some = await store.entriesFrom(from + leaves.length, Math.min(16, count - leaves.length))
    if (some.length === 0) break
    for (const { leaf } of some) if (bytes < entriesBytesMax) add(leaf)
  }
  return leaves
}

function lengthOf(leaf: Uint8Array): Uint8Array {
  const length = new Uint8Array(4)
  new DataView(length.buffer).setUint32(0, leaf.length)
  return length
}

async function fetchPage<Name extends 'Committed' | 'Opened'>(
  { store }: Services,
  context: Context,
  name: Name,
  most: number,
) {
  if (context.query.last !== undefined)
    return {
      events: await store.lastNamed(name, readNumber(context.query.last, 'last', { least: 1, most })),
      next: null,
    }
  const limit = readNumber(context.query.limit, 'limit', { least: 1, most, otherwise: Math.min(most, 100) })
  const events = await store.eventsNamed(name, { after: readCursor(context.query.after, 'after'), limit })
  const last = events.length === limit ? events.at(-1) : undefined
  return { events, next: last ? writeCursor(last) : null }
}

function anchorOf({ args, transactionHash, blockNumber, blockTime }: ChainEvent<'Committed'>): Anchor {
  const { epoch, counter, prevRoot, next: commitment, totalPaid: totalPaidWei } = args
  const place = { transactionHash, blockNumber: BigInt(blockNumber), at: BigInt(blockTime) }
  return { epoch, counter, prevRoot, root: rootOf(commitment), commitment, totalPaidWei, ...place }
}

async function bootOf(
  { chain }: Services,
  { args, transactionHash, blockNumber, blockTime }: ChainEvent<'Opened'>,
): Promise<Boot> {
  const { epoch, boot, logSize, logRoot } = args
  const calldata = await chain.calldata(transactionHash)
  const open = calldata && decodeCall(calldata)?.open
  const attestation = open?.boot === boot ? open.attestation : null
  const place = { transactionHash, blockNumber: BigInt(blockNumber), at: BigInt(blockTime) }
  return { epoch, boot, logSize, logRoot, attestation, ...place }
}

/** Of the newest commit with this counter: one that was struck out is not among them. */
async function commitmentAt({ store }: Services, counter: bigint) {
  const event = await store.committed(counter)
  if (event) return event.args.next
  throw new Problem('NOT_FOUND', 'no such anchor', { counter: `${counter}` })
}
