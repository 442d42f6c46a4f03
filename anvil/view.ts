/** Shows a run: redrawn in place on a terminal, line by line elsewhere. */
import type { Payout } from '../client/api.ts'
import { type Frame, renderFrame } from './frame.ts'
import type { Observation } from './observation.ts'
import { ether, nameOf, operatorLink, pageLink } from './words.ts'

export interface View {
  /** One sentence about what is being done. */
  say(sentence: string): void
  show(observation: Observation): void
  /** Leaves the terminal as it was found. */
  close(): void
}

export const createView = (out: NodeJS.WriteStream): View => (out.isTTY ? createScreen(out) : createLog(out))

const hideCursor = '\x1b[?25l'
const showCursor = '\x1b[?25h'
const clear = '\x1b[2J\x1b[H'
const home = '\x1b[H'
const clearToEndOfLine = '\x1b[K'
const clearBelow = '\x1b[J'

function createScreen(out: NodeJS.WriteStream): View {
  let last: Observation | undefined
  const draw = (): void => {
    if (!last) return
    const size: Frame = { columns: out.columns, rows: out.rows, hasColours: out.hasColors?.() ?? false }
    const lines = renderFrame(last, size).map((line) => line + clearToEndOfLine)
    out.write(home + lines.join('\n') + clearBelow)
  }
  const redraw = (): void => {
    out.write(clear)
    draw()
  }
  out.on('resize', redraw)
  return {
    say: (sentence) => void out.write(`${sentence}\n`),
    show(observation) {
      if (!last) out.write(hideCursor + clear)
      last = observation
      draw()
    },
    close() {
      out.off('resize', redraw)
      out.write(`${showCursor}\n`)
    },
  }
}

/** Says what is new since the last observation: anchors and payouts. */
function createLog(out: NodeJS.WriteStream): View {
  const say = (sentence: string): void => void out.write(`${sentence}\n`)
  let [counter, state] = [0n, 'none' as string | undefined]
  return {
    say,
    show(observation) {
      const { ledger, events, url, rpcUrl } = observation
      if (state === 'none')
        say(`API ${url}, RPC ${rpcUrl}\npage ${pageLink({ url, rpcUrl })}\noperator ${operatorLink(observation)}`)
      if (state !== observation.state)
        say(`the daemon ${observation.state ? `is ${observation.state}` : 'does not answer'}`)
      state = observation.state
      const { anchored } = ledger
      if (!anchored || anchored.counter === counter) return
      say(
        `${events} events in, anchor ${anchored.counter}: root ${anchored.root}, log of ${anchored.commitment.logSize}`,
      )
      const fresh = observation.payouts.filter((payout) => (payout.counter ?? 0n) > counter).toReversed()
      for (const payout of fresh) say(`  ${wordsOf(payout, observation)}`)
      counter = anchored.counter
    },
    close: () => say('stopping'),
  }
}

function wordsOf(
  { payee, rail, status, amountWei, reason, transactionHash }: Payout,
  { accounts }: Observation,
): string {
  const what = `${nameOf(accounts, payee)} ${ether(amountWei)} ETH by ${rail}`
  if (status === 'claimed' || status === 'exited') return `${status}: ${what} in ${transactionHash}`
  return status === 'paid' ? `paid ${what} in ${transactionHash}` : `failed: ${what}: ${reason}`
}
