/**
 * Takes the chain's events in, block by block, and takes them back when the chain does. The store's cursor is the newest
 * block taken in; remembered hashes lead back to where an old and a new chain part.
 */
import type { Logger } from 'pino'
import type { Hex } from '../../ledger/hex.ts'
import type { Chain } from '../chain/chain.ts'
import type { ChainEvent } from '../chain/events.ts'
import { createComplaints } from '../complaints.ts'
import { pause } from '../pause.ts'
import type { BlockPoint, Store } from '../store/store.ts'
import type { Books } from './books.ts'

/** What public servers answer in one request. */
const blocksPerRequestMax = 2_000
/** Some minutes of Arbitrum. */
const distrustedMin = 500
/** Each takes the timelock's delay. */
const admissionsMax = 1_000

export interface IndexerOptions {
  readonly chain: Pick<Chain, 'block' | 'events' | 'isDeployed' | 'head' | 'totalPaid'>
  readonly store: Pick<Store, 'cursor' | 'blocks' | 'saveBlocks' | 'rewindBlocks' | 'eventsNamed'>
  readonly books: Pick<Books, 'add' | 'reload' | 'addUp'>
  readonly confirmations: number
  readonly pollMs: number
  readonly log: Logger
}

export interface Indexer {
  /** Takes in all there is. @throws what the chain throws; what was taken in stays */
  catchUp(): Promise<void>
  run(signal: AbortSignal): Promise<never>
}

export function createIndexer(options: IndexerOptions): Indexer {
  const { chain, store, books, log } = options
  const complain = createComplaints(log)
  /** How many blocks were taken back the last time; 0 while all events add up. */
  let distrusted = 0
  /** Until this block nothing more is taken back: all was, in vain. */
  let distrustAgainAt = 0
  /** The newest block that was seen without the contract: before it there is nothing to look for. */
  let withoutContract = -1

  const start = async (newest: number): Promise<BlockPoint | undefined> => {
    if (newest < 0) return undefined
    if (!(await chain.isDeployed(newest))) {
      withoutContract = newest
      return undefined
    }
    const first = await chain.block(Math.max(0, (await findDeployment(chain, withoutContract, newest)) - 1))
    await store.saveBlocks([first], [])
    return first
  }

  /** @returns the cursor then; undefined where there is nothing to read */
  const read = async (): Promise<BlockPoint | undefined> => {
    const newest = (await chain.block()).number - options.confirmations
    const before = (await store.cursor()) ?? (await start(newest))
    if (!before) return undefined
    let cursor = await rewind(options, before)
    if (cursor.number !== before.number) {
      await books.reload()
      log.warn({ from: before.number, to: cursor.number }, 'the chain was reorganised')
    }
    if (cursor.number >= newest) return undefined
    const committers = await committersOf(store)
    while (cursor.number < newest) {
      const to = Math.min(cursor.number + blocksPerRequestMax, newest)
      const end = await chain.block(to)
      const events = await chain.events({ from: cursor.number + 1, to, committers })
      for (const event of events) if (event.name === 'Admitted') committers.push(event.args.committer)
      // Read again: if the chain was reorganised in between, the next round starts from where that shows.
      if ((await chain.block(to)).hash !== end.hash || (await chain.block(cursor.number)).hash !== cursor.hash)
        return undefined
      await store.saveBlocks([...blocksOf(events, end), end], events)
      books.add(events, end)
      cursor = end
    }
    return cursor
  }

  /**
   * A server may keep logs back, for once or for long. Where events do not add up to what the contract says, they are taken
   * back, further each time. When all were in vain the reconciliation says what is missing, and it is tried again much later.
   */
  const takeBack = async ({ number }: BlockPoint): Promise<boolean> => {
    const [totalPaid, { committer }] = await Promise.all([chain.totalPaid(number), chain.head(number)])
    if (books.addUp(totalPaid) && (await committersOf(store)).includes(committer)) {
      distrusted = 0
      return false
    }
    if (number < distrustAgainAt) return false
    distrusted = Math.max(distrustedMin, distrusted * 4)
    const blocks = await store.blocks()
    const kept = blocks.find((block) => block.number <= number - distrusted)
    if (!kept) {
      // What reading all of it costs goes by its length: so it is done once in a tenth of that.
      distrustAgainAt = number + Math.ceil((number - (blocks.at(-1)?.number ?? 0)) / 10)
      distrusted = 0
      withoutContract = -1
    }
    log.warn({ code: 'EVENTS_MISSING', from: kept?.number ?? 0, to: number }, 'reading events again: some are missing')
    await store.rewindBlocks(kept?.number ?? -1)
    await books.reload()
    return true
  }

  const catchUp = async (): Promise<void> => {
    const cursor = await read()
    if (cursor && (await takeBack(cursor))) await read()
  }

  return {
    catchUp,
    async run(signal) {
      for (;;) {
        await catchUp().catch((error: unknown) => complain('cannot read the chain', error))
        await pause(options.pollMs, signal)
      }
    },
  }
}

/** Whose tickets are ours: those of every key that was ever the contract's. */
async function committersOf(store: IndexerOptions['store']): Promise<Hex[]> {
  const events = await store.eventsNamed('Admitted', { after: undefined, limit: admissionsMax })
  return events.map(({ args }) => args.committer)
}

/** Goes back to the last remembered block that is still of the chain. @returns the cursor from there */
async function rewind({ chain, store }: IndexerOptions, cursor: BlockPoint): Promise<BlockPoint> {
  if (await isOnChain(chain, cursor)) return cursor
  for (const block of await store.blocks()) {
    if (!(await isOnChain(chain, block))) continue
    await store.rewindBlocks(block.number)
    return block
  }
  throw new Error(
    'no remembered block is of this chain: this is another chain, or it went back further than is remembered',
  )
}

async function isOnChain(chain: IndexerOptions['chain'], { number, hash }: BlockPoint): Promise<boolean> {
  const newest = await chain.block()
  return number <= newest.number && (await chain.block(number)).hash === hash
}

/** The first block at which the contract has code, by bisection. */
async function findDeployment(chain: IndexerOptions['chain'], from: number, newest: number): Promise<number> {
  let [without, having] = [from, newest]
  while (having - without > 1) {
    const middle = Math.floor((without + having) / 2)
    if (await chain.isDeployed(middle)) having = middle
    else without = middle
  }
  return having
}

/** The blocks that events are in, but for the end of the range, each once. */
const blocksOf = (events: readonly ChainEvent[], end: BlockPoint): BlockPoint[] =>
  [...new Map(events.map(({ blockNumber, blockHash }) => [blockNumber, blockHash]))]
    .map(([number, hash]) => ({ number, hash }))
    .filter(({ number }) => number !== end.number)
