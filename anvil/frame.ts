/** One frame of the live view as lines. Pure: fits any terminal from 80 by 24 on, and cuts what does not fit a smaller one. */
import type { Observation } from './observation.ts'
import { ether, nameOf, operatorLink, pageLink, shorten } from './words.ts'

export interface Frame {
  readonly columns: number
  readonly rows: number
  readonly hasColours: boolean
}

type Style = 'bold' | 'dim' | 'green' | 'yellow' | 'red'
const codes: Readonly<Record<Style, number>> = { bold: 1, dim: 2, green: 32, yellow: 33, red: 31 }
/** A frame wider than this is no easier to read. */
const columnsMax = 120

/** Text with one style for the whole line, so that cutting it never cuts a code. */
interface Line {
  readonly text: string
  readonly style?: Style
}

/** The lines of a frame, at most `rows` of them, each at most `columns` wide. */
export function renderFrame(observation: Observation, { columns, rows, hasColours }: Frame): string[] {
  const width = Math.min(columns, columnsMax)
  const above = [...heading(observation, width), ...accountTable(observation, width)]
  const hint: Line = {
    text: `Ctrl-C ends everything. Logs and process ids: ${observation.folder}`,
    style: 'dim',
  }
  const room = Math.max(0, rows - above.length - 2)
  const lines = [...above, ...payoutList(observation, width, room), hint]
  return lines.slice(0, rows).map(({ text, style }) => {
    const cut = text.slice(0, width)
    return style && hasColours ? `\x1b[${codes[style]}m${cut}\x1b[0m` : cut
  })
}

function heading(observation: Observation, width: number): Line[] {
  const { url, rpcUrl, events, state, epoch, ledger } = observation
  const { anchored, logSize, logRoot, totalEarnedWei, totalPaidWei } = ledger
  const digits = width >= 100 ? 32 : 20
  return [
    { text: `Bursar: ${state ?? 'the daemon does not answer'}`, style: state === 'open' ? 'green' : 'yellow' },
    { text: `API  ${url}    RPC  ${rpcUrl}` },
    { text: `page ${pageLink({ url, rpcUrl })}` },
    { text: `operator ${operatorLink(observation)}` },
    { text: `in   ${events} events, ${logSize - 1n} batches    epoch ${epoch}    counter ${anchored?.counter ?? 0n}` },
    { text: `log  ${logSize} entries, root ${shorten(logRoot, digits)}` },
    { text: `anchor ${anchored ? `root ${shorten(anchored.root, digits)}` : 'none yet'}` },
    { text: anchored ? `       in block ${anchored.blockNumber}, ${shorten(anchored.transactionHash, digits)}` : '' },
    { text: `earned ${ether(totalEarnedWei)} ETH, paid ${ether(totalPaidWei)} ETH` },
  ]
}

/** Two columns: orchestrators left, others right. */
function accountTable({ accounts }: Observation, width: number): Line[] {
  const half = Math.floor(width / 2)
  const title = (kind: string): string => `${kind.padEnd(9)}${'owed'.padStart(13)}${'paid ETH'.padStart(14)}`
  const cell = (account: Observation['accounts'][0] | undefined): string =>
    account
      ? `${account.name.padEnd(9)}${ether(account.owedWei).padStart(13)}${ether(account.paidWei).padStart(14)}`
      : ''
  const tickets = accounts.filter(({ isOrchestrator }) => isOrchestrator)
  const direct = accounts.filter(({ isOrchestrator }) => !isOrchestrator)
  return [
    { text: title('tickets').padEnd(half) + title('direct'), style: 'bold' },
    ...tickets.map((account, row) => ({ text: cell(account).padEnd(half) + cell(direct[row]) })),
  ]
}

function payoutList({ payouts, accounts }: Observation, width: number, room: number): Line[] {
  const title: Line = { text: 'last payouts', style: 'bold' }
  const digits = Math.floor((width - 40) / 2)
  const lines = payouts.map(({ payee, amountWei, rail, status, transactionHash }): Line => {
    const words = `${nameOf(accounts, payee).padEnd(9)}${ether(amountWei)} ${rail.padEnd(6)} ${shorten(transactionHash, digits)}`
    return status === 'paid' ? { text: words } : { text: `${words} failed`, style: 'red' }
  })
  return room === 0 ? [] : [title, ...lines.slice(0, room)]
}
