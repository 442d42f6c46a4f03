/** Everything that can go wrong between core, daemon and chain, in an order that a seed decides; in the end all books agree. */
import { expect, test, vi } from 'vitest'
import type { Hex } from '../../../ledger/hex.ts'
import {
  createWorld,
  creditBatch,
  directPayee,
  type TestDaemon,
  type TestWorld,
  ticketPayee,
  waiting,
} from './support.ts'

const rounds = 25

/** xorshift32: the same seed, the same run. */
function createDice(seed: number): (sides: number) => number {
  let state = seed | 1
  return (sides) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % sides
  }
}

const methods = [
  'apply_event',
  'open_epoch',
  'prepare_payouts',
  'confirm_payout',
  'export_state',
  'load_state',
  'status',
]

/** One thing goes wrong. */
async function disturb({ coreHost, chain }: TestWorld, roll: (sides: number) => number): Promise<string> {
  const { number } = await blockOf(chain)
  switch (roll(6)) {
    case 0: {
      const method = methods[roll(methods.length)] as string
      coreHost.onReply = (asked) => {
        if (asked !== method) return 'send'
        coreHost.onReply = () => 'send'
        return 'cut'
      }
      return `the next reply to ${method} is lost`
    }
    case 1:
      coreHost.restart()
      return 'the core is killed'
    case 2:
      chain.reverting = 1 + roll(2)
      return 'transactions revert'
    case 3: {
      const depth = Math.min(1 + roll(3), number - 1)
      const isForgotten = roll(2) === 0
      if (depth > 0) chain.reorganise(depth, isForgotten)
      return `${depth} blocks are replaced${isForgotten ? ' and forgotten' : ''}`
    }
    case 4:
      chain.openByAnother()
      return 'another boot opens'
    default:
      chain.isDown = true
      return 'the chain falls silent'
  }
}

async function blockOf(chain: TestWorld['chain']) {
  chain.isDown = false
  return chain.block()
}

/** Sends as a reporter does: the same bytes until there is a receipt. */
const sendUntilAccepted = (world: TestWorld, daemon: TestDaemon, sequence: bigint, payee: Hex): Promise<void> =>
  vi.waitFor(async () => {
    await daemon.client.sendBatch(creditBatch(sequence, 3n, payee)).catch((error) => {
      world.chain.isDown = false // it has been silent for one batch
      throw error
    })
  }, waiting)

test.each([1, 2, 3].map((n) => n * 7919))('behavior: seed %i', { timeout: 120_000 }, async (seed) => {
  const roll = createDice(seed)
  const world = createWorld()
  let daemon = await world.startOpen()
  const story: string[] = []
  try {
    for (let i = 0; i < rounds; i++) {
      story.push(await disturb(world, roll))
      await sendUntilAccepted(world, daemon, BigInt(i), i % 2 === 0 ? directPayee : ticketPayee)
      if (roll(8) === 0) {
        story.push('the daemon is restarted')
        await daemon.stop()
        daemon = await world.startDaemon()
      }
    }
    world.chain.isDown = false
    world.chain.reverting = 0
    await vi.waitFor(async () => {
      const answer = await (await fetch(`${daemon.url}/api/reconciliation`)).json()
      expect(answer).toMatchObject({ discrepancies: [], earned_wei: `${rounds * 3}`, paid_wei: `${rounds * 3}` })
    }, waiting)
    const [even, odd] = [Math.ceil(rounds / 2) * 3, Math.floor(rounds / 2) * 3].map(BigInt)
    expect(await world.chain.paid([directPayee, ticketPayee])).toEqual([even, odd])
  } catch (error) {
    console.error(
      `seed ${seed}:\n${story.join('\n')}\n${daemon.log
        .slice(-30)
        .map((line) => JSON.stringify(line))
        .join('\n')}`,
    )
    throw error
  }
})
