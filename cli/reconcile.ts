/** `bursar reconcile`: holds all books against each other. */
import { Command } from 'commander'
import type { Discrepancy } from '../client/api.ts'
import { ether } from '../client/ether.ts'
import type { LaneAndHost } from '../daemon/config.ts'
import { type Told, tellEachLane } from './eachLane.ts'
import { daemonClient, type SettingsOptions, withSettings } from './settings.ts'
import { table } from './table.ts'

const help = `
Exit codes: 0 every difference is explained, 1 something is unexplained, 2 the settings have faults, 75 the daemon does not answer.`

export const reconcileCommand = (): Command =>
  withSettings(new Command('reconcile'))
    .description('ledger, contract and broker against each other, each difference in words')
    .addHelpText('after', help)
    .action((options: SettingsOptions) => tellEachLane(options, reconcile))

async function reconcile(lane: LaneAndHost): Promise<Told> {
  const answer = await daemonClient(lane).reconciliation()
  const { discrepancies, accounts, earnedWei, paidWei, owedWei, checkedAtBlock } = answer
  const unexplained = discrepancies.filter(({ kind }) => kind === 'unexplained')
  const lines = [
    `${accounts} accounts at block ${checkedAtBlock}`,
    `earned ${ether(earnedWei)} ETH, paid ${ether(paidWei)} ETH, owed ${ether(owedWei)} ETH\n`,
    discrepancies.length === 0 ? 'everything is paid and all books agree' : tableOf(discrepancies),
  ]
  if (unexplained.length > 0) lines.push(`\n${unexplained.length} UNEXPLAINED: stop paying and find out why`)
  return { exitCode: unexplained.length > 0 ? 1 : 0, answer, text: lines.join('\n') }
}

const tableOf = (discrepancies: readonly Discrepancy[]): string =>
  table(
    ['kind', 'code', 'payee', 'ETH', 'detail'],
    discrepancies.map(({ kind, code, payee, amountWei, detail }) => [
      kind,
      code,
      payee ?? '',
      ether(amountWei),
      detail,
    ]),
  )
