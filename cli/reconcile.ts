/** `bursar reconcile`: holds all books against each other. */
import { Command } from 'commander'
import { ether } from '../client/ether.ts'
import { daemonClient, readSettings, type SettingsOptions, withSettings } from './settings.ts'
import { json, print, table } from './table.ts'

const help = `
Exit codes: 0 every difference is explained, 1 something is unexplained, 2 the settings have faults, 75 the daemon does not answer.`

export const reconcileCommand = (): Command =>
  withSettings(new Command('reconcile'))
    .description('ledger, contract and broker against each other, each difference in words')
    .addHelpText('after', help)
    .action(reconcile)

async function reconcile({ config, json: isJson }: SettingsOptions): Promise<void> {
  const answer = await daemonClient(readSettings(config)).reconciliation()
  const { discrepancies, accounts, earnedWei, paidWei, owedWei, checkedAtBlock } = answer
  const unexplained = discrepancies.filter(({ kind }) => kind === 'unexplained')
  process.exitCode = unexplained.length > 0 ? 1 : 0
  if (isJson) return print(json(answer))
  print(`${accounts} accounts at block ${checkedAtBlock}`)
  print(`earned ${ether(earnedWei)} ETH, paid ${ether(paidWei)} ETH, owed ${ether(owedWei)} ETH\n`)
  if (discrepancies.length === 0) return print('everything is paid and all books agree')
  const rows = discrepancies.map(({ kind, code, payee, amountWei, detail }) => [
    kind,
    code,
    payee ?? '',
    ether(amountWei),
    detail,
  ])
  print(table(['kind', 'code', 'payee', 'ETH', 'detail'], rows))
  if (unexplained.length > 0) print(`\n${unexplained.length} UNEXPLAINED: stop paying and find out why`)
}
