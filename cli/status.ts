/** `bursar status`: what the daemon does, and what waits. */
import { Command } from 'commander'
import { ether } from '../client/ether.ts'
import { operatorStatusAnswer } from '../client/operatorApi.ts'
import { daemonClient, operatorClient, readSettings, type SettingsOptions, withSettings } from './settings.ts'
import { json, print, table } from './table.ts'

const help = '\nExit codes: 0 an epoch is open, 1 it is not, 2 the settings have faults, 75 the daemon does not answer.'

export const statusCommand = (): Command =>
  withSettings(new Command('status'))
    .description('what the daemon does, how far it is, and who waits for money')
    .addHelpText('after', help)
    .action(status)

async function status({ config, json: isJson }: SettingsOptions): Promise<void> {
  const settings = readSettings(config)
  const client = daemonClient(settings)
  const [tee, ledger] = await Promise.all([client.status(), client.ledgerHead()])
  const own = settings.operator
    ? await operatorClient(settings).ask(operatorStatusAnswer, '/operator/status')
    : undefined
  process.exitCode = tee.isEpochOpen ? 0 : 1
  if (isJson) return print(json({ tee, ledger, operator: own ?? null }))
  const { head, totalEarnedWei, totalPaidWei, logSize } = ledger
  const rows = [
    ['state', tee.state],
    ['core', `${tee.core?.phase ?? 'not connected'}${tee.core?.address ? ` ${tee.core.address}` : ''}`],
    ['head', head ? `epoch ${head.epoch}, commit ${head.counter}` : 'the contract was not seen yet'],
    ['log', `${logSize} entries, ${ledger.anchored?.commitment.logSize ?? 0n} of them anchored`],
    ['earned', `${ether(totalEarnedWei)} ETH`],
    ['paid', `${ether(totalPaidWei)} ETH`],
  ]
  if (own?.chain) {
    const { treasuryWei, roomWei, gasAccountWei, silentAt } = own.chain
    rows.push(['treasury', `${ether(treasuryWei)} ETH, ${ether(roomWei)} of it may leave now`])
    rows.push(['gas account', `${ether(gasAccountWei)} ETH`])
    rows.push(['silence', silentAt === null ? 'begins with the first commit' : `until ${timeOf(silentAt)}`])
  }
  print(table(['', ''], rows).trimStart())
  if (own && own.leftOut.length > 0) print(`\nleft out of the last payout:\n${leftOutTable(own.leftOut)}`)
}

/** Unix seconds in ISO 8601, UTC. */
export const timeOf = (seconds: bigint): string => new Date(Number(seconds) * 1000).toISOString()

/** Payees that wait, how much for, and why. */
export const leftOutTable = (
  leftOut: readonly { payee: string; owedWei: bigint; reason: string; detail: string | null }[],
): string =>
  table(
    ['payee', 'owed ETH', 'why'],
    leftOut.map(({ payee, owedWei, reason, detail }) => [
      payee,
      ether(owedWei),
      detail ? `${reason}: ${detail}` : reason,
    ]),
  )
